/** What the cluster says of itself, of signalling and of the API keys. */
import type { Role } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isIpv6, isPrivate } from '../address.js';
import { cluster } from '../cluster.js';
import { ids, look, signalHost, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';
import { tokenKeyUnknown, tokenSecretWrong } from './token.js';

interface UnreadableArgs extends Args {
  /** Nothing was read at all. */
  whole: boolean;
  reasons: string[];
  /** Rules of a Role. */
  needs: string[];
}

export const kubernetesUnreadable = rule<UnreadableArgs>({
  code: 'kubernetes-unreadable',
  severity: 'info',
  explainedBy: ['vantage-offline'],
  find(evidence) {
    const failed = evidence.observations.find(({ probe, state }) => probe === 'kubernetes' && state === 'failed');
    if (failed) {
      const reasons = [failed.failure?.message ?? 'it did not answer'];
      return [{ args: { whole: true, reasons, needs: [] }, evidence: ids(failed), severity: 'warning' as const }];
    }
    const seen = cluster(evidence);
    const unread = seen?.facts.unread ?? [];
    if (!seen || unread.length === 0) return [];
    const reasons = unread.map(
      ({ what, kind, message }) => `${what} (${kind === 'forbidden' ? 'forbidden' : message})`,
    );
    const needs = unread.flatMap(({ needs }) => needs ?? []);
    return [{ args: { whole: false, reasons, needs: [...new Set(needs)] }, evidence: ids(seen) }];
  },
  prose: ({ whole, reasons, needs }) => ({
    summary: whole
      ? `The cluster could not be read: ${reasons.join('; ').replace(/\.$/, '')}.`
      : `Not everything of the cluster could be read: ${reasons.join('; ').replace(/\.$/, '')}.`,
    cause: whole
      ? 'Nothing of the deployment is judged by the cluster; the check went on with what is claimed by hand.'
      : 'What was not read is not judged, and what is claimed by hand stands alone there.',
    fix:
      needs.length > 0
        ? `Allow it in the Role of livekit-doctor: ${list(needs)}.`
        : whole
          ? 'Try `kubectl --context CONTEXT --namespace NAMESPACE get services` from here with the same kubeconfig, and correct `claims.kubernetes`.'
          : 'Name what is meant in `claims.kubernetes` (`namespace`, `deployment`, `service`, `turnService`, `ingress`, `configMap`, `secret`).',
  }),
});

interface EndpointsArgs extends Args {
  target?: Role;
  services: string[];
  ready: number;
  pods?: number;
}

export const kubernetesNoEndpoints = rule<EndpointsArgs>({
  code: 'kubernetes-no-endpoints',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    if (!seen) return [];
    const { signal, media, turn, pods } = seen.facts;
    const all = [...(signal ? [signal] : []), ...media, ...(turn ? [turn] : [])];
    const empty = [...new Map(all.map((one) => [one.name, one])).values()].filter(
      ({ endpoints }) => endpoints?.ready === 0,
    );
    if (empty.length === 0) return [];
    const only = (one: typeof signal): boolean => empty.every(({ name }) => name === one?.name);
    const target: Role | undefined = only(signal) ? 'signal' : only(turn) ? 'turn' : undefined;
    const services = empty.map(({ name }) => name);
    const ready = pods?.ready ?? 0;
    return [
      { args: { ...(target && { target }), services, ready, ...(pods && { pods: pods.total }) }, evidence: ids(seen) },
    ];
  },
  prose: ({ services, ready, pods }) => ({
    summary: `No pod is ready behind Service ${list(services)}.`,
    cause:
      ready > 0
        ? `${ready} of ${pods} pods of livekit-server are ready, but the Service does not lead to them: its \`selector\` or \`targetPort\` fits none.`
        : pods === undefined
          ? 'The pods are not ready, or the `selector` of the Service fits none.'
          : `0 of ${pods} pods of livekit-server are ready: they wait for a node or an image, crash, or do not answer their readiness probe.`,
    fix:
      ready > 0
        ? `Make the \`selector\` of Service ${list(services)} the labels of the pods, and its \`targetPort\` a port of the container.`
        : 'Look at the pods (`kubectl describe pod`, `kubectl logs`): the last event or line says why.',
  }),
});

