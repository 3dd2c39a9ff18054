/** Media, by what the cluster says: the address that is pinned, and the ports that are let in. */
import type { ServiceFacts, ServicePortFacts } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isIpv6 } from '../address.js';
import { advertisedAddresses } from '../checks.js';
import { cluster, mediaAddresses } from '../cluster.js';
import { ids, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface StaleArgs extends Args {
  addresses: string[];
  services: string[];
  /** EXTERNAL-IP. */
  external: string[];
  pinned: string[];
  heldBy: string;
  from: string;
}

/** The flag or variable instead of the configuration where that says it. */
function place(heldBy: string, from: string): string {
  return from === 'rtc.node_ip' ? `${heldBy} pins \`rtc.node_ip\`` : `the Deployment sets \`${from}\``;
}

export const kubernetesNodeIpStale = rule<StaleArgs>({
  code: 'kubernetes-node-ip-stale',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    const { config, media = [] } = seen?.facts ?? {};
    // Discovery by STUN overrides the address, so that it says nothing.
    if (!seen || !config?.nodeIps || config.useExternalIp) return [];
    const external = mediaAddresses(seen.facts);
    const pinned = config.nodeIps.filter((one) => external.some((other) => isIpv6(one) === isIpv6(other)));
    const stale = pinned.filter((one) => !external.includes(one));
    if (stale.length === 0) return [];
    const services = media.filter(({ addresses }) => addresses.length > 0).map(({ name }) => name);
    return [
      {
        args: {
          addresses: stale,
          services,
          external,
          pinned: stale,
          heldBy: config.heldBy ?? 'the configuration',
          from: config.nodeIpFrom ?? 'rtc.node_ip',
        },
        evidence: ids(seen, signalling(evidence)),
      },
    ];
  },
  prose: ({ services, external, pinned, heldBy, from }) => ({
    summary: `Service ${list(services)} has EXTERNAL-IP ${list(external)}, and ${place(heldBy, from)} to ${list(pinned)}.`,
    cause: `livekit-server tells participants to send media to ${list(pinned)}, which is not the address of the Service: it was created anew, and got another one.`,
    fix: `Set \`${from === 'rtc.node_ip' ? `rtc.node_ip: ${external.join(',')}` : `${from} ${external.join(',')}`}\` in ${from === 'rtc.node_ip' ? `${heldBy} (Helm: \`livekit.rtc.node_ip\`)` : 'the Deployment'} and roll the pods; so that it stays, give the Service a reserved address of the cloud.`,
  }),
});

interface NotLoadedArgs extends Args {
  addresses: string[];
  advertised: string[];
  pinned: string[];
  heldBy: string;
  changedAt?: string;
  startedAt?: string;
}

export const kubernetesConfigNotLoaded = rule<NotLoadedArgs>({
  code: 'kubernetes-config-not-loaded',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    const { config, configChangedAt: changedAt, pods } = seen?.facts ?? {};
    if (!seen || !config?.nodeIps || config.nodeIpFrom || config.useExternalIp !== false) return [];
    const pinned = config.nodeIps;
    const advertised = advertisedAddresses(evidence).filter((one) => pinned.some((ip) => isIpv6(ip) === isIpv6(one)));
    if (advertised.length === 0 || advertised.some((one) => pinned.includes(one))) return [];
    const startedAt = pods?.startedAt;
    return [
      {
        args: {
          addresses: advertised,
          advertised,
          pinned,
          heldBy: config.heldBy ?? 'the configuration',
          ...(changedAt && startedAt && changedAt > startedAt && { changedAt, startedAt }),
        },
        evidence: ids(seen, signalling(evidence)),
      },
    ];
  },
  prose: ({ advertised, pinned, heldBy, changedAt, startedAt }) => ({
    summary: `${heldBy} pins \`rtc.node_ip\` to ${list(pinned)}, and the server advertises ${list(advertised)}.`,
    cause: changedAt
      ? `It was written at ${changedAt}, and the pods run since ${startedAt}: livekit-server reads its configuration only when it starts.`
      : 'The pods that answer do not run with this configuration: they were not rolled since it was changed, or have it from somewhere else.',
    fix: 'Roll the pods (`kubectl rollout restart deployment`), and look whether the Deployment takes its configuration from there (`LIVEKIT_CONFIG` or `--config`).',
  }),
});

interface PendingArgs extends Args {
  target?: 'turn';
  service: string;
}

export const kubernetesServicePending = rule<PendingArgs>({
  code: 'kubernetes-service-pending',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    if (!seen) return [];
    const pending = ({ type, addresses, hostnames }: ServiceFacts): boolean =>
      type === 'LoadBalancer' && addresses.length + hostnames.length === 0;
    const { media, turn } = seen.facts;
    // A second one may still be waiting while the first takes everything.
    const found: PendingArgs[] = media.every(pending) ? media.map(({ name }) => ({ service: name })) : [];
    if (turn && pending(turn) && !media.includes(turn)) found.push({ target: 'turn', service: turn.name });
    return found.map((args) => ({ args, evidence: ids(seen) }));
  },
  prose: ({ service, target }) => ({
    summary: `Service ${service} has no EXTERNAL-IP: the load balancer for ${target === 'turn' ? 'TURN' : 'media'} does not exist yet.`,
    cause:
      'The cloud has not given it an address: it takes a minute or two after the Service was created, or it refuses (a quota, a wrong annotation, an address that is taken, UDP and TCP in one Service where the cloud cannot have both).',
    fix: `Read the events of the Service (\`kubectl describe service ${service}\`), which say why; without a cloud that makes load balancers use NodePorts or \`hostNetwork\`.`,
  }),
});

