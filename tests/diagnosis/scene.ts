/**
 * A healthy deployment as literal observations, and what can happen to it. Ingress, media and TURN have an address each
 * (documentation ranges, RFC 5737), as on a cloud Kubernetes; TURN over UDP is the server's own, at the media address.
 */
import type {
  CertificateFacts,
  DnsFacts,
  FactsByProbe,
  HttpFacts,
  IceFacts,
  SignalFacts,
  TlsFacts,
  TurnFacts,
} from '../../evidence/facts.js';
import type { Asked, Claims, Evidence, Observation } from '../../evidence/run.js';

export const host = 'livekit.example.com';
export const turnHost = 'turn.example.com';
export const ingress = '203.0.113.10';
export const media = '203.0.113.30';
export const turnAddress = '203.0.113.40';
/** Where nothing is. */
export const nowhere = '203.0.113.99';
const resolver = '192.0.2.53:53';

type Rest = Partial<Pick<Observation, 'state' | 'failure' | 'waitedFor'>>;

export function observation<P extends keyof FactsByProbe>(
  probe: P,
  target: string | undefined,
  facts: FactsByProbe[P] | Record<string, never>,
  rest: Rest = {},
): Observation {
  const id = target === undefined ? probe : `${probe}:${target}`;
  return { id, probe, state: 'ok', startMs: 1, endMs: 2, facts: facts as Observation['facts'], ...rest };
}

const because = (kind: string): Rest => ({ state: 'failed', failure: { kind, message: `it was ${kind}` } });

export function dns(name: string, facts: Partial<DnsFacts>, rest: Rest = {}): Observation {
  const addresses = facts.addresses ?? [];
  const rcode = { nxdomain: 'NXDOMAIN', servfail: 'SERVFAIL', 'no-answer': undefined }[rest.failure?.kind ?? ''];
  const answered = rest.failure?.kind === 'no-answer' ? { failure: 'timeout' } : { rcode: rcode ?? 'NOERROR' };
  const base = { resolver, transport: 'udp' as const, cnames: [], ...answered };
  const answers = [
    { ...base, type: 'A' as const, addresses },
    { ...base, type: 'AAAA' as const, addresses: [] },
  ];
  const role = name === host ? ('signal' as const) : ('turn' as const);
  return observation('dns', name, { name, role, source: 'resolver', answers, addresses, ...facts }, rest);
}

export function certificate(name: string, facts: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    subject: `CN=${name}`,
    issuer: 'C=US, O=Example Trust, CN=R1',
    subjectAltNames: [`DNS:${name}`],
    validFrom: '2026-01-01T00:00:00.000Z',
    validTo: '2027-01-01T00:00:00.000Z',
    serialNumber: '01',
    fingerprint256: 'ab'.repeat(32),
    spkiSha256: 'c3BraQ==',
    isCa: false,
    ...facts,
  };
}

export function tls(name: string, facts: Partial<TlsFacts> = {}, rest: Rest = {}): Observation {
  const signal = name === host;
  const base: TlsFacts = {
    role: signal ? 'signal' : 'turn',
    host: name,
    address: signal ? ingress : turnAddress,
    port: 443,
    protocol: 'TLSv1.3',
    chain: [certificate(name)],
    connectMs: 10,
    handshakeMs: 20,
  };
  return observation('tls', `${name}:443`, { ...base, ...facts }, rest);
}

export const candidate = (protocol: 'udp' | 'tcp', address: string, port: number) => ({
  protocol,
  address,
  port,
  type: 'host',
  priority: protocol === 'udp' ? 2130706431 : 1671430143,
});

export const livekitHealth: HttpFacts = { status: 200, body: 'OK' };

export type SignalPatch = Partial<SignalFacts>;

export function signal(facts: SignalPatch = {}, rest: Rest = {}): Observation {
  return observation(
    'signal',
    undefined,
    { host, port: 443, secure: true, address: ingress, upgraded: false, ...facts },
    rest,
  );
}

export function joined(join: Partial<NonNullable<SignalFacts['join']>> = {}): Observation {
  return signal({
    upgraded: true,
    health: livekitHealth,
    clockSkewMs: 120,
    join: {
      serverVersion: '1.13.5',
      edition: 'standard',
      protocol: 16,
      region: '',
      nodeId: 'ND_x',
      iceLite: true,
      iceServers: [
        { url: `turn:${media}:3478?transport=udp`, hasCredential: true },
        { url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true },
      ],
      candidates: [candidate('udp', media, 7882), candidate('tcp', media, 7881)],
      ...join,
    },
  });
}

export function ice(
  protocol: 'udp' | 'tcp',
  address: string,
  kind?: string,
  facts: Partial<IceFacts> = {},
): Observation {
  const port = facts.port ?? (protocol === 'udp' ? 7882 : 7881);
  const base: IceFacts = { address, port, origin: 'advertised', sent: kind ? 14 : 1, received: kind ? 0 : 1 };
  const answered = kind ? {} : { rttMs: 12, mapped: '198.51.100.7:40001' };
  const target = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return observation(`ice-${protocol}`, target, { ...base, ...answered, ...facts }, kind ? because(kind) : {});
}

