/** The tables of the benchmark: for a terminal, and as the page in `docs/`. */
import { duration } from '../reporters/text.js';
import { roundTripsNeeded } from './cases.js';
import { type Compared, linkOf } from './compare.js';
import type { Performance } from './performance.js';
import type { Spread } from './spread.js';

const spreadText = ({ minMs, medianMs, maxMs }: Spread): string =>
  `${duration(medianMs)} (${duration(minMs)} to ${duration(maxMs)})`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function comparisons(compared: readonly Compared[]): string {
  return table(
    ['case', 'RTT, loss', 'contestant', 'median (min to max)', 'ratio', 'right', 'says'],
    compared.flatMap((one) =>
      one.rows.map(({ contestant, took, ratio, right, of, says }, index) => [
        index === 0 ? one.name : '',
        index === 0 ? linkOf(one) : '',
        contestant,
        spreadText(took),
        ratio.toFixed(ratio < 10 ? 2 : 0),
        `${right} of ${of}`,
        Object.entries(says)
          .map(([words, times]) => (times === of ? words : `${words} (${times})`))
          .join('; '),
      ]),
    ),
  );
}

function held(name: string, measured: number, mark: number): readonly string[] {
  return [
    name,
    duration(measured),
    duration(mark),
    (measured / mark).toFixed(2),
    measured <= mark ? 'met' : '**missed**',
  ];
}

/** Each mark, and what was measured against it. */
function marks({ compared, wireScale, startup }: Performance): string {
  // Whoever loses packets waits for them to be sent again, and no mark is about that.
  const wire = compared
    .filter(({ lossPercent }) => lossPercent === 0)
    .map((one) => held(`wire, ${one.name}, ${linkOf(one)}: ${one.mark.text}`, one.mark.measured.medianMs, one.mark.ms));
  const program = startup.flatMap(({ name, took, mark }) =>
    mark === undefined ? [] : [held(name, took.medianMs, mark)],
  );
  const largest = wireScale.at(-1);
  const many = largest
    ? [
        held(
          `wire, ${largest.environments} environments in one process, whole`,
          largest.program.medianMs,
          20 * largest.environments,
        ),
        held(`wire, processor for each of ${largest.environments} environments`, largest.cpu.medianMs, 10),
        [
          `memory at ${largest.environments} environments`,
          `${Math.round(largest.maxRssMb)} MB`,
          '300 MB',
          (largest.maxRssMb / 300).toFixed(2),
          largest.maxRssMb <= 300 ? 'met' : '**missed**',
        ],
      ]
    : [];
  const media = compared.flatMap((one) => {
    const ours = one.rows.find(({ contestant }) => contestant === 'ours, media');
    const mark = one.healthy ? 2000 : 4000;
    if (!ours || one.roundTripMs > 0 || one.lossPercent > 0 || !['healthy', 'all media silent'].includes(one.name))
      return [];
    const official = one.rows.find(({ contestant }) => contestant === 'ConnectionCheck');
    const wanted = one.healthy ? 14 : 25;
    return [
      held(`media, ${one.name}`, ours.took.medianMs, mark),
      ...(official
        ? [
            [
              `media, ${one.name}, times as quick as ConnectionCheck`,
              official.ratio.toFixed(1),
              String(wanted),
              (official.ratio / wanted).toFixed(2),
              official.ratio >= wanted ? 'met' : '**missed**',
            ],
          ]
        : []),
    ];
  });
  return table(['what', 'measured', 'mark', 'measured / mark', ''], [...wire, ...media, ...program, ...many]);
}

/** How many round trips a verdict costs, from how it grows with the round-trip time. */
function slopes(compared: readonly Compared[]): string {
  const lossless = compared.filter(({ lossPercent }) => lossPercent === 0);
  const medianAt = (name: string, roundTripMs: number): number | undefined =>
    lossless.find((one) => one.name === name && one.roundTripMs === roundTripMs)?.rows[0]?.took.medianMs;
  const rows = [...new Set(lossless.map(({ name }) => name))].flatMap((name) => {
    const [near, far] = [medianAt(name, 50), medianAt(name, 200)];
    return near === undefined || far === undefined ? [] : [[name, ((far - near) / 150).toFixed(1)]];
  });
  return rows.length > 0 ? table(['case', 'round trips that its time grows by'], rows) : '';
}

