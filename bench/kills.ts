/** `npm run bench -- kills`: `check` and `serve` are killed at random moments. Writes `bench/kills.md` after a hundred. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '../browser/executable.js';
import { sandboxCommand } from '../fixtures/lab/sandbox.js';
import type { Killed, KillOptions, Subject } from './killing.js';
import { killsDocument, killsSummary } from './kills-document.js';

/** Fewer say too little to be written down. */
const many = 100;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const subjects: readonly Subject[] = [
  'wire',
  'peer',
  ...(findBrowser() ? (['media'] as const) : []),
  'embedded',
  'serve',
];

/** In a sandbox of its own. Rejects with what kept it from being made or from ending. */
export function killAll(options: KillOptions, onProgress: (text: string) => void): Promise<Killed> {
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const killing = [process.execPath, ...process.execArgv, here('killing.ts'), JSON.stringify(options)];
  const [program, ...args] = sandboxCommand(...inside, ...killing);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
    onProgress(text);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Killed);
      else reject(new Error(`it was not done (exit code ${code}): ${complaint}`));
    });
  });
}

export interface KillsBenchOptions extends Omit<KillOptions, 'subjects'> {
  /** Only these; empty: all. */
  readonly only: readonly string[];
}

/** Returns the exit code: 1 where anything was left. */
export async function kills({ only, ...options }: KillsBenchOptions): Promise<number> {
  const some = subjects.filter((one) => only.length === 0 || only.includes(one));
  const killed = await killAll({ ...options, subjects: some }, (text) => void process.stderr.write(text));
  process.stdout.write(`${killsSummary(killed)}\n`);
  if (options.times >= many && only.length === 0) await writeFile(here('kills.md'), killsDocument(killed));
  return killed.wrong.length + killed.kills.flatMap(({ left }) => left).length > 0 ? 1 : 0;
}