export function turn(path: 'turn-udp' | 'turn-tls', kind?: string, facts: Partial<TurnFacts> = {}): Observation {
  const udp = path === 'turn-udp';
  const name = udp ? (facts.address ?? media) : turnHost;
  const address = udp ? media : turnAddress;
  const port = udp ? 3478 : 443;
  const relayed = { relayed: `${media}:30001`, relayedChecks: [{ candidate: `${media}:7882`, rttMs: 3, sent: 1 }] };
  const granted = kind === undefined || kind === 'no-relayed-answer';
  const url = udp ? `turn:${name}:3478?transport=udp` : `turns:${turnHost}:443?transport=tcp`;
  const base = { url, host: name, address, port, transport: udp ? ('udp' as const) : ('tls' as const) };
  return observation(
    path,
    `${name}:${port}`,
    { ...base, relayedChecks: [], ...(granted && relayed), ...facts },
    kind ? because(kind) : {},
  );
}

export const deep = (layer: 'peer' | 'media', path: 'udp' | 'tcp' | 'turn-udp' | 'turn-tls', rest: Rest = {}) =>
  observation(layer, path, rest.state ? {} : { path }, rest);

export const failed = because;

/** Observations by their id, so that a fault replaces what it changes. */
function healthy(): Map<string, Observation> {
  return byId([
    observation('vantage', undefined, { hasNetwork: true, addresses: ['192.0.2.7'], resolvers: [resolver] }),
    dns(host, { addresses: [ingress] }),
    dns(turnHost, { addresses: [turnAddress] }),
    tls(host),
    tls(turnHost),
    joined(),
    ice('udp', media),
    ice('tcp', media),
    turn('turn-udp'),
    turn('turn-tls'),
    observation('load', undefined, { lagP99Ms: 12, lagMostMs: 60, cpuShare: 0.1, cores: 2 }),
    ...(['udp', 'tcp', 'turn-udp'] as const).map((path) => deep('peer', path)),
    ...(['udp', 'tcp', 'turn-udp', 'turn-tls'] as const).map((path) => deep('media', path)),
  ]);
}

function byId(observations: readonly Observation[]): Map<string, Observation> {
  return new Map(observations.map((one) => [one.id, one]));
}

const needs: Record<string, string> = {
  'peer:udp': 'ice-udp',
  'peer:tcp': 'ice-tcp',
  'peer:turn-udp': 'turn-udp',
  'media:udp': 'ice-udp',
  'media:tcp': 'ice-tcp',
  'media:turn-udp': 'turn-udp',
  'media:turn-tls': 'turn-tls',
};

export interface Changes {
  readonly claims?: Claims;
  readonly asked?: Partial<Asked>;
  readonly url?: string;
  /** Ids to leave out. */
  readonly without?: readonly string[];
  /** Replaces what has the same id, or adds. */
  readonly with?: readonly Observation[];
  /** What nothing was known to look at: everything behind signalling. */
  readonly notJoined?: boolean;
}

/** The healthy deployment after these changes; what is proven behind a path that failed becomes `unreached`. */
export function scene({ claims = {}, asked = {}, url = `wss://${host}/`, ...changes }: Changes = {}): Evidence {
  const observations = healthy();
  for (const id of changes.without ?? []) {
    if (!observations.delete(id)) throw new Error(`${id} is not in the scene`);
  }
  for (const one of changes.with ?? []) observations.set(one.id, one);
  if (changes.notJoined) {
    for (const [id, { probe }] of observations) {
      if (/^(ice|turn|peer|media)/.test(probe) || id.endsWith(`:${turnHost}`) || id.startsWith(`tls:${turnHost}`)) {
        observations.delete(id);
      }
    }
    for (const probe of ['ice-udp', 'ice-tcp', 'turn-udp', 'turn-tcp', 'turn-tls'] as const) {
      observations.set(probe, observation(probe, undefined, {}, { state: 'unreached', waitedFor: 'signal' }));
    }
  }
  const replaced = new Set((changes.with ?? []).map(({ id }) => id));
  for (const [id, probe] of Object.entries(needs)) {
    const proofs = [...observations.values()].filter((one) => one.probe === probe);
    const proven = proofs.some(({ state, facts }) => state === 'ok' && (facts.origin ?? 'advertised') === 'advertised');
    const one = observations.get(id);
    if (one && !proven && !replaced.has(id)) {
      observations.set(id, { ...one, facts: {}, state: 'unreached', waitedFor: probe });
    }
  }
  return { claims, asked: { depth: 'media', ...asked }, url, observations: [...observations.values()] };
}
