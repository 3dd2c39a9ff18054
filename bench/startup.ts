/** What a user waits for before anything is checked, beside what Node itself takes. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkEmbedded } from './command.js';
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

/** In alternation. */
export async function startup(rounds: number): Promise<Startup[]> {
  const node: number[] = [];
  const help: number[] = [];
  const first: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < rounds; round++) {
    node.push(await timed('-e', ''));
    help.push(await timed(main, '--help'));
    const { run, firstLineMs, totalMs, complaint } = await checkEmbedded();
    if (!run) throw new Error(`the check ended without a run: ${complaint}`);
    first.push(firstLineMs);
    whole.push(totalMs);
  }
  return [
    { name: '`node -e ""`, for comparison', took: spread(node) },
    { name: '`livekit-doctor --help`', took: spread(help), mark: 150 },
    { name: '`livekit-doctor check`, to its first line', took: spread(first), mark: 300 },
    { name: '`livekit-doctor check embedded`, whole, its server started and stopped', took: spread(whole), mark: 6000 },
  ];
}
