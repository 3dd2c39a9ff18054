/** What a user waits for before anything is checked, beside what Node itself takes. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkEmbedded } from './command.js';
import type { Rounds } from './rounds.js';
import { type Spread, spread } from './spread.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

function timed(...args: string[]): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('close', () => resolve(performance.now() - began));
  });
}

export interface Startup {
  readonly name: string;
  readonly took: Spread;
  /** In ms; absent: there is none. */
  readonly mark?: number;
}

interface Started {
  readonly node: number;
  readonly help: number;
  readonly first: number;
  readonly whole: number;
}

/** In alternation. */
export async function startup(wanted: number, rounds: Rounds): Promise<Startup[]> {
  while (rounds.of('startup').length < wanted) {
    const node = await timed('-e', '');
    const help = await timed(main, '--help');
    const { run, firstLineMs, totalMs, complaint } = await checkEmbedded();
    if (!run) throw new Error(`the check ended without a run: ${complaint}`);
    const started: Started = { node, help, first: firstLineMs, whole: totalMs };
    rounds.add('startup', started);
  }
  const all = rounds.of<Started>('startup');
  const took = (of: keyof Started): Spread => spread(all.map((one) => one[of]));
  return [
    { name: '`node -e ""`, for comparison', took: took('node') },
    { name: '`livekit-doctor --help`', took: took('help'), mark: 150 },
    { name: '`livekit-doctor check`, to its first line', took: took('first'), mark: 300 },
    { name: '`livekit-doctor check embedded`, whole, its server started and stopped', took: took('whole'), mark: 6000 },
  ];
}