interface CertificateArgs extends Args {
  target: Role;
  name: string;
  from: 'cert-manager' | 'tls';
  missing: boolean;
  said?: string;
}

export const kubernetesCertificateNotReady = rule<CertificateArgs>({
  code: 'kubernetes-certificate-not-ready',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    const wrong = seen?.facts.certificates.filter(({ ready, missing }) => missing || ready === false) ?? [];
    return wrong.map(({ role, name, from, missing = false, reason, message }) => {
      const said = message ?? reason;
      return { args: { target: role, name, from, missing, ...(said && { said }) }, evidence: ids(seen) };
    });
  },
  prose: ({ name, from, missing, said, target }) => ({
    summary:
      from === 'cert-manager'
        ? `Certificate ${name} is not ready${said ? `: ${said.replace(/\.$/, '')}` : ''}.`
        : missing
          ? `Secret ${name}, which shall hold the certificate, does not exist.`
          : `Secret ${name} holds no certificate that can be read.`,
    cause:
      target === 'signal'
        ? 'Until it is there the ingress shows its own certificate, which no browser accepts. An ACME challenge over HTTP succeeds only once the name resolves to the ingress.'
        : 'Without it livekit-server cannot take TURN over TLS.',
    fix:
      from === 'cert-manager'
        ? `Follow \`kubectl describe certificate ${name}\` to its CertificateRequest, Order and Challenge: the last one says what is missing (the DNS record, port 80, the issuer).`
        : `Create Secret ${name} (\`kubectl create secret tls ${name} --cert … --key …\`), or let cert-manager make it.`,
  }),
});

interface DnsArgs extends Args {
  target: 'signal';
  name: string;
  resolved: string[];
  ingress: string;
  external: string[];
}

export const kubernetesDnsStale = rule<DnsArgs>({
  code: 'kubernetes-dns-stale',
  severity: 'warning',
  explainedBy: ['dns-wrong-address', 'dns-private-address', 'dns-resolvers-disagree'],
  find(evidence) {
    const seen = cluster(evidence);
    const { ingress } = seen?.facts ?? {};
    const name = look(evidence, 'dns').find(({ facts }) => facts.name === signalHost(evidence));
    if (!seen || !ingress || !name || name.facts.source !== 'resolver') return [];
    // One is inside and the other outside: what stands between them is not known.
    const comparable = (one: string): boolean =>
      name.facts.addresses.some((other) => isIpv6(one) === isIpv6(other) && isPrivate(one) === isPrivate(other));
    const external = ingress.addresses.filter(comparable);
    if (external.length === 0 || external.some((one) => name.facts.addresses.includes(one))) return [];
    return [
      {
        args: {
          target: 'signal',
          name: name.facts.name,
          resolved: name.facts.addresses,
          ingress: ingress.name,
          external,
        },
        evidence: ids(seen, name),
      },
    ];
  },
  prose: ({ name, resolved, ingress, external }) => ({
    summary: `\`${name}\` resolves to ${list(resolved)}, and Ingress ${ingress} has the address ${list(external)}.`,
    cause: 'The record points at an earlier load balancer, or at a proxy in front of the ingress.',
    fix: `Set the record of \`${name}\` to ${list(external)}; if a proxy stands there on purpose, claim its address (\`dns.signal\`).`,
  }),
});

interface KeyArgs extends Args {
  target: 'signal';
  heldBy: string;
  key: string;
  /** Of the cluster. */
  names: string[];
  known: boolean;
}

/** Our own key was refused: by its name, or by what it signed. */
function refusedKey(evidence: Evidence): boolean {
  return tokenKeyUnknown.find(evidence).length + tokenSecretWrong.find(evidence).length > 0;
}

