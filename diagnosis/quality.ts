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
  /** It is longer than before, or nobody knows how long it was. */
  readonly mayBeFilled: boolean;
  /** The round trip under load, where it is far longer than before. */
  readonly loaded?: RoundTrips;
  /** It failed, and may have for want of time or room. */
  readonly cameLate: boolean;
  /** So much that this machine itself added to times; and its encoder had too little CPU. */
  readonly lateMs: number;
  readonly busyEncoder: boolean;
}

/** What is lost on these is lost; on the others TCP sends it again, and it is late. */
const datagrams: readonly Path[] = ['udp', 'turn-udp'];
export const isStream = (path: Path): boolean => !datagrams.includes(path);

/** How a call fails for which there is no room. */
const late = new Set(['timeout', 'join', 'disconnected', 'no-video', 'no-audio', 'unreadable-video', 'frozen-video']);

/** A queue that media itself fills: so much the median, and nearly every round trip, is above those of an empty line. */
const filledMs = 150;
const neverEmptyMs = 50;
const neverEmptyShare = 0.5;
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
      mayBeFilled: mayBeFilled(ends, before?.ms),
      ...(loaded && { loaded }),
      cameLate: late.has(kindOf(check) ?? ''),
      lateMs: Math.max(0, ...ends.map(({ received }) => received.measured?.lateMs ?? 0)),
      busyEncoder: ends.some(({ sent }) => sent?.limitedBy === 'cpu'),
    };
  });
}

/** The shortest of the checks by which the path was reached, before any media was sent: a busy machine lengthens some. */
function emptyRoundTrip(evidence: Evidence, path: Path): PathQuality['before'] {
  const reached =
    path === 'udp' || path === 'tcp'
      ? iceChecks(evidence).map(({ id, facts }) => ({ id, ms: facts.rttMs }))
      : turnChecks(evidence)
          .filter(({ probe }) => probe === path)
          .flatMap(({ id, facts }) => facts.relayedChecks.map(({ rttMs }) => ({ id, ms: rttMs })));
  return reached.flatMap(({ id, ms }) => (ms === undefined ? [] : [{ id, ms }])).sort((a, b) => a.ms - b.ms)[0];
}

function mayBeFilled(ends: readonly ParticipantFacts[], beforeMs: number | undefined): boolean {
  return beforeMs === undefined || ends.some((end) => (roundTripsOf(end)?.medianMs ?? 0) - beforeMs > filledMs);
}

function filledQueue(ends: readonly ParticipantFacts[], beforeMs: number): RoundTrips | undefined {
  const filled = ends
    .flatMap((end) => roundTripsOf(end) ?? [])
    .filter(({ lowMs, medianMs }) => {
      const rises = lowMs - beforeMs > Math.max(neverEmptyMs, neverEmptyShare * beforeMs);
      return rises && medianMs - beforeMs > filledMs;
    });
  return filled.sort((a, b) => b.medianMs - a.medianMs)[0];
}

/** Where it was never measured, what the reports say, and the checks of the pair. */
function roundTripsOf({ rtt, sent, selected }: ParticipantFacts): RoundTrips | undefined {
  if (rtt) return rtt;
  const reports = [sent?.video, sent?.audio].flatMap((track) => track?.reported?.rttMs ?? []);
  // A check is as old as the connection; a report is not.
  const known = reports.length > 0 ? reports : selected.flatMap(({ rttMs }) => rttMs ?? []);
  const reported = known.sort((a, b) => a - b);
  const [leastMs, mostMs] = [reported[0], reported.at(-1)];
  if (leastMs === undefined || mostMs === undefined) return undefined;
  return { count: reported.length, leastMs, lowMs: leastMs, medianMs: leastMs, mostMs };
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
  const lostAtLeast = 100 * atLeastShare(lost, packets, most(measured.map(({ lossEvents }) => lossEvents)) ?? 0);
  const wholeMs = sum(({ measuredMs }) => measuredMs);
  const frozenMs = sum((one) => one.frozenMs);
  const frozenAtLeast = 100 * atLeastShare(frozenMs, wholeMs, most(measured.map(({ freezes }) => freezes)) ?? 0);

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

/** One digit behind the point is more than enough. */
function round(value: number): number {
  return value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
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
  if (isNarrow(here, all) || (starts && all.some((one) => isNarrow(one, all)))) return 'quality-bandwidth';
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
      // What makes media uneven holds up signalling and handshakes, too.
      if (isLate) return 'quality-latency';
      if (all.some((one) => breaks(one, 'lossPercent'))) return 'quality-loss';
      if (all.some((one) => breaks(one, 'jitterMs'))) return 'quality-jitter';
      if (all.some((one) => breaks(one, 'freezePercent'))) return 'quality-freezes';
      // A path that is just in time to connect is not in time for what comes after it.
      return budget === 'firstFrameMs' && !all.some((one) => breaks(one, 'connectMs'))
        ? 'quality-first-frame'
        : 'quality-connect-time';
  }
}

/**
 * Media fills the line, and it shows. Over TCP the round trip also grows where packets are lost or held up, so where a
 * path over UDP was measured that one must show it, too: they share the line.
 */
export function isNarrow(one: PathQuality | undefined, all: readonly PathQuality[]): boolean {
  if (one?.loaded === undefined || (one.check.state === 'ok' && one.breaches.length === 0)) return false;
  if (!isStream(one.path)) return true;
  const compared = all.filter((other) => !isStream(other.path) && hasRoundTrips(other));
  return compared.length === 0 || compared.some(({ loaded }) => loaded !== undefined);
}

function hasRoundTrips({ check: { facts } }: PathQuality): boolean {
  return [facts.caller, facts.callee].some((end) => end && roundTripsOf(end) !== undefined);
}

/** Loss was measured on a path on which it shows. */
export function comparesWithDatagrams(all: readonly PathQuality[]): boolean {
  return all.some(({ path, check }) => !isStream(path) && check.facts.caller?.received.measured !== undefined);
}
