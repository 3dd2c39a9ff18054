/** `media`: two participants in a browser, held to one path, each publishing and each decoding the other. */
import { randomInt } from 'node:crypto';
import { boundsOf } from '../browser/page/bounds.js';
import { isRelayed } from '../browser/page/candidates.js';
import { type Exchange, type OtherBrowser, otherBrowsers, stages } from '../browser/participants.js';
import { type IceFacts, seen, type TurnFacts } from '../evidence/facts.js';
import type { Redactor } from '../evidence/redaction.js';
import type { Path } from '../evidence/run.js';
import { allPaths } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { trusted } from './allowed-address.js';
import { judgeExchange } from './media-outcome.js';
import { mayBeOffered } from './offered-path.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { mediaRoundTripMs } from './round-trip.js';
import { mintPair, tokenMs, withoutTokens } from './tokens.js';

export interface MediaTarget extends Target {
  readonly path: Path;
  /** Default: Chromium. The callee always is one. */
  readonly caller?: OtherBrowser;
  /** Of a path over TURN: the one that was seen to relay. */
  readonly turnUrl?: string;
  /** How long the tokens may take. */
  readonly tokenMs?: number;
  /** How long to measure what is seen and heard; absent: half a second. */
  readonly measureMs?: number;
  /** Absent: nobody knows. */
  readonly roundTripMs?: number;
}

/** Of each stage. */
const stageMs = 7500;
/**
 * The longest stage is the first: a join takes some 4, and Chromium opens its websockets to a host one after the other
 * (RFC 6455 §4.1), so that the last of five calls begins 12 later.
 */
const roundTrips = 16;
/** What is seen and heard for so long says how well, as far as a short look can. */
const usualMeasureMs = 500;
/** What both show and sound like bears it, so that nothing of another run is taken for this one's. */
const nonce = randomInt(2 ** 32);
/** For the answer to come back, where a machine is so busy that the page's own clock is late. */
const answerMs = 2500;

function targets(known: Known): (MediaTarget | Pending)[] {
  const offered = allPaths.filter((path) => known.asked.paths.includes(path) && mayBeOffered(known, path));
  const others = otherBrowsers.filter((name) => known.environment.claims.browsers?.includes(name));
  return [
    ...offered.map((path) => targetOf(known, path)),
    ...others.flatMap((caller) => offered.map((path) => otherTargetOf(known, path, caller))),
  ];
}

/** Once more with a caller in another browser, where Chromium could do it. */
function otherTargetOf(known: Known, path: Path, caller: OtherBrowser): MediaTarget | Pending {
  const id = `media:${path}:${caller}`;
  const alone = known.observations.get(`media:${path}`);
  if (alone?.state !== 'ok') return { id, waitingFor: `media:${path}` };
  if (!known.shared[caller]) return { id, waitingFor: `browser:${caller}` };
  const target = targetOf(known, path);
  return 'waitingFor' in target ? { id, waitingFor: target.waitingFor } : { ...target, id, caller };
}

function targetOf(known: Known, path: Path): MediaTarget | Pending {
  const id = `media:${path}`;
  const reach = reachOf(known, path);
  if (reach.state === 'failed' && !known.asked.exhaustive) return { id, waitingFor: reach.id };
  const browser = known.observations.get('browser');
  if (browser && browser.state !== 'ok') return { id, waitingFor: 'browser' };
  if (reach.state === 'unknown') return { id, waitingFor: reach.probe };
  if (!browser) return { id, waitingFor: 'browser' };
  const waitMs = tokenMs(known.environment);
  return {
    id,
    path,
    ...(reach.state === 'ok' && reach.turnUrl && { turnUrl: reach.turnUrl }),
    ...(waitMs > 0 && { tokenMs: waitMs }),
    ...(known.asked.measureMs && { measureMs: known.asked.measureMs }),
    roundTripMs: mediaRoundTripMs(known),
  };
}

