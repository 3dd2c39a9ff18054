/** How well media came on each path, held against the operator's budgets, and which broken budget follows from which. */
import type { ParticipantFacts, RoundTrips, Seen } from '../evidence/facts.js';
import type { Claims, Evidence, Path } from '../evidence/run.js';
import { iceChecks, turnChecks } from './checks.js';
import { kindOf, look } from './look.js';
import { atLeastShare } from './share.js';

export type Budget = keyof NonNullable<Claims['budgets']>;
export type QualityCode =
  | 'quality-bandwidth'
  | 'quality-loss'
  | 'quality-latency'
  | 'quality-jitter'
  | 'quality-freezes'
  | 'quality-connect-time'
  | 'quality-first-frame';

/** A budget that a path breaks. Milliseconds or percent, as the budget's name says. */
export interface Breach {
  readonly path: Path;
  readonly budget: Budget;
  readonly figure: number;
  readonly limit: number;
  /** Of a share: what it is at least, as far as so few packets can tell, and how many were looked at. */
  readonly atLeast?: number;
  readonly packets?: number;
}

export interface PathQuality {
  readonly path: Path;
  readonly check: Seen<'media'>;
  readonly breaches: readonly Breach[];
  /** The round trip before there was any media; absent: not known. */
  readonly before?: { readonly id: string; readonly ms: number };
  /** The round trip under load, where it is far longer than before. */
  readonly loaded?: RoundTrips;
  /** No picture or no sound came at all. */
  readonly nothingCame: boolean;
  /** It failed for want of time. */
  readonly cameLate: boolean;
  readonly busyEncoder: boolean;
}

/** What is lost on these is lost; on the others TCP sends it again, and it is late. */
const datagrams: readonly Path[] = ['udp', 'turn-udp'];
export const isStream = (path: Path): boolean => !datagrams.includes(path);

/** A queue that media itself fills: by so much the median, and by so much even the shortest, is above the empty line. */
const filledMs = 150;
const neverEmptyMs = 50;
/** A jitter that was looked at less often is still rising from 0. */
const enoughMs = 300;

/** Of calls between two Chromiums, which every path has, and whose statistics say the same of each. */
export function qualities(evidence: Evidence): PathQuality[] {
  const calls = look(evidence, 'media').filter(({ id, facts }) => id === `media:${facts.path}`);
  return calls.map((check) => {
    const { path, caller, callee } = check.facts;
    const ends = [caller, callee].filter((end) => end !== undefined);
    const before = emptyRoundTrip(evidence, path);
    const loaded = before && filledQueue(ends, before.ms);
    return {
      path,
      check,
      breaches: check.state === 'ok' ? breachesOf(evidence, path, ends) : [],
      ...(before && { before }),
      ...(loaded && { loaded }),
      nothingCame: ['no-video', 'no-audio'].includes(kindOf(check) ?? ''),
      cameLate: ['timeout', 'join', 'disconnected', 'no-video', 'no-audio'].includes(kindOf(check) ?? ''),
      busyEncoder: ends.some(({ sent }) => sent?.limitedBy === 'cpu'),
    };
  });
}

/** Of the checks by which the path was reached, before any media was sent. */
function emptyRoundTrip(evidence: Evidence, path: Path): PathQuality['before'] {
  const reached =
    path === 'udp' || path === 'tcp'
      ? iceChecks(evidence, path).map(({ id, facts }) => ({ id, ms: facts.rttMs }))
      : turnChecks(evidence)
          .filter(({ probe }) => probe === path)
          .flatMap(({ id, facts }) => facts.relayedChecks.map(({ rttMs }) => ({ id, ms: rttMs })));
  return reached.flatMap(({ id, ms }) => (ms === undefined ? [] : [{ id, ms }])).sort((a, b) => b.ms - a.ms)[0];
}

function filledQueue(ends: readonly ParticipantFacts[], beforeMs: number): RoundTrips | undefined {
  const filled = ends
    .flatMap((end) => roundTripsOf(end) ?? [])
    .filter(({ leastMs, medianMs }) => medianMs - beforeMs > filledMs && leastMs - beforeMs > neverEmptyMs);
  return filled.sort((a, b) => b.medianMs - a.medianMs)[0];
}

/** Where it was never measured, what the reports say. */
function roundTripsOf({ rtt, sent }: ParticipantFacts): RoundTrips | undefined {
  if (rtt) return rtt;
  const reported = [sent?.video, sent?.audio].flatMap((track) => track?.reported?.rttMs ?? []).sort((a, b) => a - b);
  const [leastMs, mostMs] = [reported[0], reported.at(-1)];
  if (leastMs === undefined || mostMs === undefined) return undefined;
  return { count: reported.length, leastMs, medianMs: leastMs, mostMs };
}