export const kubernetesApiKeyDiffers = rule<Omit<KeyArgs, 'key'>>({
  code: 'kubernetes-api-key-differs',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    const { keys } = seen?.facts ?? {};
    if (!seen || keys?.known === undefined || (keys.known && keys.same !== false)) return [];
    const { heldBy, names, known } = keys;
    return [{ args: { target: 'signal', heldBy, names, known }, evidence: ids(seen, signalling(evidence)) }];
  },
  prose: ({ heldBy, names, known }) => ({
    summary: known
      ? `The API secret of this environment is not the one that ${heldBy} holds for the same key.`
      : `The API key of this environment is not among those that ${heldBy} holds (${list(names)}).`,
    cause:
      'The keys of the cluster were changed and those of the environment were not, or they are of another deployment.',
    fix: `Give the environment (\`auth.apiKey\`, \`auth.apiSecret\`) the key and secret of ${heldBy}; the same holds for every backend that mints tokens.`,
  }),
});

interface NotLoadedArgs extends Args {
  target: 'signal';
  heldBy: string;
  changedAt?: string;
  startedAt?: string;
}

export const kubernetesKeysNotLoaded = rule<NotLoadedArgs>({
  code: 'kubernetes-keys-not-loaded',
  severity: 'warning',
  explainedBy: ['vantage-clock-skew'],
  find(evidence) {
    const seen = cluster(evidence);
    const { keys, pods } = seen?.facts ?? {};
    if (!seen || !keys?.same || !refusedKey(evidence)) return [];
    const { heldBy, changedAt } = keys;
    const startedAt = pods?.startedAt;
    const times = changedAt && startedAt && changedAt > startedAt ? { changedAt, startedAt } : {};
    return [{ args: { target: 'signal', heldBy, ...times }, evidence: ids(seen, signalling(evidence)) }];
  },
  prose: ({ heldBy, changedAt, startedAt }) => ({
    summary: `The server refuses the API key and secret that ${heldBy} holds.`,
    cause: changedAt
      ? `It was written at ${changedAt}, and the pods run since ${startedAt}: livekit-server reads its keys only when it starts.`
      : 'The pods run with other keys: they were not rolled since the keys were changed, or have them from somewhere else.',
    fix: 'Roll the pods (`kubectl rollout restart deployment`), and let a change of the secret do so by itself (a checksum of it as an annotation of the pods, or a reloader).',
  }),
});

interface ClaimArgs extends Args {
  claim: string;
  claimed: string;
  /** What the cluster says, and which object does. */
  found: string;
  by: string;
}

function differences({ claims }: Evidence, facts: NonNullable<ReturnType<typeof cluster>>['facts']): ClaimArgs[] {
  const { config, media, turn, ingress } = facts;
  const heldBy = config?.heldBy ?? 'the configuration';
  const all: [string, string | undefined, readonly (string | undefined)[], string][] = [
    ['dns.signal', claims.dns?.signal, ingress?.addresses ?? [], `Ingress ${ingress?.name}`],
    [
      'media.address',
      claims.media?.address,
      media.flatMap(({ addresses }) => addresses),
      `Service ${list(media.map(({ name }) => name))}`,
    ],
    ['media.udp', claims.media?.udp, [config?.udp], heldBy],
    ['media.tcp', claims.media?.tcp?.toString(), [config?.tcpPort?.toString()], heldBy],
    ['turn.host', claims.turn?.host, [config?.turn?.domain?.toLowerCase()], heldBy],
    ['turn.address', claims.turn?.address, turn?.addresses ?? [], `Service ${turn?.name}`],
    ['turn.externalTls', claims.turn?.externalTls?.toString(), [config?.turn?.externalTls?.toString()], heldBy],
  ];
  return all.flatMap(([claim, claimed, values, by]) => {
    const found = values.filter((one) => one !== undefined);
    const same = claimed === undefined || found.length === 0 || found.includes(claimed);
    return same ? [] : [{ claim, claimed, found: list(found), by }];
  });
}

export const kubernetesClaimDiffers = rule<ClaimArgs>({
  code: 'kubernetes-claim-differs',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const seen = cluster(evidence);
    return seen ? differences(evidence, seen.facts).map((args) => ({ args, evidence: ids(seen) })) : [];
  },
  prose: ({ claim, claimed, found, by }) => ({
    summary: `The environment claims \`${claim}: ${claimed}\`, and ${by} says ${found}.`,
    cause: 'One of the two is out of date. What is claimed by hand was used.',
    fix: `Set \`${claim}: ${found}\` in the environment, or leave it out, so that the cluster's word counts; if the claim is right, correct ${by}.`,
  }),
});
