/** Reads everything that one environment has in its namespace, in two rounds, and makes facts of it. */
import type { V1Deployment, V1PodList } from '@kubernetes/client-node';
import type { ClusterCertificateFacts, KubernetesFacts, ServerConfigFacts } from '../evidence/facts.js';
import { type Client, ClusterError, connect } from './kubernetes-client.js';
import { defined, type Keys, parseKeys, parseServerConfig, type ServerConfig, udpPorts } from './kubernetes-config.js';
import { type Objects, remember, withChange } from './kubernetes-held.js';
import { type KeyHolder, keysFacts, keysIn } from './kubernetes-keys.js';
import {
  type CertificateObject,
  certificateFacts,
  findIngress,
  podFacts,
  rolesOf,
  serviceFacts,
  tlsFacts,
} from './kubernetes-objects.js';
import type { ReadAnswer, ReadOrder } from './kubernetes-protocol.js';
import { isServer, leadsTo, readWorkload, type Source, type Workload } from './kubernetes-workload.js';

/** Of each kind in the namespace. */
const limit = 500;
/** What is shorter is a word of the documentation (`secret`), and hiding it would hide half a report. */
const shortestSecret = 12;

/** Never rejects for what a cluster says. */
export async function readCluster(order: ReadOrder): Promise<ReadAnswer> {
  const secrets = new Set<string>();
  const hidden = (): string[] => [...secrets].filter((one) => one.length >= shortestSecret);
  try {
    const client = connect(order, secrets);
    return { facts: await read(client, order, secrets), secrets: hidden() };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { failure: error.failure, secrets: hidden() };
  }
}

async function read(client: Client, order: ReadOrder, secrets: Set<string>): Promise<KubernetesFacts> {
  const { namespace } = order;
  const everything = { namespace, limit };
  const [deployments, services, slices, ingresses, managed] = await Promise.all([
    client.read('Deployments', 'list deployments (apps)', () => client.apps.listNamespacedDeployment(everything)),
    client.read('Services', 'list services', () => client.core.listNamespacedService(everything)),
    client.read('EndpointSlices', 'list endpointslices (discovery.k8s.io)', () =>
      client.discovery.listNamespacedEndpointSlice(everything),
    ),
    client.read('Ingresses', 'list ingresses (networking.k8s.io)', () =>
      client.networking.listNamespacedIngress(everything),
    ),
    client.read<{ items?: CertificateObject[] }>(
      'Certificates',
      'list certificates (cert-manager.io)',
      () =>
        client.custom.listNamespacedCustomObject({
          group: 'cert-manager.io',
          version: 'v1',
          plural: 'certificates',
          ...everything,
        }),
      // A cluster without cert-manager knows no such kind.
      'optional',
    ),
  ]);
  const workload = chooseWorkload(client, order, deployments?.items);
  const objects = remember(client, namespace);
  const [{ config, holder }, pods] = await Promise.all([
    readConfig(objects, order, workload, secrets),
    workload &&
      client.read<V1PodList>('Pods', 'list pods', () =>
        client.core.listNamespacedPod({ ...everything, labelSelector: workload.selector }),
      ),
  ]);

  const all = (services?.items ?? []).map((service) => ({
    service,
    facts: serviceFacts(service, workload?.ports ?? new Map(), slices?.items),
  }));
  const ours = all.filter(({ service }) => leadsTo(service, workload)).map(({ facts }) => facts);
  const configured = config && withOverrides(config, holder, workload);
  const roles = rolesOf(ours, configured);
  const named = (name: string | undefined, what: string) => {
    const found = name === undefined ? undefined : all.find(({ facts }) => facts.name === name)?.facts;
    if (name && services && !found) client.miss(what, 'absent', `there is no Service "${name}" in ${namespace}`);
    return found;
  };
  const service = named(order.service, 'Service of the media');
  const turn = named(order.turnService, 'Service of TURN') ?? roles.turn;

  const ingress = findIngress(ingresses?.items ?? [], order.host, order.ingress);
  if (ingresses && order.ingress && !ingress) {
    client.miss('Ingress', 'absent', `there is no Ingress "${order.ingress}" in ${namespace}`);
  }
  const backend = all.find(({ facts }) => facts.name === ingress?.facts.backend)?.facts;
  const media = service ? [service] : order.service ? [] : roles.media;
  const [certificates, keys] = await Promise.all([
    readCertificates(objects, managed?.items, ingress?.tls ?? [], turnSecret(workload, config)),
    readKeys(objects, order, workload, config, holder, secrets),
  ]);
  return defined<KubernetesFacts>({
    context: client.context,
    namespace,
    workload: workload && `Deployment ${workload.name}`,
    hostNetwork: workload?.hostNetwork,
    pods: pods && podFacts(pods),
    config: configured,
    configChangedAt: holder?.changedAt,
    media,
    turn,
    signal: backend ?? roles.signal,
    ingress: ingress?.facts,
    certificates,
    keys,
    // In whatever order the answers came.
    unread: client.unread.sort((a, b) => (a.what < b.what ? -1 : 1)),
  });
}