/** How long each stage may take, until two see and hear each other. */
export function stageWithinMs(roundTripMs = 0): number {
  return stageMs + roundTrips * roundTripMs;
}

type Reach =
  | { readonly state: 'ok'; readonly turnUrl?: string }
  | { readonly state: 'failed'; readonly id: string }
  | { readonly state: 'unknown'; readonly probe: string };

/** `ok` as soon as one address or URL of the path was reached, `failed` when one was not and no other was. */
export function reachOf({ observations }: Known, path: Path): Reach {
  const probe = isRelayed(path) ? (path as `turn-${'udp' | 'tcp' | 'tls'}`) : (`ice-${path as 'udp' | 'tcp'}` as const);
  const looks = seen(observations.values(), probe).filter(
    ({ facts }) => !('origin' in facts) || (facts as IceFacts).origin === 'advertised',
  );
  const reached = looks.find(({ state }) => state === 'ok');
  if (reached) {
    const { url } = reached.facts as Partial<TurnFacts>;
    return { state: 'ok', ...(url && { turnUrl: url }) };
  }
  const failed = looks.find(({ state }) => state === 'failed');
  return failed ? { state: 'failed', id: failed.id } : { state: 'unknown', probe };
}

/** By how much it takes longer than usual. */
const longer = (measureMs = usualMeasureMs): number => Math.max(0, measureMs - usualMeasureMs);

/**
 * A meeting in a room of its own, by the target's path and nothing else, and to nowhere that nobody vouches for. Rejects
 * with what `withoutTokens` knows.
 */
export async function exchangeOf(
  { path, turnUrl, tokenMs = 0, measureMs = usualMeasureMs, roundTripMs }: MediaTarget,
  known: Known,
  redactor: Redactor,
  signal?: AbortSignal,
): Promise<Exchange> {
  const startMs = performance.now();
  const { room, tokens } = await mintPair({ known, redactor, ...(signal && { signal }) });
  const wholeMs = stageWithinMs(roundTripMs) + longer(measureMs);
  const leftMs = wholeMs + tokenMs - (performance.now() - startMs);
  return {
    key: room,
    path,
    bounds: { ...boundsOf(trusted(known)), ...(turnUrl && { turnUrl }) },
    url: known.environment.url.href,
    tokens,
    nonce,
    measureMs,
    deadlineMs: Math.min(wholeMs, leftMs),
  };
}

async function observe(target: MediaTarget, { known, signal, redactor, now }: Tools): Promise<Outcome> {
  const { path, turnUrl } = target;
  const { browser } = known.shared;
  if (!browser) return { state: 'unreached', facts: { path }, waitedFor: 'browser' };
  const askedMs = now();
  const minted = exchangeOf(target, known, redactor, signal);
  const exchange = await minted.catch((error: unknown) => withoutTokens(error, { path }));
  if ('state' in exchange) return exchange;
  const startMs = now();
  const token = { name: 'token', startMs: askedMs, endMs: startMs };
  try {
    const browsers = { caller: target.caller ?? 'chromium', callee: 'chromium' } as const;
    const reports = await browser.exchange({ ...exchange, browsers }, signal);
    const { name, version } = (target.caller && known.shared[target.caller]) ?? browser;
    const judged = judgeExchange({ path, turnUrl, browser: { name, version: printable(version) }, reports, startMs });
    return { ...judged, steps: [token, ...(judged.steps ?? [])] };
  } catch (error) {
    // Ours, not the deployment's: nothing is known of the path.
    const failure = { kind: 'crash', message: printable((error as Error).message, 300) };
    return { state: 'unsupported', facts: { path }, failure };
  }
}

export const media: Probe<MediaTarget> = {
  name: 'media',
  depth: 'media',
  deadlineMs: ({ tokenMs = 0, measureMs, roundTripMs }) =>
    stages * (stageWithinMs(roundTripMs) + longer(measureMs)) + tokenMs + answerMs,
  targets,
  observe,
};
