/** `peer`: two participants in Node, by one path: ICE, DTLS and bytes that come back over a data channel. */

import { isIP } from 'node:net';
import { boundsOf } from '../browser/page/bounds.js';
import { mintsTokens } from '../environment/token.js';
import { type IceFacts, seen, type TurnFacts } from '../evidence/facts.js';
import type { Path } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { within } from '../wire/within.js';
import { trusted } from './allowed-address.js';
import { mayBeOffered } from './offered-path.js';
import { outcomeOf } from './peer-outcome.js';
import { startPeerProcess } from './peer-process.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { mediaRoundTripMs } from './round-trip.js';
import type { IceServer } from './shared.js';
import { mintPair, onlyOneToken, withoutTokens } from './tokens.js';

const paths = ['udp', 'tcp', 'turn-udp'] as const satisfies Path[];
type PeerPath = (typeof paths)[number];

/** A TURN URL that was seen to work, and the address that its host resolved to. */
interface Relay {
  readonly url: string;
  readonly address: string;
}

interface PathTarget extends Target {
  readonly path: PeerPath;
  readonly turn?: Relay;
  /** Absent: nobody knows. */
  readonly roundTripMs?: number;
}

/** How long the two may take to join, and from there to meet: each takes some 5 round trips, and 10 where one is lost. */
const meetMs = 7500;
const roundTrips = 10;
/** How long the process may take to start, which a busy machine makes longer than the 0.3 s that it needs. */
const startMostMs = 12_000;
/** How long the answer may take to come back. */
const answerMs = 500;

function targets(known: Known): (PathTarget | Pending)[] {
  return paths
    .filter((path) => known.asked.paths.includes(path) && mayBeOffered(known, path))
    .map((path) => targetOf(known, path));
}

function targetOf(known: Known, path: PeerPath): PathTarget | Pending {
  const id = `peer:${path}`;
  const roundTripMs = mediaRoundTripMs(known);
  if (path === 'turn-udp') {
    const reached = seen(known.observations.values(), 'turn-udp').find(({ state }) => state === 'ok');
    const { url, address } = (reached?.facts ?? {}) as Partial<TurnFacts>;
    return url && address ? { id, path, turn: { url, address }, roundTripMs } : { id, waitingFor: 'turn-udp' };
  }
  const reach = `ice-${path}` as const;
  const tried = seen(known.observations.values(), reach).some(
    ({ state, facts }) =>
      (state === 'ok' || (state === 'failed' && known.asked.exhaustive)) && (facts as IceFacts).origin === 'advertised',
  );
  return tried ? { id, path, roundTripMs } : { id, waitingFor: reach };
}

const meetWithinMs = (roundTripMs = 0): number => meetMs + roundTrips * roundTripMs;

async function observe({ path, turn, roundTripMs }: PathTarget, tools: Tools): Promise<Outcome> {
  const { known, signal } = tools;
  const { environment } = known;
  if (!mintsTokens(environment)) {
    return { state: 'unsupported', facts: { path }, failure: onlyOneToken };
  }
  const startMs = tools.now();
  const process = known.shared.peerProcess ?? startProcess(tools);
  const minted = mintPair(tools).catch((error: unknown) => withoutTokens(error, { path }));
  const [unusable, pair] = await Promise.all([inTime(process.unusable, signal), minted]);
  if (unusable !== undefined) {
    const message = `WebRTC for Node does not run here: ${printable(unusable)}`;
    return { state: 'unsupported', facts: { path }, failure: { kind: 'library', message } };
  }
  if ('state' in pair) return pair;
  const { room, tokens } = pair;
  const vouched = trusted(known);
  const relay = turn && relayOf(known, turn);
  const sentMs = tools.now();
  const meeting = process.meet({
    kind: 'meet',
    key: room,
    path,
    url: environment.url.href,
    addresses: vouched.signal,
    ...(environment.ca && { ca: environment.ca }),
    tokens,
    bounds: { ...boundsOf(vouched), ...(relay && { turnUrl: relay.url }) },
    ...(relay && { turn: relay }),
    deadlineMs: meetWithinMs(roundTripMs),
  });
  const stop = (): void => process.stop(room);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const met = await meeting;
  signal.removeEventListener('abort', stop);
  if (!met) {
    // Ours, not the deployment's: nothing is known of the path.
    const message = `the WebRTC library for Node crashed (${process.ended()})`;
    return { state: 'unsupported', facts: { path }, failure: { kind: 'crash', message } };
  }
  const outcome = outcomeOf(met, sentMs, tools.now());
  return { ...outcome, steps: [{ name: 'prepare', startMs, endMs: sentMs }, ...outcome.steps] };
}

/** By address: the library would ask the system's resolver, which may know another address or none. */
function relayOf({ shared }: Known, { url, address }: Relay): IceServer | undefined {
  const server = shared.iceServers?.find((one) => one.url === url);
  const literal = isIP(address) === 6 ? `[${address}]` : address;
  return server && { ...server, url: url.replace(/^(turn:)(\[[^\]]*\]|[^:?]*)/, `$1${literal}`) };
}

function startProcess(tools: Tools) {
  const process = startPeerProcess();
  tools.onEnd(() => process.end());
  tools.share('peerProcess', process);
  return process;
}

/** A process that has not started by then is of no use either. */
async function inTime(unusable: Promise<string | undefined>, signal: AbortSignal): Promise<string | undefined> {
  return within(startMostMs, signal, (limit) => {
    const late = new Promise<string>((resolve) => {
      const give = (): void => resolve('it did not start in time');
      limit.addEventListener('abort', give, { once: true });
      if (limit.aborted) give();
    });
    return Promise.race([unusable, late]);
  });
}

export const peer: Probe<PathTarget> = {
  name: 'peer',
  depth: 'peer',
  paths,
  deadlineMs: ({ roundTripMs }) => startMostMs + 2 * meetWithinMs(roundTripMs) + answerMs,
  targets,
  observe,
};