function chooseWorkload(
  client: Client,
  { deployment, namespace }: ReadOrder,
  items: readonly V1Deployment[] | undefined,
): Workload | undefined {
  if (!items) return undefined;
  const found = items.filter((one) => (deployment ? one.metadata?.name === deployment : isServer(one)));
  const [first, ...others] = found;
  const names = found.map(({ metadata }) => metadata?.name).join(', ');
  if (others.length > 0) {
    client.miss('Deployment', 'ambiguous', `several Deployments in ${namespace} run livekit-server: ${names}`);
    return undefined;
  }
  if (first) return readWorkload(first);
  const what = deployment ? `no Deployment "${deployment}"` : 'no Deployment of livekit-server';
  client.miss('Deployment', 'absent', `there is ${what} in ${namespace}`);
  return undefined;
}

/** Where the server's configuration stands. */
interface Holder {
  readonly kind: 'ConfigMap' | 'Secret' | 'Deployment';
  readonly name: string;
  readonly key?: string;
  readonly changedAt?: string;
}

async function readConfig(
  objects: Objects,
  { configMap }: ReadOrder,
  workload: Workload | undefined,
  secrets: Set<string>,
): Promise<{ config?: ServerConfig; holder?: Holder }> {
  const source: Source | undefined = configMap ? { kind: 'ConfigMap', name: configMap } : workload?.config;
  if (!source) return {};
  if (source.kind === 'text') {
    const config = parseServerConfig(source.text);
    hide(config?.keys, secrets);
    return config ? { config, holder: { kind: 'Deployment', name: workload?.name ?? '' } } : {};
  }
  const held = await objects.get(source.kind, source.name);
  // The official chart calls it `config.yaml`.
  const keys = source.key ? [source.key] : Object.keys(held?.data ?? {}).filter((key) => /\.ya?ml$/.test(key));
  const [key] = keys;
  const config = key === undefined ? undefined : parseServerConfig(held?.data[key] ?? '');
  hide(config?.keys, secrets);
  return config && key !== undefined
    ? { config, holder: withChange({ kind: source.kind, name: source.name, key }, held?.changedAt) }
    : {};
}

function hide(keys: Keys | undefined, secrets: Set<string>): void {
  for (const value of keys?.values() ?? []) secrets.add(value);
}

function withOverrides(
  { facts, udp }: ServerConfig,
  holder: Holder | undefined,
  workload: Workload | undefined,
): ServerConfigFacts {
  const { nodeIps, ...rest } = facts;
  const { overrides } = workload ?? {};
  return {
    ...(holder && { heldBy: `${holder.kind} ${holder.name}` }),
    ...(holder?.key && { key: holder.key }),
    ...rest,
    // A variable whose value only the pod knows leaves nothing of what the file says.
    ...(nodeIps && !overrides?.nodeIpFrom && { nodeIps }),
    ...overrides,
    ...udpPorts({ ...udp, ...(workload?.udpPort && { port: workload.udpPort }) }),
  };
}

function turnSecret(workload: Workload | undefined, config: ServerConfig | undefined): string | undefined {
  const { turn } = config?.facts ?? {};
  if (!turn?.enabled || turn.externalTls) return undefined;
  const file = workload?.turnCertificateFile ?? config?.turnCertificateFile;
  const source = file === undefined ? undefined : workload?.mounted(file);
  return source?.kind === 'Secret' ? source.name : undefined;
}

/** What cert-manager says of a secret, else what stands in it: then its key comes along, and is dropped here. */
function readCertificates(
  objects: Objects,
  managed: readonly CertificateObject[] | undefined,
  forSignal: readonly string[],
  forTurn: string | undefined,
): Promise<ClusterCertificateFacts[]> {
  const wanted = [
    ...forSignal.map((name) => ['signal', name] as const),
    ...(forTurn ? [['turn', forTurn] as const] : []),
  ];
  const found = wanted.map(async ([role, name]): Promise<ClusterCertificateFacts[]> => {
    const certificate = managed?.find(({ spec }) => spec?.secretName === name);
    if (certificate) return [certificateFacts(role, certificate)];
    const held = await objects.get('Secret', name);
    return held || objects.isAbsent('Secret', name) ? [tlsFacts(role, name, held?.secret)] : [];
  });
  return Promise.all(found).then((all) => all.flat());
}

async function readKeys(
  objects: Objects,
  order: ReadOrder,
  workload: Workload | undefined,
  config: ServerConfig | undefined,
  holder: Holder | undefined,
  secrets: Set<string>,
): Promise<KubernetesFacts['keys']> {
  const keyFile = config?.keyFile === undefined ? undefined : workload?.mounted(config.keyFile);
  // livekit-server: `--keys` over a file over the configuration.
  const source: Source | undefined = order.secret
    ? { kind: 'Secret', name: order.secret }
    : (workload?.keys ?? keyFile);
  const found = await keyHolder(objects, source, config, holder, workload);
  if (!found || found.keys.size === 0) return undefined;
  hide(found.keys, secrets);
  return keysFacts(found, order);
}

async function keyHolder(
  objects: Objects,
  source: Source | undefined,
  config: ServerConfig | undefined,
  holder: Holder | undefined,
  workload: Workload | undefined,
): Promise<KeyHolder | undefined> {
  if (!source) return config && holder && { ...holder, keys: config.keys };
  if (source.kind === 'text') return { kind: 'Deployment', name: workload?.name ?? '', keys: parseKeys(source.text) };
  const held = await objects.get(source.kind, source.name);
  if (!held) return undefined;
  return withChange({ kind: source.kind, name: source.name, keys: keysIn(held.data, source.key) }, held.changedAt);
}
