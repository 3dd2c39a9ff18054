/** `turn-udp`, `turn-tcp`, `turn-tls`: each TURN URL of the join response alone, up to an answer of the SFU through it. */
import { isIP } from 'node:net';
import type { DnsFacts, TurnFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { TransportAddress } from '../wire/stun.js';
import { trusting } from '../wire/tcp.js';
import type { TurnClient, TurnFailure } from '../wire/turn.js';
import type { TimedStep } from '../wire/turn-link.js';
import { turnUri } from '../wire/turn-uri.js';
import { refusal } from './allowed-address.js';
import { untilCertain } from './binding-check.js';
import { at, roundTripMs, wasRefused } from './ice-check.js';
import { unheard } from './ice-patience.js';
import type { Known, Outcome, Pending, Probe, Target, Tools, Waiting } from './probe.js';
import type { IceServer } from './shared.js';
import { earlyTo } from './tls-early.js';
import { reachTurn } from './turn-reach.js';
import { type RelayResult, relay, relayCandidates } from './turn-relay.js';

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

function failureOf(failure: TurnFailure, during: string): { seen: Partial<TurnFacts>; failure: Failure } {
  const seen: Partial<TurnFacts> = {};
  if (failure.kind === 'not-turn') seen.plaintext = printable(failure.received.subarray(0, 200).toString('latin1'));
  if (failure.kind === 'turn-error') {
    const { step, code, reason } = failure.error;
    seen.error = { step, code, reason: printable(reason) };
  }
  return { seen, failure: { kind: failure.kind, message: printable(`${during}: ${failure.message}`, 300) } };
}

/** Media goes through channels; that indications do, is not enough. */
function channelFailure(
  checks: RelayResult['checks'],
  denied: RelayResult['denied'],
  url: string,
): ReturnType<typeof failureOf> | undefined {
  if (checks.some(({ channelRttMs }) => channelRttMs !== undefined)) return undefined;
  if (denied?.step === 'channel') {
    const message = `channel was answered with ${denied.code} ${denied.reason}`.trim();
    return failureOf({ kind: 'turn-error', message, error: denied }, url);
  }
  const message = `${url} relays Send indications, but nothing comes back for ChannelData`;
  return { seen: {}, failure: { kind: 'no-channel-answer', message } };
}

/** What the relayed checks came to; undefined where one was answered, through a channel too. */
function relayFailure(
  { checks, denied, allDenied, unheard: isUnheard, failure }: RelayResult,
  url: string,
): ReturnType<typeof failureOf> | undefined {
  if (checks.some(({ rttMs }) => rttMs !== undefined)) return channelFailure(checks, denied, url);
  if (failure) return failureOf(failure, url);
  if (checks.length === 0) {
    const message = `${url} gives relayed addresses, but the server offers no UDP candidate to relay to`;
    return { seen: {}, failure: { kind: 'no-udp-candidate', message } };
  }
  const error = denied && { ...denied, reason: printable(denied.reason) };
  if (error && allDenied) {
    const message = `${url} does not relay to the media address: ${error.code} ${error.reason}`.trim();
    return { seen: { error }, failure: { kind: 'turn-error', message } };
  }
  const tried = checks.map(({ candidate }) => candidate).join(', ');
  if (isUnheard) {
    const message = `${url} gives a relayed address, and nothing comes back through it from ${tried}, but ${unheard}`;
    return { seen: { ...(error && { error }) }, failure: { kind: 'late', message } };
  }
  const message = `${url} gives a relayed address, but nothing comes back through it from ${tried}`;
  return { seen: { ...(error && { error }) }, failure: { kind: 'no-relayed-answer', message } };
}

/** From the allocation to the checks through it. */
async function converse(client: TurnClient, through: ReturnType<typeof relay>, target: TurnTarget, tools: Tools) {
  const { known, signal } = tools;
  const { url } = target.server;
  const session = known.shared.iceSession;
  const family = relayCandidates(session, 4).length === 0 && relayCandidates(session, 6).length > 0 ? 6 : 4;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  // All at once: where messages arrive in order, allocation, permission, channel and check take one round trip together.
  const allocating = client.allocate(family);
  const relaying = through.run(client, family, stop.signal);
  const refreshing = client.refresh(lifetimeS);
  const allocated = await allocating;
  if (!allocated.ok) stop.abort();
  const result = await relaying;
  signal.removeEventListener('abort', onAbort);
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

/** One TURN server, from the connection to the release of the allocation. */
async function attempt(target: TurnTarget, transport: Transport, tools: Tools): Promise<Attempt> {
  const { known, signal, now } = tools;
  const { server, host, address, port } = target;
  const { username, credential, url } = server;
  const through = relay(
    () => known.shared.iceSession,
    now,
    (candidate) => hopelessAfterMs(known, candidate),
  );
  const secureContext = transport === 'tls' && { secureContext: trusting(known.environment.ca) };
  const early = transport === 'tls' ? earlyTo(known, target) : undefined;
  const reached = await reachTurn(
    { transport, address, port, host, ...secureContext, ...(early && { connection: early.secure }) },
    { username, credential, schedule: untilCertain, signal, now, onData: through.receive },
    unusualMs + roundTrips * roundTripMs(known),
  );
  if ('failure' in reached) {
    const { seen, failure } = failureOf(reached.failure, url);
    const looks = reached.looks.length > 0 && { looks: [...reached.looks] };
    return { seen: { ...seen, ...looks, relayedChecks: [] }, steps: reached.steps, failure };
  }
  const { client } = reached;
  const usedAt = new Date().toISOString();
  const expireAt = expiryOf(username);
  let releaseMs = now();
  const { seen, relayedChecks, steps, failure } = await converse(client, through, target, tools).finally(() => {
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
  const { seen, steps, failure } = await attempt(target, transport, tools);
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