/** What protocols and server need at least, beside what it took. */
function limits(compared: readonly Compared[]): string {
  const healthy = compared.filter((one) => one.healthy && one.lossPercent === 0);
  return table(
    ['RTT', `${roundTripsNeeded} round trips`, 'the server, for a join', 'together', 'measured', 'beyond it'],
    healthy.map(({ roundTripMs, server, rows }) => {
      const least = roundTripsNeeded * roundTripMs + server.next.medianMs;
      const measured = rows[0]?.took.medianMs ?? Number.NaN;
      const times = [roundTripsNeeded * roundTripMs, server.next.medianMs, least, measured, measured - least];
      return [`${roundTripMs} ms`, ...times.map(duration)];
    }),
  );
}

const firstJoin = (compared: readonly Compared[]): Spread =>
  (compared.find((one) => one.healthy) ?? (compared[0] as Compared)).server.first;

function accounts({ account, machine }: Performance): string {
  const whole = account.reduce((sum, { ms }) => sum + ms, 0);
  const rows = account.map(({ process, count, ms }) => [
    count > 1 ? `${process} (${count})` : process,
    duration(ms),
    `${Math.round((100 * ms) / whole)} %`,
  ]);
  const least = `${duration(whole)}, so ${duration(whole / machine.cores)} at least on ${machine.cores} cores`;
  return `${table(['process', 'processor time', 'share'], rows)}\n\nTogether ${least}.`;
}

function scales({ wireScale, mediaScale }: Performance): string {
  const rows = [...wireScale.map((one) => ['wire', one] as const), ...mediaScale.map((one) => ['media', one] as const)];
  return table(
    ['depth', 'environments', 'paths', 'whole, median (min to max)', 'processor, each', 'most memory', 'pass'],
    rows.map(([depth, one]) => [
      depth,
      String(one.environments),
      String(one.paths * (depth === 'wire' ? one.environments : 1)),
      spreadText(one.program),
      spreadText(one.cpu),
      `${Math.round(one.maxRssMb)} MB`,
      `${one.passed} of ${one.of}`,
    ]),
  );
}

export function summaryOf(made: Performance): string {
  return [
    comparisons(made.compared),
    limits(made.compared),
    slopes(made.compared),
    accounts(made),
    scales(made),
    marks(made),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** `reasons`: Markdown, of the marks that are missed. */
export function documentOf(made: Performance, reasons: string): string {
  const { days, machine, rounds, compared, startup } = made;
  return `# Performance

Made by \`npm run bench\` on ${[...new Set(days)].join(' to ')}: ${machine.cores} cores, ${machine.memoryGb} GiB, Node ${machine.node}, livekit-server ${machine.livekit}, ${machine.browser}. Each case is a lab of its own, real servers in network namespaces; all contestants run in the same namespace one after the other, and another one begins in each of the ${rounds} rounds. Other machines give other times, so compare the ratios. The figures are in [performance.json](performance.json).

## Against the marks

${marks(made)}

## Against everything else

The ratio is to our own median: at depth media for whatever sees media, else at depth wire. “Right” is how often the answer was right about whether calls come about by every way that the deployment promises. The time is from the start of the check to its answer, without the start of a browser for the others, and with it for ours.

- **ours, wire** and **ours, media**: \`check --depth wire\` and \`check --depth media\`: four paths, two participants each, content verified.
- **ConnectionCheck**: livekit-client's own, which LiveKit's test page runs, all seven checks.
- **plain Playwright**: two pages that join and wait for a picture of each other, once as it comes and once by relay.
- **terminal tools**: \`dig\` (or \`drill\`), \`openssl s_client\` and \`turnutils_uclient\` for every TURN server, without signalling and media. turnutils_uclient sends no SNI, so it does not reach a TURN server that shares port 443 with signalling.

![Time to an answer](images/performance-tools.svg)

${comparisons(compared)}

## The physical limit

A verdict at depth wire needs ${roundTripsNeeded} round trips: DNS, TCP, TLS, upgrade and join, the allocation at TURN, and a check through the relay; the checks of the media ports fit beside the last two. Beside them stands what the server itself takes to let somebody in. The first time since its start that is ${spreadText(firstJoin(compared))} here, which no row holds: somebody has joined before.

${limits(compared)}

From 50 to 200 ms of round-trip time a verdict grows by so many round trips:

${slopes(compared)}

![Depth wire, by round-trip time](images/performance-round-trips.svg)

## Where each millisecond of a healthy run goes

![A healthy check at depth wire](images/performance-waterfall.svg)

![A healthy check at depth media](images/performance-media.svg)

Who needs the processor for it, servers and all, at depth media:

${accounts(made)}

Before and after:

${table(
  ['what', 'median (min to max)'],
  startup.map(({ name, took }) => [name, spreadText(took)]),
)}

## How cost grows

${scales(made)}

![Environments in one process](images/performance-scale.svg)

${reasons.trim()}
`;
}
