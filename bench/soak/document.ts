/** What the soak came to: for a terminal, and as the page `docs/reliability.md`. */
import { livekitVersion } from '../../fixtures/embedded/livekit-server.js';
import type { FaultLine, HealthyLine, LeftLine } from '../../fixtures/soak/lines.js';
import { table } from '../performance-document.js';
import { conditions } from './conditions.js';
import { faults as all } from './faults.js';
import { count, type FaultSum, type HealthySum, quantile, sumsOfFaults, sumsOfHealthy } from './tally.js';

/** As `npm run fuzz -- --json` prints it, and when. */
export interface Fuzzing {
  /** ISO 8601. */
  readonly at: string;
  readonly seed: number;
  readonly all: readonly {
    readonly target: string;
    readonly inputs: number;
    readonly accepted: number;
    readonly seconds: number;
    readonly slowestMs: number;
    readonly crash?: { readonly error: string };
  }[];
}

export interface Results {
  readonly healthy: readonly HealthyLine[];
  readonly left: readonly LeftLine[];
  readonly faults: readonly FaultLine[];
  readonly fuzzing?: Fuzzing | undefined;
  /** There is a page about hostile peers. */
  readonly hostile: boolean;
  /** There is one about other versions of livekit-server. */
  readonly versions: boolean;
}

const number = (value: number): string => value.toLocaleString('en-US');
const percent = (share: number): string => {
  const value = 100 * share;
  return `${value < 10 ? Number(value.toPrecision(2)) : value.toFixed(0)} %`;
};
const named = (codes: Readonly<Record<string, number>>): string =>
  Object.entries(codes)
    .sort(([, one], [, other]) => other - one)
    .map(([code, times]) => `${code} (${times})`)
    .join(', ');

const healthyRow = (sum: HealthySum): string[] => [
  sum.condition === 'all' ? `**${sum.depth}, all**` : `${sum.depth}, ${sum.condition}`,
  number(sum.runs),
  number(sum.pass),
  number(sum.inconclusive),
  number(sum.fail),
  `≤ ${percent(sum.bound)}`,
  String(sum.load),
  [named(sum.codes), sum.broken > 0 ? `${sum.broken} without a run` : ''].filter(Boolean).join('; '),
];

export function healthyTable(lines: readonly HealthyLine[]): string {
  const sums = sumsOfHealthy(
    lines,
    conditions.map(({ name }) => name),
  );
  const head = [
    'depth, condition',
    'runs',
    'pass',
    'inconclusive',
    'fail',
    'false alarms, bound',
    'load',
    'what did not pass',
  ];
  return table(head, sums.map(healthyRow));
}

const faultRow = ({ name, faults, times, bound, ...sum }: FaultSum): string[] => [
  name === 'all' ? '**all**' : name,
  number(faults),
  number(times),
  `${number(sum.named)} (${percent(sum.named / times)})`,
  number(sum.inconclusive),
  number(sum.silent),
  number(sum.wrong),
  `≤ ${percent(bound)}`,
];

export function faultsTable(lines: readonly FaultLine[]): string {
  const head = ['family', 'faults', 'made', 'named rightly', 'inconclusive', 'not named', 'wrong cause', 'bound'];
  return table(head, sumsOfFaults(lines).map(faultRow));
}

/** Those that were not named rightly each time, the most often first. */
export function troubledFaults(lines: readonly FaultLine[]): string {
  const others = lines.filter(({ outcome }) => outcome !== 'named');
  const rows = [...new Set(others.map(({ fault }) => fault))].map((fault) => {
    const mine = others.filter((line) => line.fault === fault);
    const said = mine.map(({ outcome, codes }) => `${outcome}: ${codes.join(' + ') || 'nothing said'}`);
    const times = lines.filter((line) => line.fault === fault).length;
    return [`\`${fault}\``, `${mine.length} of ${times}`, named(count(said))] as const;
  });
  return rows.length === 0 ? '' : table(['fault', 'not named rightly', 'what came out'], rows);
}

const distinct = (values: readonly string[]): string => [...new Set(values)].join(', ');

/** When, and on what. */
function circumstances(lines: readonly (HealthyLine | FaultLine)[]): string {
  const days = [...new Set(lines.map(({ at }) => at.slice(0, 10)))].sort();
  const loads = lines.map(({ load }) => load);
  const machines = distinct(lines.map(({ cores, memoryGb }) => `${cores} cores and ${memoryGb} GiB`));
  return `Made ${days.length > 1 ? `from ${days[0]} to ${days.at(-1)}` : `on ${days[0]}`} on a machine with ${machines}, livekit-server ${livekitVersion}; load average ${quantile(loads, 0)} to ${quantile(loads, 1)}, ${quantile(loads, 0.5)} in the middle: other work had its part of the machine as well.`;
}

