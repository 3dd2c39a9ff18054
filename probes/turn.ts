/** `turn-udp`, `turn-tcp`, `turn-tls`: each TURN URL of the join response alone, up to an answer of the SFU through it. */
import { isIP } from 'node:net';
import { eitherSignal } from '../evidence/abort.js';
import type { DnsFacts, TurnFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { TransportAddress } from '../wire/stun.js';
import { trusting } from '../wire/tcp.js';
import type { TurnClient } from '../wire/turn.js';
import type { TimedStep } from '../wire/turn-link.js';
import { turnUri } from '../wire/turn-uri.js';
import { refusal } from './allowed-address.js';
import { untilCertain } from './binding-check.js';
import { at, roundTripMs, wasRefused } from './ice-check.js';
import type { Known, Outcome, Pending, Probe, Target, Tools, Waiting } from './probe.js';
import type { EarlyHandshake, IceServer } from './shared.js';
import { earlyTo } from './tls-early.js';
import { failureOf, relayFailure } from './turn-failures.js';
import { reachTurn } from './turn-reach.js';
import { relay, relayCandidates } from './turn-relay.js';

type Transport = TurnFacts['transport'];

export interface TurnTarget extends Target {
  readonly server: IceServer;
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

const mostServers = 16;
/** RFC 8489 §14.3: fewer than 509 bytes. */
const longestUsernameBytes = 508;
/** What a client asks for to keep an allocation (RFC 8656 §3.2). */
const lifetimeS = 600;
/** An answer that takes longer than the round trips that it needs and this is worth looking for in other ways. */
const unusualMs = 250;
const roundTrips = 5;
/** So much longer than usual, and another relayed address is tried; healthy ones are there by then. */
const anotherMs = 100;
/** Sent seven times by then, which one in a thousand survives at 20 % loss in each direction. */
const hopelessMs = 350;
const hopelessRoundTrips = 3;

/** One of each family: a client may use either. */
function bothFamilies(addresses: readonly string[]): string[] {
  const [first = ''] = addresses;
  const other = addresses.find((address) => isIP(address) !== isIP(first));
  return other === undefined ? [first] : [first, other];
}

function targets(known: Known, transport: Transport): (TurnTarget | Pending)[] | Waiting {
  const servers = known.shared.iceServers;
  if (!servers) return { waitingFor: 'signal' };
  const found = new Map<string, TurnTarget | Pending>();
  for (const server of servers) {
    const uri = turnUri(server.url);
    if (!uri?.scheme.startsWith('turn') || uri.transport !== transport || found.size >= mostServers) continue;
    const { host, port } = uri;
    const id = `turn-${transport}:${at({ address: host, port })}`;
    if (found.has(id)) continue;
    const name = known.observations.get(`dns:${host}`);
    const resolved = name?.state === 'ok' ? ((name.facts as Partial<DnsFacts>).addresses ?? []) : [];
    const addresses = isIP(host) ? [host] : resolved;
    if (addresses.length === 0) found.set(id, { id, waitingFor: `dns:${host}` });
    for (const [index, address] of addresses.length === 0 ? [] : bothFamilies(addresses).entries()) {
      const its = index === 0 ? id : `${id}@${address}`;
      found.set(its, { id: its, server, host, address, port });
    }
  }
  return [...found.values()];
}

/** Whoever refuses us directly may let the relay through, but then it is there at once. */
function hopelessAfterMs(known: Known, candidate: TransportAddress): number | undefined {
  if (!wasRefused(known, `ice-udp:${at(candidate)}`)) return undefined;
  return hopelessMs + hopelessRoundTrips * roundTripMs(known);
}

/** Time-limited credentials of the TURN REST form (draft-uberti-behave-turn-rest-00 §2.2): `timestamp:name`. */
function expiryOf(username: string): string | undefined {
  const [, seconds] = /^(\d{10})(?::|$)/.exec(username) ?? [];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000).toISOString();
}

type Seen = Pick<TurnFacts, 'relayedChecks'> & Partial<TurnFacts>;
type Attempt = { readonly seen: Seen; readonly steps: readonly TimedStep[]; readonly failure?: Failure };

/** From the allocation to the checks through it. */
async function converse(
  client: TurnClient,
  through: ReturnType<typeof relay>,
  target: TurnTarget,
  { tools: { known, signal }, enough, onAllocated }: How,
) {
  const { url } = target.server;
  const session = known.shared.iceSession;
  const family = relayCandidates(session, 4).length === 0 && relayCandidates(session, 6).length > 0 ? 6 : 4;
  const refused = new AbortController();
  // All at once: where messages arrive in order, allocation, permission, channel and check take one round trip together.
  const allocating = client.allocate(family);
  const relaying = through.run(client, family, eitherSignal([signal, enough, refused.signal]));
  const refreshing = client.refresh(lifetimeS);
  const allocated = await allocating;
  if (allocated.ok) onAllocated();
  else refused.abort();
  const result = await relaying;
  if (!allocated.ok) return { ...failureOf(allocated.failure, url), relayedChecks: [], steps: [] };
  const refreshed = await refreshing;
  const failed = relayFailure(result, url) ?? (refreshed.ok ? undefined : failureOf(refreshed.failure, url));
  const { relayed, mapped } = allocated;
  const seen: Partial<TurnFacts> = {
    relayed: at(relayed),
    ...(mapped && { mapped: at(mapped) }),
    ...(allocated.lifetimeS !== undefined && { lifetimeS: allocated.lifetimeS }),
    ...failed?.seen,
  };
  const { checks, step } = result;
  return { seen, relayedChecks: [...checks], steps: [step], ...(failed && { failure: failed.failure }) };
}

interface How {
  readonly transport: Transport;
  readonly tools: Tools;
  /** A connection that nothing was said on yet. */
  readonly early?: EarlyHandshake | undefined;
  /** Another attempt has told what there is to know: what was allocated is given back. */
  readonly enough: AbortSignal;
  onAllocated(): void;
}

/** One TURN server, from the connection to the release of the allocation. */
async function attempt(target: TurnTarget, how: How): Promise<Attempt> {
  const { transport, tools, early, enough } = how;
  const { known, now } = tools;
  const { server, host, address, port } = target;
  const { username, credential, url } = server;
  const through = relay(
    () => known.shared.iceSession,
    now,
    (candidate) => hopelessAfterMs(known, candidate),
  );
  const secureContext = transport === 'tls' && { secureContext: trusting(known.environment.ca) };
  const unneeded = new AbortController();
  const giveUp = (): void => unneeded.abort();
  enough.addEventListener('abort', giveUp, { once: true });
  const reached = await reachTurn(
    { transport, address, port, host, ...secureContext, ...(early && { connection: early.secure }) },
    {
      username,
      credential,
      schedule: untilCertain,
      signal: eitherSignal([tools.signal, unneeded.signal]),
      now,
      onData: through.receive,
    },
    unusualMs + roundTrips * roundTripMs(known),
  );
  enough.removeEventListener('abort', giveUp);
  if ('failure' in reached) {
    const { seen, failure } = failureOf(reached.failure, url);
    const looks = reached.looks.length > 0 && { looks: [...reached.looks] };
    return { seen: { ...seen, ...looks, relayedChecks: [] }, steps: reached.steps, failure };
  }
  const { client } = reached;
  const usedAt = new Date().toISOString();
  const expireAt = expiryOf(username);
  let releaseMs = now();
  const { seen, relayedChecks, steps, failure } = await converse(client, through, target, how).finally(() => {
    releaseMs = now();
    // Its answer is waited for at the end of the run only: the observation is over.
    const released = client.release();
    tools.onEnd(() => released);
  });
  const { connectMs, handshakeMs } = early?.facts ?? {};
  const said = {
    ...(connectMs !== undefined && handshakeMs !== undefined && { connectMs, tlsMs: handshakeMs }),
    ...(client.realm !== undefined && { realm: printable(client.realm) }),
    ...(client.software !== undefined && { software: printable(client.software) }),
    ...(expireAt !== undefined && { credentialsExpireAt: expireAt, usedAt }),
  };
  return {
    seen: { ...said, ...seen, relayedChecks },
    steps: [...client.steps, ...steps, { name: 'release', startMs: releaseMs, endMs: now() }],
    ...(failure && { failure }),
  };
}

/** The relayed address that one `attempt` got did not do. */
const isSilent = ({ failure }: Attempt): boolean => failure?.kind === 'no-relayed-answer';

/**
 * Where nothing comes back through the first relayed address, another one is tried beside it. What comes from an address
 * that livekit-server knows goes to the session that it is known from (pion/ice, `udp_mux.go`), so a port of the relay
 * that another session had a moment ago is silent to this one, until that one ends.
 */
async function attempts(target: TurnTarget, transport: Transport, tools: Tools): Promise<Attempt> {
  const enough = new AbortController();
  const early = transport === 'tls' ? await earlyTo(tools.known, target) : undefined;
  const begin = (how: Pick<How, 'early' | 'onAllocated'>): Promise<Attempt> =>
    attempt(target, { transport, tools, enough: enough.signal, ...how });
  let timer: NodeJS.Timeout | undefined;
  const decided = new Promise<Attempt>((resolve, reject) => {
    let other: Promise<Attempt> | undefined;
    const tryAnother = (): void => {
      other = begin({ onAllocated: () => {} });
      other.then((result) => !result.failure && resolve(result), reject);
    };
    const onAllocated = (): void => {
      timer = setTimeout(tryAnother, anotherMs + roundTrips * roundTripMs(tools.known));
    };
    const first = begin({ early, onAllocated });
    first.then(async (result) => {
      if (isSilent(result)) await other;
      resolve(result);
    }, reject);
  });
  return decided.finally(() => {
    clearTimeout(timer);
    enough.abort();
  });
}

async function observe(target: TurnTarget, transport: Transport, tools: Tools): Promise<Outcome> {
  const { server, host, address, port } = target;
  const facts = { url: printable(server.url), host, address, port, transport, relayedChecks: [] };
  const unsupported = (failure: Failure): Outcome => ({ state: 'unsupported', facts, failure });
  tools.redactor.add(server.credential);
  const refused = refusal(tools.known, address);
  if (refused) return unsupported(refused);
  if (Buffer.byteLength(server.username) > longestUsernameBytes) {
    const failure = { kind: 'turn-error', message: `the username for ${server.url} is longer than STUN allows` };
    return { state: 'failed', facts, failure };
  }
  const { seen, steps, failure } = await attempts(target, transport, tools);
  if (failure?.kind === 'no-route') return unsupported(failure);
  const took = (...names: string[]): number | undefined => {
    const parts = steps.filter(({ name }) => names.includes(name));
    return parts.length === 0 ? undefined : parts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  };
  const connectMs = took('connect');
  const tlsMs = took('tls');
  const allocateMs = took('challenge', 'allocate');
  const all = {
    ...facts,
    ...seen,
    ...(connectMs !== undefined && { connectMs }),
    ...(tlsMs !== undefined && { tlsMs }),
    ...(allocateMs !== undefined && { allocateMs }),
  };
  return failure ? { state: 'failed', facts: all, steps, failure } : { state: 'ok', facts: all, steps };
}

/** The probe for the TURN URLs of one transport. */
export function turnProbe(transport: Transport): Probe<TurnTarget> {
  return {
    name: `turn-${transport}`,
    depth: 'wire',
    paths: [`turn-${transport}`],
    deadlineMs: 12_000,
    targets: (known) => targets(known, transport),
    observe: (target, tools) => observe(target, transport, tools),
  };
}
