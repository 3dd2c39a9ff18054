/** Gives a parser so many damaged inputs, in a thread of its own, so that one that does not come to an end is seen. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { mutated } from './mutate.js';
import { targets } from './targets.js';

export interface Fuzzed {
  readonly target: string;
  readonly inputs: number;
  /** That were taken for real. */
  readonly accepted: number;
  readonly seconds: number;
  readonly slowestMs: number;
  /** What went wrong first, with the number of its input. */
  readonly crash?: { readonly input: number; readonly error: string; readonly file: string };
}

export interface Job {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
}

/** The thread tells so often how far it is. */
export const everyInputs = 50;
/** One input takes microseconds to milliseconds. */
const stuckMs = 20_000;
/** What the thread needs is compiled first. */
const startMs = 120_000;

const cases = new URL('../../fixtures/fuzz/cases/', import.meta.url).pathname;

export type Word =
  | { readonly at: number }
  | { readonly accepted: number; readonly slowestMs: number; readonly crash?: { input: number; error: string } };

export function fuzz(job: Job): Promise<Fuzzed> {
  const began = performance.now();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    let at = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = ({ accepted = 0, slowestMs = 0, crash }: Partial<Extract<Word, { accepted: number }>>): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve({
        target: job.target,
        inputs: crash ? crash.input : job.inputs,
        accepted,
        seconds: (performance.now() - began) / 1000,
        slowestMs,
        ...(crash && { crash: { ...crash, file: kept(job, crash.input) } }),
      });
    };
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ crash: { input: at, error: `no end within ${ms} ms` } }), ms);
    };
    worker.on('message', (word: Word) => {
      if ('accepted' in word) return end(word);
      at = word.at;
      wait(stuckMs);
    });
    worker.once('error', (error) => end({ crash: { input: at, error: error.stack ?? error.message } }));
    worker.once('exit', (code) => {
      clearTimeout(timer);
      if (code !== 0) reject(new Error(`the thread of ${job.target} ended with ${code}`));
    });
    wait(startMs);
  });
}

/** Writes the input down, to be tried ever after. */
function kept({ target, seed }: Job, number: number): string {
  const bytes = mutated(targets[target]?.().seeds() ?? [], seed, number);
  const folder = `${cases}${target}`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.bin`;
  writeFileSync(file, bytes);
  return file;
}

/** What once went wrong. */
export function keptCases(target: string): { readonly name: string; readonly bytes: Buffer }[] {
  const folder = `${cases}${target}`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: readFileSync(`${folder}/${name}`) }));
}
