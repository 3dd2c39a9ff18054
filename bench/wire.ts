/**
 * `npm run bench -- wire`: how long `--depth wire` takes against the embedded environment, at a round-trip time of about
 * 0: runs in one process, and whole commands from their start. The table goes to standard error, JSON to standard output.
 */
import { spawn } from 'node:child_process';
import type { Run } from '../evidence/run.js';
import { startEmbedded } from '../fixtures/embedded/embedded.js';
import { enterNamespace } from '../fixtures/embedded/namespace.js';
import { duration, padTo } from '../reporters/text.js';
import { runChecks } from '../run/run.js';
import { checkEmbedded } from './command.js';
import { type Spread, spread } from './spread.js';

const runs = 40;
const commands = 5;
const budgetMs = 400;

async function inOneProcess(): Promise<Run[]> {
  const embedded = await startEmbedded();
  try {
    const made: Run[] = [];
    for (let i = 0; i < runs; i++) {
      made.push(
        await runChecks({
          environments: [embedded.environment],
          depth: 'wire',
          version: 'bench',
          signal: new AbortController().signal,
        }),
      );
    }
    return made;
  } finally {
    await embedded.stop();
  }
}

/** The run in the middle, as `id start–end`. */
function waterfall(made: readonly Run[]): { id: string; startMs: number; endMs: number }[] {
  const middle = [...made].sort((a, b) => a.durationMs - b.durationMs)[Math.floor(made.length / 2)];
  return (middle?.environments[0]?.observations ?? []).map(({ id, startMs, endMs }) => ({ id, startMs, endMs }));
}

function passed(made: readonly Run[]): number {
  return made.filter(({ environments }) => environments.every(({ verdict }) => verdict === 'pass')).length;
}

/** Returns the exit code. */
export async function wire(): Promise<number> {
  const inside = await enterNamespace([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  if (inside) {
    const child = spawn(inside.command, inside.args, { env: inside.env, stdio: 'inherit' });
    return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  }
  const made = await inOneProcess();
  const called: { firstLineMs: number; totalMs: number; run: Run }[] = [];
  for (let i = 0; i < commands; i++) {
    const { run, complaint, ...times } = await checkEmbedded('--depth', 'wire');
    if (!run) throw new Error(`the check ended without a run: ${complaint}`);
    called.push({ ...times, run });
  }
  const rows: [string, Spread][] = [
    ['run, first in a process', spread(made.slice(0, 1).map(({ durationMs }) => durationMs))],
    [`run, the other ${runs - 1}`, spread(made.slice(1).map(({ durationMs }) => durationMs))],
    ['run, in a command', spread(called.map(({ run }) => run.durationMs))],
    ['command, first line', spread(called.map(({ firstLineMs }) => firstLineMs))],
    ['command, all in all', spread(called.map(({ totalMs }) => totalMs))],
  ];
  const row = (cells: string[]) =>
    cells
      .map((cell, i) => padTo(cell, i === 0 ? 26 : 10))
      .join('')
      .trimEnd();
  const table = rows.map(([name, { minMs, medianMs, maxMs }]) =>
    row([name, ...[minMs, medianMs, maxMs].map(duration)]),
  );
  const all = [...made, ...called.map(({ run }) => run)];
  process.stderr.write(
    `${[
      row(['--depth wire', 'min', 'median', 'max']),
      ...table,
      `passed: ${passed(all)} of ${all.length}; budget of a run: ${duration(budgetMs)}`,
    ].join('\n')}\n`,
  );
  const results = Object.fromEntries(rows);
  process.stdout.write(
    `${JSON.stringify({ budgetMs, passed: passed(all), of: all.length, results, waterfall: waterfall(made) }, null, 2)}\n`,
  );
  return passed(all) === all.length ? 0 : 1;
}
