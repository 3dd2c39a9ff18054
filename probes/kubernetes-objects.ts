/** From objects of the cluster to facts: pure. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { V1EndpointSlice, V1Ingress, V1ObjectMeta, V1PodList, V1Secret, V1Service } from '@kubernetes/client-node';
import type {
  ClusterCertificateFacts,
  IngressFacts,
  KubernetesFacts,
  ServerConfigFacts,
  ServiceFacts,
  ServicePortFacts,
} from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { defined } from './kubernetes-config.js';

/** More than LiveKit uses; a range of ports is one entry for each. */
const mostPorts = 200;
const mostListed = 20;

const listed = (words: readonly (string | undefined)[]): string[] =>
  [...new Set(words.flatMap((word) => (word ? [printable(word, 253)] : [])))].slice(0, mostListed);

/** `named` are the container ports by their name; without `slices` they could not be read. */
export function serviceFacts(
  { metadata, spec, status }: V1Service,
  named: ReadonlyMap<string, number>,
  slices: readonly V1EndpointSlice[] | undefined,
): ServiceFacts {
  const balancer = status?.loadBalancer?.ingress ?? [];
  const policy = spec?.externalTrafficPolicy;
  const name = metadata?.name ?? '';
  const target = (port: number, to: number | string | undefined): number | undefined =>
    to === undefined ? port : (named.get(String(to)) ?? (Number.isInteger(Number(to)) ? Number(to) : undefined));
  const ports = (spec?.ports ?? []).slice(0, mostPorts).map(
    ({ name, protocol, port, targetPort, nodePort }): ServicePortFacts =>
      defined<ServicePortFacts>({
        name,
        protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
        port,
        targetPort: target(port, targetPort as number | string | undefined),
        nodePort,
      }),
  );
  return defined<ServiceFacts>({
    name,
    type: spec?.type ?? 'ClusterIP',
    addresses: listed([...balancer.map(({ ip }) => ip), ...(spec?.externalIPs ?? [])]).filter((one) => isIP(one) > 0),
    hostnames: listed(balancer.map(({ hostname }) => hostname)),
    trafficPolicy: policy === 'Local' || policy === 'Cluster' ? policy : undefined,
    ports,
    endpoints: slices && endpointsOf(name, slices),
  });
}

/** A pod is counted once, whatever the families and ports. `ready` that is not said means ready (EndpointConditions). */
function endpointsOf(service: string, slices: readonly V1EndpointSlice[]): { ready: number; notReady: number } {
  const states = new Map<string, boolean>();
  for (const { metadata, endpoints } of slices) {
    if (metadata?.labels?.['kubernetes.io/service-name'] !== service) continue;
    for (const { addresses, targetRef, conditions } of endpoints ?? []) {
      const id = targetRef?.name ?? addresses.join(' ');
      states.set(id, (states.get(id) ?? false) || (conditions?.ready ?? true));
    }
  }
  const ready = [...states.values()].filter(Boolean).length;
  return { ready, notReady: states.size - ready };
}

/** It takes connections from outside of the cluster. */
const isOutside = ({ type, addresses }: ServiceFacts): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || addresses.length > 0;

function includes(range: string | undefined, port: number | undefined): boolean {
  if (!range || !port) return false;
  const [first = 0, last = first] = range.split('-').map(Number);
  return port >= first && port <= last;
}

/** What each Service is for, by the ports of the pod to which it leads. */
export function rolesOf(services: readonly ServiceFacts[], config: ServerConfigFacts | undefined) {
  const { udp, tcpPort, turn, port } = config ?? {};
  const leads = (service: ServiceFacts, wanted: (port: ServicePortFacts) => boolean): boolean =>
    service.ports.some(wanted);
  const isMedia = (one: ServicePortFacts): boolean =>
    udp || tcpPort
      ? one.protocol === 'UDP'
        ? includes(udp, one.targetPort) || includes(udp, one.port)
        : tcpPort !== undefined && (one.targetPort === tcpPort || one.port === tcpPort)
      : one.protocol === 'UDP' && one.targetPort !== turn?.udpPort;
  const isTurn = ({ targetPort }: ServicePortFacts): boolean =>
    targetPort !== undefined && (targetPort === turn?.tlsPort || targetPort === turn?.udpPort);
  const outside = services.filter(isOutside);
  return {
    media: outside.filter((one) => leads(one, isMedia)),
    turn: outside.find((one) => leads(one, isTurn)),
    signal: services.find((one) => leads(one, ({ protocol, targetPort }) => protocol === 'TCP' && targetPort === port)),
  };
}

