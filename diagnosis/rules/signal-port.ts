/** The signalling port does not take connections. */
import type { Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isPrivate } from '../address.js';
import { ids, kindOf, look, signalling, triedSignalling } from '../look.js';
import { type Alternative, rule } from '../rule.js';
import { at, list } from '../words.js';

interface PortArgs {
  target: 'signal';
  host: string;
  destination: string;
  port: number;
  /** Something else answered this vantage at the same time. */
  control: boolean;
}

interface Attempt {
  observations: (Seen<'tls'> | Seen<'signal'>)[];
  host: string;
  address: string;
  port: number;
}

/** Every attempt to connect, if all of them ended in one of these ways before a byte was exchanged. */
function attempts(evidence: Evidence, kinds: readonly string[]): Attempt | undefined {
  const port = look(evidence, 'tls').find(({ facts }) => facts.role === 'signal');
  const signal = triedSignalling(evidence);
  const observations = [port, signal].filter((one) => one !== undefined);
  const first = observations[0];
  if (!first || !observations.every((one) => kinds.includes(kindOf(one) ?? ''))) return undefined;
  if (port?.facts.connectMs !== undefined || signal?.facts.health || signal?.facts.upgraded) return undefined;
  return {
    observations,
    host: first.facts.host,
    address: first.facts.address ?? first.facts.host,
    port: first.facts.port,
  };
}

/** Weak, but all there is before signalling: a resolver that is not this machine answered. */
function resolverControls(evidence: Evidence): Seen<'dns'>[] {
  return look(evidence, 'dns').filter(({ facts }) =>
    facts.answers.some(({ rcode, resolver }) => rcode !== undefined && !/^(127\.|\[::1\])/.test(resolver)),
  );
}

/** Only the TLS probe tells a connection that was not answered from a handshake that was not. */
function orHandshake(evidence: Evidence, { address, port }: Attempt): Alternative[] {
  if (!signalling(evidence)?.facts.secure || look(evidence, 'tls').some(({ facts }) => facts.role === 'signal'))
    return [];
  const separateBy = `Connect without a handshake (\`nc -vz -w 3 ${address} ${port}\`): if that succeeds, the port is open.`;
  return ['tls-handshake-stalled', 'path-mtu-blackhole'].map((code) => ({ code, separateBy }));
}

function argsOf({ host, address, port }: Attempt, control: boolean): PortArgs {
  return { target: 'signal', host, destination: at(address, port), port, control };
}

export const signalPortRefused = rule<PortArgs>({
  code: 'signal-port-refused',
  severity: 'error',
  explainedBy: ['vantage-offline', 'dns-wrong-address', 'dns-resolvers-disagree', 'kubernetes-dns-stale'],
  find(evidence) {
    const attempt = attempts(evidence, ['refused']);
    return attempt ? [{ args: argsOf(attempt, true), evidence: ids(...attempt.observations) }] : [];
  },
  prose: ({ host, destination, port }) => ({
    summary: `Nothing listens for signalling at ${destination}, the address of \`${host}\`.`,
    cause: `The connection was refused at once (RST): the address is reachable, but no ingress, proxy or livekit-server has TCP port ${port} open there.`,
    fix: `Start or expose the ingress (Kubernetes: the controller's Service of type LoadBalancer with port ${port}; nginx: \`listen ${port}\`; no proxy: \`port\` in livekit.yaml), or correct the port in the URL.`,
  }),
});

export const signalPortFiltered = rule<PortArgs>({
  code: 'signal-port-filtered',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'vantage-starved',
    'dns-wrong-address',
    'dns-resolvers-disagree',
    'dns-private-address',
    'kubernetes-dns-stale',
  ],
  find(evidence) {
    const attempt = attempts(evidence, ['timeout', 'unreachable', 'no-route']);
    if (!attempt) return [];
    // A resolver at hand says little about the way to a public address, but the same network about a private one.
    const controls = resolverControls(evidence);
    const control = controls.length > 0;
    return [
      {
        args: argsOf(attempt, control),
        evidence: ids(...attempt.observations, ...controls),
        undecided: !control,
        alternatives: [
          ...orHandshake(evidence, attempt),
          {
            code: 'vantage-offline',
            separateBy: `Connect to ${list(['the same port from another network', ...(isPrivate(attempt.address) ? [] : [`another site from here (\`curl -I https://1.1.1.1\`)`])])}: what answers where tells which side is at fault.`,
          },
        ],
      },
    ];
  },
  prose: ({ host, destination, port, control }) => ({
    summary: `The signalling port ${destination} (\`${host}\`) does not answer at all.`,
    cause: control
      ? `The connection attempt met silence while DNS answered: a firewall or security group drops TCP port ${port}, or the address belongs to a load balancer or machine that is gone.`
      : `The connection attempt met silence, and nothing else was there to show that this machine reaches the network.`,
    fix: `Allow TCP port ${port} from the internet to ${destination} (cloud security group, network policy, host firewall), and compare the address with the ingress load balancer's.`,
  }),
});
