/** Budgets of the operator that a path breaks: each is told apart from what it would follow from. */
import type { Evidence, Path } from '../../evidence/run.js';
import { ids, kindOf, look } from '../look.js';
import { severityOf } from '../offered.js';
import {
  type Breach,
  codeOfBreach,
  comparesWithDatagrams,
  isNarrow,
  isStream,
  type PathQuality,
  type QualityCode,
  qualities,
} from '../quality.js';
import { type Alternative, type Args, type Prose, type Rule, rule } from '../rule.js';
import { list } from '../words.js';

interface QualityArgs extends Args {
  paths: Path[];
  /** The worst of the paths, and what the operator wants; absent: nobody said, and nothing came. */
  worst?: { path: Path; figure: number; budget: number; atLeast?: number; packets?: number };
  /** Other budgets that are broken because of it. */
  also: { path: Path; budget: string; figure: number; limit: number }[];
  /** The shortest round trip before there was media, and the median under it. */
  beforeMs?: number;
  loadedMs?: number;
  /** Share of what was sent that was missing at the server already. */
  lostUpPercent?: number;
  /** How long it took to join, for the later one; ICE and DTLS, after that. */
  joinMs?: number;
  iceMs?: number;
  dtlsMs?: number;
  /** How long it was measured, at most. */
  measuredMs: number;
}

interface Quality {
  readonly code: QualityCode;
  readonly budget?: Breach['budget'];
  /** A machine that has much to do measures more than there is. */
  readonly needsTime?: boolean;
  alternatives?(breaches: readonly Breach[], all: readonly PathQuality[]): readonly Alternative[];
  prose(args: QualityArgs): Prose;
}

function quality({ code, budget, needsTime = false, alternatives, prose }: Quality): Rule<QualityArgs> {
  return rule<QualityArgs>({
    code,
    severity: 'error',
    explainedBy: ['vantage-offline', 'vantage-starved'],
    find(evidence) {
      const all = qualities(evidence);
      const caused = all.flatMap(({ breaches }) => breaches).filter((one) => codeOfBreach(one, all) === code);
      const narrow = code === 'quality-bandwidth' ? all.filter((one) => isNarrow(one, all)) : [];
      const own = caused.filter((one) => budget === undefined || one.budget === budget);
      const paths = [...new Set([...own.map(({ path }) => path), ...narrow.map(({ path }) => path)])];
      const [first] = paths;
      if (first === undefined) return [];
      const checks = all.filter(({ path }) => [...caused.map((one) => one.path), ...paths].includes(path));
      const [worst] = own.sort((a, b) => b.figure / b.limit - a.figure / a.limit);
      const severities = severityOf(evidence, ...checks.map(({ path }) => path));
      return [
        {
          args: {
            paths,
            ...(worst && budget && { worst: ofBreach(worst) }),
            also: caused
              .filter((one) => budget === undefined || one.budget !== budget || !paths.includes(one.path))
              .map(({ path, budget: other, figure, limit }) => ({ path, budget: other, figure, limit })),
            ...measurements(checks, narrow[0]?.path ?? worst?.path ?? first),
          },
          evidence: ids(
            ...checks.map(({ check }) => check),
            ...checks.map(({ before }) => before),
            ...(narrow.length > 0 ? starvedBeside(evidence, all) : []),
            ...load(evidence),
          ),
          severity: severities,
          alternatives: [...(alternatives?.(own, all) ?? []), ...orNarrow(code, checks, all)],
          ...(needsTime && checks.some((one) => isBusy(one, worst)) && { undecided: true }),
        },
      ];
    },
    prose,
  });
}

/** All paths share the line: others did not even come as far as to fill it. */
function starvedBeside(evidence: Evidence, all: readonly PathQuality[]): { readonly id: string }[] {
  const peers = look(evidence, 'peer').filter((one) => kindOf(one) === 'timeout');
  return [...all.filter(({ cameLate }) => cameLate).map(({ check }) => check), ...peers];
}

/** What was measured may be this machine's own doing. */
function isBusy({ busyEncoder, lateMs }: PathQuality, worst: Breach | undefined): boolean {
  return busyEncoder || (worst?.budget === 'jitterMs' && lateMs >= worst.limit);
}

const load = (evidence: Evidence): { readonly id: string }[] => look(evidence, 'load');

function ofBreach({ path, figure, limit, atLeast, packets }: Breach): NonNullable<QualityArgs['worst']> {
  return {
    path,
    figure,
    budget: limit,
    ...(atLeast !== undefined && { atLeast }),
    ...(packets !== undefined && { packets }),
  };
}

