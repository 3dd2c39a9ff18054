/** `npm run bench -- media`: where the time of a whole check of the embedded environment goes, cold, by phase and path. */
import type { MediaFacts } from '../evidence/facts.js';
import type { Run } from '../evidence/run.js';
import { duration, padTo } from '../reporters/text.js';
import { checkEmbedded } from './command.js';
import { type Spread, spread } from './spread.js';

/** What a run of all four paths may take, from the start of the program to its end, on two cores. */
const budgetMs = 5000;

type Phase = readonly [name: string, of: (run: Run) => number | undefined];

function endOf(id: string): (run: Run) => number | undefined {
  return (run) => run.environments[0]?.observations.find((one) => one.id === id)?.endMs;
}

function latest(of: (facts: MediaFacts, startMs: number) => (number | undefined)[]): (run: Run) => number | undefined {
  return (run) => {
    const media = run.environments[0]?.observations.filter(({ probe }) => probe === 'media') ?? [];
    const all = media.flatMap(({ facts, startMs }) => of(facts as unknown as MediaFacts, startMs));
    const known = all.filter((one) => one !== undefined);
    return known.length > 0 ? Math.max(...known) : undefined;
  };
}

const sides = ({ caller, callee }: MediaFacts) => [caller, callee];

/** All in milliseconds since the run began; of several paths and two participants the last one counts. */
const phases: readonly Phase[] = [
  ['signalling joined', endOf('signal')],
  ['browser and pages open', endOf('browser')],
  ['ICE connected', latest((facts, startMs) => sides(facts).map((one) => one?.iceMs && startMs + one.iceMs))],
  ['DTLS done', latest((facts, startMs) => sides(facts).map((one) => one?.dtlsMs && startMs + one.dtlsMs))],
  [
    'first packet',
    latest((facts, startMs) => sides(facts).map((one) => one?.firstPacketMs && startMs + one.firstPacketMs)),
  ],
  [
    'first right picture',
    latest((facts, startMs) =>
      sides(facts).map((one) => one?.received.firstFrameMs && startMs + one.received.firstFrameMs),
    ),
  ],
  [
    'first right voice',
    latest((facts, startMs) =>
      sides(facts).map((one) => one?.received.firstAudioMs && startMs + one.received.firstAudioMs),
    ),
  ],
  ['verdict', (run) => run.durationMs],
];

/** Returns the exit code: 1 where a round did not pass. Time decides nothing. */
export async function media({ rounds, json }: { rounds: number; json: boolean }): Promise<number> {
  const runs: Run[] = [];
  const totals: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { run, totalMs, complaint } = await checkEmbedded();
    if (!run) throw new Error(`the check ended without a run: ${complaint}`);
    runs.push(run);
    totals.push(totalMs);
  }
  const passed = runs.filter(({ environments }) => environments.every(({ verdict }) => verdict === 'pass')).length;
  const rows: [string, Spread][] = phases.map(([name, of]) => [name, spread(runs.flatMap((run) => of(run) ?? []))]);
  rows.push(['program, start to end', spread(totals)]);
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => padTo(cell, i === 0 ? 26 : 10))
      .join('')
      .trimEnd();
  const table = rows.map(([name, { minMs, medianMs, maxMs }]) =>
    line([name, ...[minMs, medianMs, maxMs].map(duration)]),
  );
  process.stderr.write(
    `${[line(['four paths, two each', 'min', 'median', 'max']), ...table, `passed: ${passed} of ${rounds}; budget of the program: ${duration(budgetMs)}`].join('\n')}\n`,
  );
  if (json)
    process.stdout.write(
      `${JSON.stringify({ budgetMs, rounds, passed, phases: Object.fromEntries(rows) }, null, 2)}\n`,
    );
  return passed === rounds ? 0 : 1;
}