type Protocol = 'UDP' | 'TCP';

interface PortArgs extends Args {
  services: string[];
  /** What the server advertises: a port, or a range. */
  expected: string;
  /** What is let in instead, `PORT to TARGET`. */
  found: string[];
  /** Where the outside comes in. */
  by: 'port' | 'nodePort';
  heldBy: string;
  /** What `rtc.udp_port` says, in vain. */
  ignored?: string;
}

/** How many of them are named. */
const mostShown = 4;

function mismatch(evidence: Evidence, protocol: Protocol) {
  const seen = cluster(evidence);
  const { config, media = [] } = seen?.facts ?? {};
  const expected = protocol === 'UDP' ? config?.udp : config?.tcpPort?.toString();
  if (!seen || !expected || media.length === 0) return [];
  const [first = 0, last = first] = expected.split('-').map(Number);
  const nodes = media.every(({ type }) => type === 'NodePort');
  const outer = ({ port, nodePort }: ServicePortFacts): number | undefined => (nodes ? nodePort : port);
  const ports = media.flatMap((service) => service.ports).filter((one) => one.protocol === protocol);
  const open = new Set(ports.filter((one) => outer(one) === one.targetPort).map(outer));
  const count = last - first + 1;
  const missing = Array.from({ length: Math.min(count, 20_000) }, (_, i) => first + i).filter((one) => !open.has(one));
  if (missing.length === 0) return [];
  const wrong = ports.filter(
    (one) => outer(one) !== one.targetPort || (outer(one) ?? 0) < first || (outer(one) ?? 0) > last,
  );
  const found = wrong.map((one) => `${outer(one)} to ${one.targetPort ?? 'no port of the pod'}`);
  const more = found.length > mostShown ? [`${found.length - mostShown} more`] : [];
  const args: PortArgs = {
    services: media.map(({ name }) => name),
    expected,
    found: [...found.slice(0, mostShown), ...more],
    by: nodes ? 'nodePort' : 'port',
    heldBy: config?.heldBy ?? 'the configuration',
    ...(protocol === 'UDP' && config?.udpPortIgnored && { ignored: config.udpPortIgnored }),
  };
  return [{ args, evidence: ids(seen) }];
}

function words(protocol: Protocol, { services, expected, found, by, heldBy, ignored }: PortArgs) {
  const range = expected.includes('-');
  const key =
    protocol === 'TCP' ? 'rtc.tcp_port' : range ? 'rtc.port_range_start` to `rtc.port_range_end' : 'rtc.udp_port';
  const entry = range ? 'for each port of the range' : `with ${expected}`;
  return {
    summary: `The server advertises ${protocol} ${expected} for media, and Service ${list(services)} lets in ${found.length > 0 ? list(found) : `nothing over ${protocol}`}.`,
    cause: ignored
      ? `${heldBy} sets \`rtc.udp_port: ${ignored}\`, but also a range, and the range wins: the official chart has \`port_range_start\` and \`port_range_end\` by default.`
      : by === 'nodePort'
        ? `livekit-server advertises the port at which it listens (\`${key}\` in ${heldBy}), so a load balancer in front of the nodes must find it under the same number there; a \`nodePort\` that is not set is chosen at random.`
        : `livekit-server advertises the port at which it listens (\`${key}\` in ${heldBy}), so the Service must have it under the same number, outside and inside.`,
    fix: ignored
      ? `Set \`livekit.rtc.port_range_start: 0\` and \`livekit.rtc.port_range_end: 0\` in the values of the chart, so that \`udp_port: ${ignored}\` counts.`
      : `Give Service ${list(services)} an entry ${entry}: \`port\`, \`targetPort\`${by === 'nodePort' ? ' and `nodePort`' : ''} the same, \`protocol: ${protocol}\`; or set \`${key}\` to what is let in.`,
  };
}

export const kubernetesUdpPortMismatch = rule<PortArgs>({
  code: 'kubernetes-udp-port-mismatch',
  severity: 'warning',
  explainedBy: [],
  find: (evidence) => mismatch(evidence, 'UDP'),
  prose: (args) => words('UDP', args),
});

export const kubernetesTcpPortMismatch = rule<PortArgs>({
  code: 'kubernetes-tcp-port-mismatch',
  severity: 'warning',
  explainedBy: [],
  find: (evidence) => mismatch(evidence, 'TCP'),
  prose: (args) => words('TCP', args),
});

export const kubernetesTrafficPolicy = rule<Args & { services: string[] }>({
  code: 'kubernetes-traffic-policy',
  severity: 'info',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    const outside = seen?.facts.media.filter(({ type }) => type === 'LoadBalancer' || type === 'NodePort') ?? [];
    const services = outside.filter(({ trafficPolicy }) => trafficPolicy === 'Cluster').map(({ name }) => name);
    return seen && services.length > 0 ? [{ args: { services }, evidence: ids(seen) }] : [];
  },
  prose: ({ services }) => ({
    summary: `Service ${list(services)} takes media at every node (\`externalTrafficPolicy: Cluster\`).`,
    cause:
      'Packets that arrive at a node without the pod are passed on to another one with that node as their source: one way more, and the server sees the address of a node instead of the participant.',
    fix: `Set \`externalTrafficPolicy: Local\` on Service ${list(services)}, so that only nodes with a pod take media.`,
  }),
});