/** Where the round trip grew, and not enough to be sure, or nobody knows whether it did. */
function orNarrow(code: QualityCode, checks: readonly PathQuality[], all: readonly PathQuality[]): Alternative[] {
  if (code === 'quality-bandwidth' || !all.some(({ mayBeFilled }) => mayBeFilled)) return [];
  const separateBy = `Run \`livekit-doctor check --path ${checks[0]?.path} --measure 10s\` alone: a line that is too narrow for all paths at once may do for one.`;
  return [{ code: 'quality-bandwidth', separateBy }];
}

/** Over TCP what is lost is only late: without a path over UDP nobody can tell. */
function orLossBelow(own: readonly Breach[], all: readonly PathQuality[]): readonly Alternative[] {
  const stream = own.find(({ path }) => isStream(path));
  if (!stream || own.some(({ path }) => !isStream(path)) || comparesWithDatagrams(all)) return [];
  const separateBy = `Compare with a path over UDP: on ${stream.path} a packet that is lost is sent again, and all others wait for it.`;
  return [{ code: 'quality-loss', separateBy }];
}

function measurements(checks: readonly PathQuality[], path: Path): Omit<QualityArgs, 'paths' | 'also'> {
  const one = checks.find((other) => other.path === path) ?? checks[0];
  const ends = [one?.check.facts.caller, one?.check.facts.callee].filter((end) => end !== undefined);
  const most = (values: readonly (number | undefined)[]): number | undefined => {
    const known = values.filter((value) => value !== undefined);
    return known.length > 0 ? Math.round(Math.max(...known)) : undefined;
  };
  const tracks = ends.flatMap(({ sent }) => [sent?.video, sent?.audio]).filter((track) => track?.reported);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const sent = sum(tracks.map((track) => track?.packets ?? 0));
  const missing = sum(tracks.map((track) => Math.max(0, track?.reported?.packetsLost ?? 0)));
  const figures = {
    beforeMs: most([one?.before?.ms]),
    loadedMs: most([one?.loaded?.medianMs]),
    lostUpPercent: sent >= 100 ? Math.round((1000 * missing) / sent) / 10 : undefined,
    joinMs: stepMs(one, 'join'),
    iceMs: stepMs(one, 'ice'),
    dtlsMs: stepMs(one, 'dtls'),
  };
  return {
    ...Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)),
    measuredMs: most(ends.map(({ received }) => received.measured?.measuredMs)) ?? 0,
  };
}

/** How long a step of the exchange took. */
function stepMs(one: PathQuality | undefined, name: string): number | undefined {
  const step = one?.check.steps?.find((other) => other.name === name);
  return step && Math.round(step.endMs - step.startMs);
}

const units: Record<string, string> = { lossPercent: '%', freezePercent: '%' };
const names: Record<string, string> = {
  connectMs: 'connect time',
  firstFrameMs: 'first picture',
  lossPercent: 'loss',
  rttMs: 'round trip',
  jitterMs: 'jitter',
  freezePercent: 'frozen pictures',
};

const withUnit = (budget: string, value: number): string => `${value} ${units[budget] ?? 'ms'}`;

