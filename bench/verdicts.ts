/**
 * `npm run bench -- verdicts`: how long a check at depth `wire` takes until its verdict, for each kind of failure, at
 * round-trip times that a userspace relay makes. Each case in turn, a lab of its own for each check. The table, or JSON
 * with `--json`, goes to standard output.
 *
 * Two times are measured, by the check's own clock: `run`, from the start of the check (names not resolved, nothing
 * connected; the process has loaded its code) to the verdict; and `check`, what a single address or port took from the
 * moment at which it became known: the observation of the probe, the slowest where several are meant. A mark is held
 * against one of the two. Beside them stand what a TCP connection took, which is about the round-trip time, and the
 * processor time that the check itself used (`own`).
 */
import { cpus } from 'node:os';
import type { Observation, Run } from '../evidence/run.js';
import { requireLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { openSandbox } from '../fixtures/lab/sandbox.js';
import type { TopologyName } from '../fixtures/lab/topologies/index.js';
import { duration, padTo } from '../reporters/text.js';
import { type Spread, spread } from './spread.js';

interface Case {
  readonly name: string;
  /** Default: the only one on which all of these faults can be made. */
  readonly topology?: TopologyName;
  readonly faults: readonly string[];
  /** What is wrong: at least one of these observations must have failed in this way, or all must be fine. */
  readonly failing?: { readonly probes: readonly string[]; readonly kind: string };
  readonly mark: { readonly of: 'run' | 'check'; readonly text: string; ms(rttMs: number): number };
}

const healthy = { of: 'run', text: '7 RTT + 150 ms', ms: (rttMs: number) => 7 * rttMs + 150 } as const;
const silent = { of: 'check', text: '3 s', ms: () => 3000 } as const;
const refused = { of: 'check', text: '2 RTT + 100 ms', ms: (rttMs: number) => 2 * rttMs + 100 } as const;
const timeout = (...probes: string[]) => ({ probes, kind: 'timeout' });

const cases: readonly Case[] = [
  { name: 'healthy', faults: [], mark: healthy },
  { name: 'healthy, without TURN', topology: 'cloud-kubernetes', faults: [], mark: healthy },
  { name: 'UDP silent', faults: ['udp-filtered'], failing: timeout('ice-udp'), mark: silent },
  {
    name: 'media silent, UDP and TCP',
    faults: ['udp-filtered', 'tcp-port-filtered'],
    failing: timeout('ice-udp', 'ice-tcp'),
    mark: silent,
  },
  { name: 'TURN/TLS silent', faults: ['turn-tls-unreachable'], failing: timeout('turn-tls'), mark: silent },
  {
    name: 'UDP refused',
    faults: ['udp-port-closed'],
    failing: { probes: ['ice-udp'], kind: 'refused' },
    mark: refused,
  },
  {
    name: 'TCP refused',
    faults: ['tcp-port-refused'],
    failing: { probes: ['ice-tcp'], kind: 'refused' },
    mark: refused,
  },
];
const withTurn: TopologyName = 'helm-port-range';
const roundTripsMs = [0, 50, 200];

interface Measured {
  readonly runMs: number;
  readonly checkMs?: number;
  /** Of a TCP connection to the signalling host, which is about the round-trip time. */
  readonly connectMs: number;
  /** Processor time of the checking process itself, which other people's work does not change. */
  readonly ownMs: number;
  /** Of the time, somebody on this machine waited for a processor (PSI): other people's work, which makes it slower. */
  readonly pressurePercent: number;
  readonly steps: readonly string[];
}

async function measure(one: Case, roundTripMs: number, livekitServer: string): Promise<Measured> {
  const sandbox = await openSandbox({
    topology: one.topology ?? withTurn,
    vantage: roundTripMs > 0 ? 'slow' : 'open',
    faults: [...one.faults],
    livekitServer,
    depth: 'wire',
    ...(roundTripMs > 0 && { roundTripMs }),
  });
  try {
    return measured(one, await sandbox.order({ do: 'check' }));
  } finally {
    await sandbox.close();
  }
}

const took = ({ startMs, endMs }: Observation): number => endMs - startMs;

function measured({ name, failing }: Case, { environments, durationMs }: Run): Measured {
  const [environment] = environments;
  const observations = environment?.observations ?? [];
  const tls = observations.find(({ probe, facts }) => probe === 'tls' && facts.role === 'signal');
  const load = observations.find(({ probe }) => probe === 'load');
  const found = failing
    ? observations.filter(
        ({ probe, state, failure, facts }) =>
          failing.probes.includes(probe) &&
          state === 'failed' &&
          failure?.kind === failing.kind &&
          (facts.origin ?? 'advertised') === 'advertised',
      )
    : [];
  const kinds = new Set(found.map(({ probe }) => probe));
  const asExpected = failing ? kinds.size === failing.probes.length : environment?.verdict === 'pass';
  if (!asExpected) throw new Error(`${name}: the check did not see what was made`);
  return {
    runMs: durationMs,
    ...(failing && { checkMs: Math.max(...found.map(took)) }),
    connectMs: Number(tls?.facts.connectMs),
    ownMs: Number(load?.facts.cpuShare) * durationMs,
    pressurePercent: Number(load?.facts.cpuPressurePercent),
    steps: observations.map((one) => `${one.id} ${Math.round(one.startMs)}–${Math.round(one.endMs)}`),
  };
}

interface Row {
  readonly roundTripMs: number;
  readonly name: string;
  readonly connect: Spread;
  readonly own: Spread;
  readonly run: Spread;
  readonly check?: Spread;
  readonly mark: string;
  /** Of the median, and of the slowest. */
  readonly ratio: number;
  readonly worstRatio: number;
  /** Of the run in the middle: each observation with its start and end in milliseconds. */
  readonly steps: readonly string[];
}

function row({ name, mark }: Case, roundTripMs: number, all: readonly Measured[]): Row {
  const run = spread(all.map(({ runMs }) => runMs));
  const checks = all.flatMap(({ checkMs }) => (checkMs === undefined ? [] : [checkMs]));
  const check = checks.length > 0 ? { check: spread(checks) } : {};
  const { medianMs, maxMs } = mark.of === 'check' ? spread(checks) : run;
  return {
    roundTripMs,
    name,
    connect: spread(all.map(({ connectMs }) => connectMs)),
    own: spread(all.map(({ ownMs }) => ownMs)),
    run,
    ...check,
    mark: `${mark.of} ≤ ${mark.text}`,
    ratio: medianMs / mark.ms(roundTripMs),
    worstRatio: maxMs / mark.ms(roundTripMs),
    steps: all.find(({ runMs }) => runMs === run.medianMs)?.steps ?? [],
  };
}

const withSpread = (one?: Spread): string =>
  one ? `${duration(one.medianMs)} (${duration(one.minMs)}–${duration(one.maxMs)})` : '';

function table(rows: readonly Row[]): string {
  const line = (cells: string[]): string =>
    cells
      .map((cell, index) => padTo(cell, [8, 27, 9, 9, 28, 28, 26][index] ?? 0))
      .join('')
      .trimEnd();
  const lines = rows.map((one) => [
    `${one.roundTripMs} ms`,
    one.name,
    duration(one.connect.medianMs),
    duration(one.own.medianMs),
    withSpread(one.run),
    withSpread(one.check),
    one.mark,
    `${one.ratio.toFixed(2)} (worst ${one.worstRatio.toFixed(2)})${one.ratio > 1 ? ' missed' : ''}`,
  ]);
  return [['RTT', 'case', 'connect', 'own', 'run', 'check', 'mark', 'ratio'], ...lines].map(line).join('\n');
}

/** Returns the exit code: 1 where the median misses a mark. */
export async function verdicts({ rounds, json }: { rounds: number; json: boolean }): Promise<number> {
  const livekitServer = await requireLivekitServer();
  const all = new Map<string, Measured[]>();
  const every = roundTripsMs.flatMap((roundTripMs) => cases.map((one) => ({ one, roundTripMs })));
  const keyOf = ({ one, roundTripMs }: (typeof every)[number]): string => `${roundTripMs} ${one.name}`;
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const each of every) {
      const made = await measure(each.one, each.roundTripMs, livekitServer);
      all.set(keyOf(each), [...(all.get(keyOf(each)) ?? []), made]);
    }
  }
  const pressures = [...all.values()].flat().map(({ pressurePercent }) => pressurePercent);
  const pressurePercent = Math.round(spread(pressures).medianMs);
  const rows = every.map((each) => row(each.one, each.roundTripMs, all.get(keyOf(each)) ?? []));
  process.stdout.write(
    json
      ? `${JSON.stringify({ rounds, cores: cpus().length, pressurePercent, rows }, null, 2)}\n`
      : `depth wire, ${rounds} rounds, ${cpus().length} cores, ${pressurePercent} % CPU pressure; median (min–max)\n${table(rows)}\n`,
  );
  return rows.every(({ ratio }) => ratio <= 1) ? 0 : 1;
}
