/** The thread in which a target takes its inputs. */
import { parentPort, workerData } from 'node:worker_threads';
import { everyInputs, type Job, type Word } from './fuzz.js';
import { mutated } from './mutate.js';
import { targets } from './targets.js';

const { target: name, inputs, seed } = workerData as Job;
const target = targets[name]?.();
if (!target) throw new Error(`there is no target ${name}`);
const say = (word: Word): void => parentPort?.postMessage(word);

const seeds = target.seeds();
if (seeds.length === 0) throw new Error(`${name} has no seeds`);
// Undamaged, they are what they pretend to be; else everything would be refused at the first look.
let real = 0;
for (const bytes of seeds) if (await target.take(bytes)) real += 1;
if (real === 0) throw new Error(`${name} refuses all of its own seeds`);

let accepted = 0;
let slowestMs = 0;
let crash: { input: number; error: string } | undefined;
for (let number = 0; number < inputs && !crash; number++) {
  if (number % everyInputs === 0) say({ at: number });
  const began = performance.now();
  try {
    if (await target.take(mutated(seeds, seed, number))) accepted += 1;
  } catch (error) {
    crash = { input: number, error: (error as Error).stack ?? String(error) };
  }
  slowestMs = Math.max(slowestMs, performance.now() - began);
}
await target.close?.();
say({ accepted, slowestMs, ...(crash && { crash }) });