/** ` It also breaks the budgets for …` */
function consequences({ also }: QualityArgs): string {
  if (also.length === 0) return '';
  const said = also.map(
    ({ path, budget, figure, limit }) =>
      `${names[budget] ?? budget} on ${path} (${withUnit(budget, figure)}, budget ${withUnit(budget, limit)})`,
  );
  return ` It also breaks the budgets for ${list(said)}.`;
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** `quality-latency` and the others name a figure and the budget. */
const broken = (args: QualityArgs, budget: Breach['budget']): string =>
  `${withUnit(budget, args.worst?.figure ?? 0)} on ${args.worst?.path}, and the budget (\`budgets.${budget}\`) is ${withUnit(budget, args.worst?.budget ?? 0)}`;

export const qualityBandwidth = quality({
  code: 'quality-bandwidth',
  prose: (args) => ({
    summary: `Media fills the line on ${list(args.paths)}: the round trip grows from ${args.beforeMs} to ${args.loadedMs} ms as soon as there is any.`,
    cause: `Somewhere between here and the server less passes than is sent, so packets wait in a queue until they are late or dropped.${consequences(args)} All paths that are checked send at the same time, two participants each.`,
    fix: 'Run `livekit-doctor check --path udp --measure 10s`, one path at a time, to see whether the line does for a single call. If not, give it a higher rate (rate limits of the load balancer or the node, shaping of the VPN or the office), or let people send less (`videoEncoding`, simulcast, `dynacast`).',
  }),
});

export const qualityLoss = quality({
  code: 'quality-loss',
  budget: 'lossPercent',
  prose: (args) => ({
    summary: `Packets of media are lost: ${broken(args, 'lossPercent')}.`,
    cause: `Of ${args.worst?.packets} packets so many never came that the loss is at least ${args.worst?.atLeast} %, with a certainty of 99.9 %${
      args.lostUpPercent === undefined
        ? ''
        : `; ${args.lostUpPercent} % of what was sent was missing at the server already`
    }.${
      args.beforeMs === undefined
        ? ''
        : ' The round trip stays about as short as it was without media, so it is no queue that overflows.'
    }${consequences(args)}`,
    fix: 'Look for where they are dropped: Wi-Fi and mobile links, an overloaded firewall or NAT, "UDP flood" limits, errors of an interface (`ip -s link`), receive buffers of the server (`net.core.rmem_max`, `nstat -az UdpRcvbufErrors`). `mtr --udp` shows from which hop on.',
  }),
});

export const qualityLatency = quality({
  code: 'quality-latency',
  budget: 'rttMs',
  prose: (args) => ({
    summary: `The server is far away: the round trip is ${broken(args, 'rttMs')}.`,
    cause: `Not one of the measured round trips was shorter${
      args.beforeMs === undefined ? '' : `, and without any media it was ${args.beforeMs} ms`
    }, so it is the way itself that is long and no queue.${consequences(args)}`,
    fix: 'Run a server nearer to the people (`region`, another cluster), or look for a detour: a VPN, a proxy, a relay in another region (`turn.domain`). `mtr` shows which hop adds it.',
  }),
});

export const qualityJitter = quality({
  code: 'quality-jitter',
  budget: 'jitterMs',
  needsTime: true,
  alternatives: orLossBelow,
  prose: (args) => ({
    summary: `Packets of sound come at uneven times: the jitter is ${broken(args, 'jitterMs')}.`,
    cause: `The median over ${seconds(args.measuredMs)} is meant; little is lost, so something holds packets up and lets them go in bursts.${consequences(args)}`,
    fix: 'Look for what sends in bursts: Wi-Fi in power saving, mobile links, a virtual machine or container that gets its processor in slices (`resources.requests.cpu` of the server), traffic shaping. A cable instead of Wi-Fi tells at once.',
  }),
});

export const qualityFreezes = quality({
  code: 'quality-freezes',
  budget: 'freezePercent',
  needsTime: true,
  alternatives: orLossBelow,
  prose: (args) => ({
    summary: `Pictures stand still for a part of the time: ${broken(args, 'freezePercent')}.`,
    cause: `With a certainty of 99.9 % it is at least ${args.worst?.atLeast} % of the time. Neither loss nor jitter is over its budget, or none is set: it comes in pauses.${consequences(args)}`,
    fix: 'Look for what pauses for parts of a second: Wi-Fi that looks for other networks, a server that gets no processor (`container_cpu_cfs_throttled_periods_total`), a virtual machine that is moved.',
  }),
});

/** ` Signalling took 900 ms, ICE 40 ms and DTLS 30 ms.` */
function phases({ joinMs, iceMs, dtlsMs }: QualityArgs): string {
  const parts = Object.entries({ 'signalling took': joinMs, ICE: iceMs, DTLS: dtlsMs });
  const known = parts.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${ms} ms`]));
  return known.length > 0 ? ` Of that ${list(known)}.` : '';
}

export const qualityConnectTime = quality({
  code: 'quality-connect-time',
  budget: 'connectMs',
  needsTime: true,
  prose: (args) => ({
    summary: `It takes too long until people are connected: ${broken(args, 'connectMs')}.`,
    cause: `Neither the round trip of media nor its loss is over its budget.${phases(args)}${consequences(args)}`,
    fix: 'Where signalling is slow look at the way to it (DNS, TLS, ingress, `redis.address` in another region), where ICE is at candidates that answer late, where DTLS is at lost or large packets.',
  }),
});

export const qualityFirstFrame = quality({
  code: 'quality-first-frame',
  budget: 'firstFrameMs',
  needsTime: true,
  prose: (args) => ({
    summary: `People are connected in time, but the first picture takes too long: ${broken(args, 'firstFrameMs')}.`,
    cause: `Pictures begin with a key frame, the largest of all, which comes late or is lost and asked for again.${phases(args)}${consequences(args)}`,
    fix: 'Look at what drops or slows down the first large packets of a flow ("UDP flood" limits, shaping), and at `rtc.pli_throttle`, which says how often the server asks a sender for a key frame.',
  }),
});