function breachesOf({ claims }: Evidence, path: Path, ends: readonly ParticipantFacts[]): Breach[] {
  const budgets = claims.budgets ?? {};
  const measured = ends.flatMap(({ received }) => received.measured ?? []);
  const sum = (of: (one: (typeof measured)[number]) => number): number =>
    measured.reduce((total, one) => total + of(one), 0);
  const most = (values: readonly (number | undefined)[]): number | undefined => {
    const known = values.filter((value) => value !== undefined);
    return known.length > 0 ? Math.max(...known) : undefined;
  };

  const lost = sum(({ packetsLost }) => packetsLost);
  const packets = lost + sum(({ packetsReceived }) => packetsReceived);
  const lostAtLeast =
    100 *
    atLeastShare(
      lost,
      packets,
      sum(({ lossEvents }) => lossEvents),
    );
  const wholeMs = sum(({ measuredMs }) => measuredMs);
  const frozenMs = sum((one) => one.frozenMs);
  const frozenAtLeast =
    100 *
    atLeastShare(
      frozenMs,
      wholeMs,
      sum(({ freezes }) => freezes),
    );

  const long = measured.filter(({ measuredMs }) => measuredMs >= enoughMs);
  const figures: (Omit<Breach, 'path' | 'limit' | 'figure'> & { figure: number | undefined; surely?: number })[] = [
    {
      budget: 'lossPercent',
      figure: (100 * lost) / packets,
      surely: lostAtLeast,
      atLeast: round(lostAtLeast),
      packets,
    },
    // Even the shortest: what only now and then takes longer is jitter, or was lost and sent again.
    { budget: 'rttMs', figure: most(ends.map((end) => end.rtt?.leastMs)) },
    {
      budget: 'jitterMs',
      figure: most(long.map(({ jitterMs }) => jitterMs)),
      ...surely(most(long.map(({ jitterLowMs }) => jitterLowMs))),
    },
    {
      budget: 'freezePercent',
      figure: (100 * frozenMs) / wholeMs,
      surely: frozenAtLeast,
      atLeast: round(frozenAtLeast),
    },
    { budget: 'connectMs', figure: most(ends.map(({ connectMs }) => connectMs)) },
    { budget: 'firstFrameMs', figure: most(ends.map(({ received }) => received.firstFrameMs)) },
  ];
  return figures.flatMap(({ figure, surely, ...one }): Breach[] => {
    const limit = budgets[one.budget];
    if (limit === undefined || figure === undefined || !((surely ?? figure) > limit)) return [];
    return [{ path, limit, ...one, figure: round(figure) }];
  });
}

const surely = (value: number | undefined): { surely?: number } => (value === undefined ? {} : { surely: value });

/** Three digits are more than enough. */
function round(value: number): number {
  return value >= 10 ? Math.round(value) : Math.round(value * 100) / 100;
}

/** The code under which a broken budget is named: its own, or that of the one from which it follows. */
export function codeOfBreach({ budget, path }: Breach, all: readonly PathQuality[]): QualityCode {
  const here = all.find((one) => one.path === path);
  const breaks = (one: PathQuality | undefined, ...budgets: readonly Budget[]): boolean =>
    one?.breaches.some((breach) => budgets.includes(breach.budget)) ?? false;
  const loses = breaks(here, 'lossPercent') || (isStream(path) && all.some((one) => breaks(one, 'lossPercent')));
  const isLate = breaks(here, 'rttMs') || all.some((one) => breaks(one, 'rttMs'));
  const starts = budget === 'connectMs' || budget === 'firstFrameMs';
  // Signalling shares the line with whichever path fills it.
  if (isNarrow(here) || (starts && all.some(isNarrow))) return 'quality-bandwidth';
  switch (budget) {
    case 'lossPercent':
      return 'quality-loss';
    case 'rttMs':
      return isStream(path) && loses ? 'quality-loss' : 'quality-latency';
    case 'jitterMs':
      return isStream(path) && loses ? 'quality-loss' : 'quality-jitter';
    case 'freezePercent':
      if (loses) return 'quality-loss';
      return breaks(here, 'jitterMs') ? 'quality-jitter' : 'quality-freezes';
    case 'connectMs':
    case 'firstFrameMs':
      if (isLate) return 'quality-latency';
      if (all.some((one) => breaks(one, 'lossPercent'))) return 'quality-loss';
      return budget === 'firstFrameMs' && !breaks(here, 'connectMs') ? 'quality-first-frame' : 'quality-connect-time';
  }
}

/** Media fills the line, and it shows. */
export function isNarrow(one: PathQuality | undefined): boolean {
  return one?.loaded !== undefined && (one.nothingCame || one.breaches.length > 0);
}