function covers(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined) return false;
  const name = pattern.toLowerCase();
  // One label, as in certificates and in an Ingress.
  return name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1));
}

export interface FoundIngress {
  readonly facts: IngressFacts;
  /** TLS secrets for the host. */
  readonly tls: readonly string[];
}

/** That of this name, else that which has a rule for the host. */
export function findIngress(
  ingresses: readonly V1Ingress[],
  host: string,
  name: string | undefined,
): FoundIngress | undefined {
  const found = ingresses.find(({ metadata, spec }) =>
    name ? metadata?.name === name : spec?.rules?.some((rule) => covers(rule.host, host)),
  );
  if (!found) return undefined;
  const { metadata, spec, status } = found;
  const balancer = status?.loadBalancer?.ingress ?? [];
  const rule = spec?.rules?.find((one) => covers(one.host, host)) ?? spec?.rules?.find((one) => !one.host);
  const paths = [...(rule?.http?.paths ?? [])].sort((a, b) => (a.path ?? '').length - (b.path ?? '').length);
  const backend = (paths[0]?.backend ?? spec?.defaultBackend)?.service?.name;
  const tls = (spec?.tls ?? []).filter(({ hosts }) => !hosts || hosts.some((one) => covers(one, host)));
  return {
    facts: defined<IngressFacts>({
      name: metadata?.name ?? '',
      hosts: listed(spec?.rules?.map((one) => one.host) ?? []),
      addresses: listed(balancer.map(({ ip }) => ip)).filter((one) => isIP(one) > 0),
      hostnames: listed(balancer.map(({ hostname }) => hostname)),
      backend,
    }),
    tls: listed(tls.map(({ secretName }) => secretName)),
  };
}

/** cert-manager.io/v1, Certificate: what is read of it. Nothing guarantees that it is there. */
export interface CertificateObject {
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly secretName?: string };
  readonly status?: {
    readonly notBefore?: string;
    readonly notAfter?: string;
    readonly conditions?: readonly { type?: string; status?: string; reason?: string; message?: string }[];
  };
}

type Role = ClusterCertificateFacts['role'];

export function certificateFacts(role: Role, { metadata, status }: CertificateObject): ClusterCertificateFacts {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return defined<ClusterCertificateFacts>({
    role,
    from: 'cert-manager',
    name: printable(metadata?.name ?? '', 253),
    // Without the condition nobody has looked at it yet.
    ready: ready?.status === 'True',
    reason: ready?.reason && printable(ready.reason, 80),
    message: ready?.message && printable(ready.message),
    validFrom: moment(status?.notBefore),
    validTo: moment(status?.notAfter),
  });
}

/** Of a TLS secret: the dates of its first certificate. The key beside it is not looked at. */
export function tlsFacts(role: Role, name: string, secret: V1Secret | undefined): ClusterCertificateFacts {
  const pem = secret?.data?.['tls.crt'];
  if (!pem) return { role, from: 'tls', name, missing: true };
  try {
    const { validFrom, validTo } = new X509Certificate(Buffer.from(pem, 'base64'));
    return defined<ClusterCertificateFacts>({
      role,
      from: 'tls',
      name,
      validFrom: moment(validFrom),
      validTo: moment(validTo),
    });
  } catch {
    return { role, from: 'tls', name, message: 'tls.crt holds no certificate', ready: false };
  }
}

function moment(text: string | Date | undefined): string | undefined {
  const at = text === undefined ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** When an object was last written, by whom ever; status is not counted. */
export function changedAt(metadata: V1ObjectMeta | undefined): string | undefined {
  const writes = (metadata?.managedFields ?? []).filter(({ subresource }) => !subresource);
  const times = writes.flatMap(({ time }) => (time ? [new Date(time).getTime()] : []));
  return times.length > 0 ? new Date(Math.max(...times)).toISOString() : moment(metadata?.creationTimestamp);
}

/** The pods of a Deployment that are not on their way out. */
function startedFirst(times: readonly (Date | undefined)[]): string | undefined {
  const known = times.flatMap((time) => (time ? [new Date(time).getTime()] : []));
  return known.length > 0 ? new Date(Math.min(...known)).toISOString() : undefined;
}

export function podFacts({ items }: V1PodList): NonNullable<KubernetesFacts['pods']> {
  const staying = items.filter(({ metadata }) => !metadata?.deletionTimestamp);
  const ready = staying.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  const startedAt = startedFirst(
    staying.flatMap(({ status }) => status?.containerStatuses?.map(({ state }) => state?.running?.startedAt) ?? []),
  );
  return { ready: ready.length, total: staying.length, ...(startedAt && { startedAt }) };
}
