/** What a long time of `serve` was like, as a table, and as the page `bench/serve.md`. */

import { livekitVersion } from '../fixtures/embedded/livekit-server.js';
import { machineText } from '../fixtures/machine.js';
import type { Sample, Served, ServingOptions } from './contestants/serving.js';
import { table } from './performance-document.js';

/** Buffers fill and code is compiled. */
const warmUpShare = 1 / 6;
/** The last results of each environment are remembered, 120 at most, which takes 20 minutes at one in 10 s. */
const fullShare = 2 / 3;

interface Slope {
  readonly perHour: number;
  /** How far chance alone may have moved it, by the spread around the line. */
  readonly standardError: number;
}

/** Least squares; `x` in hours. */
function slope(points: readonly (readonly [hours: number, value: number])[]): Slope {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perHour = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - perHour * (x - meanX)) ** 2, 0);
  return { perHour, standardError: Math.sqrt(rest / (points.length - 2) / spreadX) };
}

const hours = ({ atMs }: Sample): number => atMs / 3_600_000;

interface Line {
  readonly name: string;
  readonly of: (sample: Sample) => number;
  readonly digits: number;
}

const lines: readonly Line[] = [
  { name: 'memory of the exporter (RSS), MB', of: ({ exporterMb }) => exporterMb, digits: 1 },
  { name: 'memory of the process that checks (RSS), MB', of: ({ workersMb }) => workersMb, digits: 1 },
  { name: 'open files of the exporter', of: ({ exporterFiles }) => exporterFiles, digits: 0 },
  { name: 'open files of the process that checks', of: ({ workerFiles }) => workerFiles, digits: 0 },
  { name: 'processes', of: ({ processes }) => processes, digits: 0 },
];

const text = (values: readonly number[], digits: number, of: (values: readonly number[]) => number): string =>
  values.length > 0 ? of(values).toFixed(digits) : '';

function courses(samples: readonly Sample[]): string {
  const first = samples.slice(0, 2).at(-1);
  const lastMs = samples.at(-1)?.atMs ?? 0;
  const from = (share: number): Sample[] => samples.filter(({ atMs }) => atMs >= lastMs * share);
  const after = from(warmUpShare);
  const rows = lines.map(({ name, of, digits }) => {
    const values = after.map(of);
    const perHour = (some: readonly Sample[]): string => {
      const found = slope(some.map((one) => [hours(one), of(one)]));
      return `${found.perHour.toFixed(1)} ± ${found.standardError.toFixed(1)}`;
    };
    return [
      name,
      first ? of(first).toFixed(digits) : '',
      text(values, digits, ([value = 0]) => value),
      text(values, digits, (all) => all.at(-1) ?? 0),
      `${text(values, digits, (all) => Math.min(...all))} to ${text(values, digits, (all) => Math.max(...all))}`,
      perHour(after),
      perHour(from(fullShare)),
    ];
  });
  const head = [
    '',
    'start',
    'after warm-up',
    'end',
    'from, to (after warm-up)',
    'per hour (after warm-up)',
    'per hour (last third)',
  ];
  return table(head, rows);
}

/** How many checks are due in the time, and what became of them. */
function counts({ samples, kept, left, exitCode }: Served, { environments, minutes, every }: ServingOptions): string {
  const last = samples.at(-1);
  if (!last) return '';
  const runs = Object.values(last.runs).reduce((sum, one) => sum + one, 0);
  const due = Math.round((environments * last.atMs) / 1000 / Number.parseFloat(every));
  const loads = samples.map(({ load }) => load);
  return table(
    ['', ''],
    [
      ['environments, period, time', `${environments}, ${every}, ${minutes} min`],
      ['checks that were due', `about ${due}`],
      ['checks made, repetitions included', String(runs)],
      ...(['pass', 'fail', 'inconclusive'] as const).map((verdict) => [
        `… ${verdict}`,
        String(last.runs[verdict] ?? 0),
      ]),
      ['failed once, passed at once when repeated', String(last.flaps)],
      ['slots missed', String(last.missed)],
      ['checks that gave nothing', String(last.lost)],
      [
        'processor time, of one core',
        `${((100 * last.cpuMs) / last.atMs).toFixed(1)} % (${(last.cpuMs / Math.max(1, runs)).toFixed(0)} ms for each check)`,
      ],
      ['runs in the history at the end', String(kept)],
      ['exit code after SIGTERM', String(exitCode)],
      ['processes left', String(left.length)],
      ['load average of the machine, other work included', `${Math.min(...loads)} to ${Math.max(...loads)}`],
    ],
  );
}

export const serveSummary = (served: Served, options: ServingOptions): string =>
  `${counts(served, options)}\n\n${courses(served.samples)}`;

export function serveDocument(served: Served, options: ServingOptions): string {
  const { environments, every, minutes } = options;
  const warmUp = Math.round(minutes * warmUpShare);
  const machine = `${machineText()}, livekit-server ${livekitVersion}`;
  return `# serve, for a long time

\`npm run bench -- serve\`, ${new Date().toISOString().slice(0, 10)}, ${machine}: one healthy deployment in the lab, called by ${environments} ports as ${environments} environments, each checked on the wire every ${every} for ${minutes} minutes, with a history. Sampled every ${options.sampleMs / 1000} s, with a scrape of \`/metrics\` each time. The deployment runs on the same cores.

${counts(served, options)}

${courses(served.samples)}

The first ${warmUp} minutes are the warm-up. "Per hour" is the slope of the line through all samples after it (least squares), with its standard error. The last results of each environment are remembered, 120 in the exporter and 100 in the process that checks, so that both grow until those are full: 20 minutes at a check every 10 s. A process that checks is replaced when it has grown beyond 300 MB by the end of a check.
`;
}
