/** `npm run bench`: everything side by side. The full one writes `docs/performance.md` and its plots. */

import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findBrowser, missingBrowser } from '../browser/executable.js';
import { livekitVersion } from '../fixtures/embedded/livekit-server.js';
import { thisMachine } from '../fixtures/machine.js';
import { cases, quickCases } from './cases.js';
import { type Compared, compareAll } from './compare.js';
import type { Share } from './contestants/accounting.js';
import { documentOf, summaryOf } from './performance-document.js';
import { plotsOf } from './performance-plots.js';
import { openRounds } from './rounds.js';
import { account, mediaSteps, quickMediaSteps, quickWireSteps, type Scaled, scale, wireSteps } from './scale.js';
import { type Startup, startup } from './startup.js';

export interface Performance {
  /** The first and the last day, `2026-01-31`. */
  readonly days: readonly [string, string];
  readonly machine: Machine;
  readonly rounds: number;
  readonly compared: readonly Compared[];
  readonly wireScale: readonly Scaled[];
  readonly mediaScale: readonly Scaled[];
  /** Processor time of a healthy check at depth media. */
  readonly account: readonly Share[];
  readonly startup: readonly Startup[];
}

interface Machine {
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly livekit: string;
  /** What it calls itself. */
  readonly browser: string;
}

export interface PerformanceOptions {
  /** One round of little, in some minutes; writes nothing. */
  readonly quick: boolean;
  readonly rounds: number;
  /** To standard output, instead of the tables. */
  readonly json: boolean;
  /** Goes on where an earlier one was ended. */
  readonly resume: boolean;
}

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const kept = fileURLToPath(new URL('../test-results/bench/rounds.jsonl', import.meta.url));
/** Of marks that are missed: what was found by looking closer, by hand. */
const reasons = fileURLToPath(new URL('./reasons.md', import.meta.url));

async function thisOne(): Promise<Machine> {
  const found = findBrowser();
  if (!found) throw new Error(missingBrowser());
  const { stdout } = await promisify(execFile)(found.executable, ['--no-sandbox', '--version']);
  return { ...thisMachine(), node: process.versions.node, livekit: livekitVersion, browser: stdout.trim() };
}

async function measure(
  { quick, rounds: asked, resume }: PerformanceOptions,
  onProgress: (line: string) => void,
): Promise<Performance> {
  const machine = await thisOne();
  const rounds = openRounds({ ...(!quick && { file: kept }), resume, on: Object.values(machine).join(', ') });
  const wanted = quick ? 1 : asked;
  const measured = {
    startup: await startup(wanted, rounds),
    wireScale: await scale(quick ? quickWireSteps : wireSteps, wanted, rounds, onProgress),
    mediaScale: await scale(quick ? quickMediaSteps : mediaSteps, wanted, rounds, onProgress),
    account: await account(rounds),
    compared: await compareAll(quick ? quickCases : cases, wanted, rounds, onProgress),
  };
  return { days: rounds.days(), machine, rounds: wanted, ...measured };
}

async function write(made: Performance): Promise<void> {
  await mkdir(`${docs}images`, { recursive: true });
  await writeFile(`${docs}performance.json`, `${JSON.stringify(made, null, 2)}\n`);
  await writeFile(`${docs}performance.md`, documentOf(made, await readFile(reasons, 'utf8')));
  for (const [name, svg] of Object.entries(plotsOf(made)))
    await writeFile(`${docs}images/performance-${name}.svg`, svg);
}

/** Returns the exit code: 1 where a healthy deployment did not pass or a fault was not seen. Time decides nothing. */
export async function performance(options: PerformanceOptions): Promise<number> {
  const { quick, json } = options;
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const made = await measure(options, onProgress);
  process.stdout.write(json ? `${JSON.stringify(made, null, 2)}\n` : `${summaryOf(made)}\n`);
  if (!quick) await write(made);
  const wrong = made.compared.filter(({ rows }) =>
    rows.some(({ contestant, right, of }) => contestant.startsWith('ours') && (right < of || of < made.rounds)),
  );
  const failed = [...made.wireScale, ...made.mediaScale].filter(({ passed, of }) => passed < of);
  const missing = (quick ? quickCases : cases).length - made.compared.length;
  for (const { name } of wrong) onProgress(`✗ ${name}: not seen rightly by us in every round`);
  for (const { environments, passed, of } of failed)
    onProgress(`✗ ${environments} environments: ${passed} of ${of} passed`);
  if (missing > 0) onProgress(`✗ ${missing} cases could not be measured`);
  return wrong.length + failed.length + missing > 0 ? 1 : 0;
}