function healthySection(results: Results): string {
  const { healthy } = results;
  if (healthy.length === 0) return 'Not made yet.';
  const bounds = sumsOfHealthy(healthy, [])
    .filter(({ condition }) => condition === 'all')
    .map(({ depth, runs, fail, bound }) =>
      fail === 0
        ? `In ${number(runs)} runs at depth ${depth} there was no false alarm, so with a confidence of 95 % the rate is at most ${percent(bound)}: fewer than one in ${number(Math.floor(1 / bound))} runs.`
        : `In ${number(runs)} runs at depth ${depth} there were ${number(fail)} false alarms, so with a confidence of 95 % the rate is at most ${percent(bound)}.`,
    );
  return `${circumstances(healthy)}

${healthyTable(healthy)}

${bounds.join(' ')} The long form is 30,000 and 3,000 runs.${leftText(results)}

The conditions:

${table(
  ['condition', 'what it is'],
  conditions
    .filter(({ name }) => healthy.some(({ condition }) => condition === name))
    .map(({ name, summary }) => [name, summary]),
)}`;
}

/** What the healthy checks left behind, of those that were looked at for it. */
function leftText({ left }: Results): string {
  const asked = left.filter(({ unknown }) => unknown === undefined);
  if (asked.length === 0) return '';
  const sum = (key: 'runs' | 'secrets' | 'people' | 'rooms' | 'processes'): string =>
    number(asked.reduce((total, line) => total + (line[key] ?? 0), 0));
  const others = left.length - asked.length;
  const without = others > 0 ? ` ${number(others)} more could not ask the server.` : '';
  return `\n\nWhat they left behind, counted at the end of each of ${number(asked.length)} processes that made ${sum('runs')} runs: ${sum('secrets')} run documents with an API secret or a token in them, ${sum('people')} participants in a room right after the last check, ${sum('rooms')} rooms 15 s later at the latest, ${sum('processes')} processes.${without}`;
}

function faultsSection({ faults }: Results): string {
  if (faults.length === 0) return 'Not made yet.';
  const troubled = troubledFaults(faults);
  const times = Object.values(count(faults.map(({ fault }) => fault)));
  const [distinctFaults, most] = [times.length, Math.max(...times)];
  return `${circumstances(faults)} Made so far: ${distinctFaults} of the lab's ${all.length} faults, ${most === 1 ? 'each once' : `up to ${most} times each`}; the long form is 50 times each. Each time a fault is made in the next of its cells: a topology that it can be made on, seen from a vantage from which it can be seen.

${faultsTable(faults)}

${troubled || 'Each was named rightly each time.'}`;
}

function fuzzingSection({ fuzzing }: Results): string {
  if (!fuzzing)
    return 'No figures of a long run yet: `npm run --silent fuzz -- --json > test-results/soak/fuzz.json` makes them.';
  const rows = fuzzing.all.map(({ target, inputs, accepted, seconds, slowestMs, crash }) => [
    target,
    number(inputs),
    percent(accepted / Math.max(1, inputs)),
    `${seconds.toFixed(0)} s`,
    `${slowestMs.toFixed(1)} ms`,
    crash ? (crash.error.split('\n')[0] ?? '') : 'none',
  ]);
  return `Made on ${fuzzing.at.slice(0, 10)} with seed ${fuzzing.seed}; the long form is 1,000,000 inputs for each parser, and a twentieth for what takes milliseconds. Each input is a real message that was damaged. "Taken" are those that were still taken for what they pretend to be.

${table(['parser', 'inputs', 'taken', 'in', 'slowest input', 'crash'], rows)}`;
}

export function reliabilityDocument(results: Results): string {
  return `# Reliability

How often a check is wrong. Made by \`npm run soak -- --write\` from the results of long runs in the [lab](how-it-works.md): real servers, real networks and real browsers on one machine.

What you may conclude:

- **A \`fail\` is meant.** The first table says how many checks of deployments with nothing wrong ended in \`fail\`. Loss, delay and a busy machine may make a check \`inconclusive\`, which says that it cannot tell; that is no alarm, and it is counted apart.
- **A fault has its right name.** The second table says how often a fault that was really made was named, and how often something else was blamed instead.
- **The bounds are for what was tried.** "At most" is with a confidence of 95 %, and takes each run as independent of the others: with no event in n runs by the rule of three (3 / n), else exactly (Clopper and Pearson). Runs in one lab share its servers and one machine, so see it as the order of magnitude. A deployment that differs from every lab may do what none of them did.

## No false alarm

${healthySection(results)}

## No missed fault

${faultsSection(results)}

## Damaged input

${fuzzingSection(results)}
${results.hostile ? '\n## Hostile peers\n\nWhat servers that lie, stall and never end bring about is in [hostile peers](reliability/hostile.md).\n' : ''}${results.versions ? '\n## Other versions of livekit-server\n\nHow the same checks come out with earlier and later servers is in [versions](reliability/versions.md).\n' : ''}
## This machine's own faults

What a full disk, a clock that is set, a browser that is killed and the like bring about is in [faults of the machine that checks](reliability/own-machine.md).

## Make them yourself

\`\`\`console
$ npm run soak                              # 30,000 checks at depth wire, 3,000 at depth media: many hours
$ npm run soak -- --resume                  # go on after Ctrl-C, or tomorrow
$ npm run soak -- --faults --times 50       # every fault of the lab, 50 times; --resume goes on
$ npm run soak -- --write                   # this page
\`\`\`

Every run that did not come out as it should keeps its run document in \`test-results/soak/kept\`: \`livekit-doctor report\` shows it, \`livekit-doctor diagnose\` judges it again.
`;
}
