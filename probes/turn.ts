/** `turn-udp`, `turn-tcp`, `turn-tls`: each TURN URL of the join response alone, up to an answer of the SFU through it. */
import { isIP } from 'node:net';
import type { DnsFacts, TurnFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { trusting } from '../wire/tcp.js';
import { openTurn, type TurnClient, type TurnFailure } from '../wire/turn.js';
import type { TimedStep } from '../wire/turn-link.js';
import { turnUri } from '../wire/turn-uri.js';
import { refusal } from './allowed-address.js';
import { untilCertain } from './binding-check.js';
import { at } from './ice-check.js';
import type { Known, Outcome, Pending, Probe, Target, Tools, Waiting } from './probe.js';
import type { IceServer } from './shared.js';
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
    const resolved = name?.state === 'ok' ? (name.facts as Partial<DnsFacts>).addresses?.[0] : undefined;
    const address = isIP(host) ? host : resolved;
    found.set(id, address ? { id, server, host, address, port } : { id, waitingFor: `dns:${host}` });
  }
  return [...found.values()];
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

/** What the relayed checks came to; undefined where at least one was answered. */
function relayFailure(
  { checks, denied, allDenied, failure }: RelayResult,
  url: string,
): ReturnType<typeof failureOf> | undefined {
  if (checks.some(({ rttMs }) => rttMs !== undefined)) return undefined;
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
  const message = `${url} gives a relayed address, but nothing comes back through it from ${tried}`;
  return { seen: { ...(error && { error }) }, failure: { kind: 'no-relayed-answer', message } };
}

async function converse(client: TurnClient, through: ReturnType<typeof relay>, target: TurnTarget, tools: Tools) {
  const { known, signal } = tools;
  const { url } = target.server;
  const challenged = await client.challenge();
  const none = { relayedChecks: [], steps: [] };
  if (!challenged.ok) return { ...failureOf(challenged.failure, url), ...none };
  const session = known.shared.iceSession;
  const family = relayCandidates(session, 4).length === 0 && relayCandidates(session, 6).length > 0 ? 6 : 4;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  // All at once: where messages arrive in order, allocation, permission and check take one round trip together.
  const allocating = client.allocate(family);
  const relaying = through.run(client, family, stop.signal);
  const allocated = await allocating;
  if (!allocated.ok) stop.abort();
  const result = await relaying;
  signal.removeEventListener('abort', onAbort);
  if (!allocated.ok) return { ...failureOf(allocated.failure, url), ...none };
  const { relayed, mapped, lifetimeS } = allocated;
  const failed = relayFailure(result, url);
  const seen: Partial<TurnFacts> = {
    relayed: at(relayed),
    ...(mapped && { mapped: at(mapped) }),
    ...(lifetimeS !== undefined && { lifetimeS }),
    ...failed?.seen,
  };
  const { checks, step } = result;
  return { seen, relayedChecks: [...checks], steps: [step], ...(failed && { failure: failed.failure }) };
}

/** One TURN server, from the connection to the release of the allocation. */
async function attempt(target: TurnTarget, transport: Transport, tools: Tools): Promise<Attempt> {
  const { known, signal, now } = tools;
  const { server, host, address, port } = target;
  const through = relay(() => known.shared.iceSession, now);
  const opened = await openTurn(
    {
      transport,
      address,
      port,
      host,
      ...(transport === 'tls' && { secureContext: trusting(known.environment.ca) }),
    },
    {
      username: server.username,
      credential: server.credential,
      schedule: untilCertain,
      signal,
      now,
      onData: through.receive,
    },
  );
  if ('failure' in opened) {
    const { seen, failure } = failureOf(opened.failure, server.url);
    return { seen: { ...seen, relayedChecks: [] }, steps: opened.steps, failure };
  }
  const { client } = opened;
  try {
    const { seen, relayedChecks, steps, failure } = await converse(client, through, target, tools);
    const said = {
      ...(client.realm !== undefined && { realm: printable(client.realm) }),
      ...(client.software !== undefined && { software: printable(client.software) }),
    };
    return {
      seen: { ...said, ...seen, relayedChecks },
      steps: [...client.steps, ...steps],
      ...(failure && { failure }),
    };
  } finally {
    // Waited for at the end of the run only: the observation is over.
    const released = client.release();
    tools.onEnd(() => released);
  }
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
    deadlineMs: 9000,
    targets: (known) => targets(known, transport),
    observe: (target, tools) => observe(target, transport, tools),
  };
}
