/** `npm run bench`: everything side by side in one run. The full one writes `docs/performance.md` and its plots. */

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
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
import { account, mediaSteps, quickMediaSteps, quickWireSteps, type Scaled, scale, wireSteps } from './scale.js';
import { type Startup, startup } from './startup.js';

export interface Performance {
  readonly date: string;
  readonly machine: { readonly cores: number; readonly memoryGb: number; readonly node: string };
  readonly livekit: string;
  /** What it calls itself. */
  readonly browser: string;
  readonly rounds: number;
  readonly compared: readonly Compared[];
  readonly wireScale: readonly Scaled[];
  readonly mediaScale: readonly Scaled[];
  /** Processor time of a healthy check at depth media. */
  readonly account: readonly Share[];
  readonly startup: readonly Startup[];
}

export interface PerformanceOptions {
  /** One round of little, in some minutes; writes nothing. */
  readonly quick: boolean;
  readonly rounds: number;
  /** To standard output, instead of the tables. */
  readonly json: boolean;
}

const docs = fileURLToPath(new URL('../docs/', import.meta.url));

async function browserVersion(): Promise<string> {
  const found = findBrowser();
  if (!found) throw new Error(missingBrowser());
  const { stdout } = await promisify(execFile)(found.executable, ['--no-sandbox', '--version']);
  return stdout.trim();
}

/** Returns the exit code: 1 where a healthy deployment did not pass or a fault was not seen. Time decides nothing. */
export async function performance({ quick, rounds, json }: PerformanceOptions): Promise<number> {
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const times = quick ? 1 : rounds;
  const made: Performance = {
    date: new Date().toISOString().slice(0, 10),
    machine: { ...thisMachine(), node: process.versions.node },
    livekit: livekitVersion,
    browser: await browserVersion(),
    rounds: times,
    startup: await startup(times),
    wireScale: await scale(quick ? quickWireSteps : wireSteps, onProgress),
    mediaScale: await scale(quick ? quickMediaSteps : mediaSteps, onProgress),
    account: await account(),
    compared: await compareAll(quick ? quickCases : cases, times, onProgress),
  };
  process.stdout.write(json ? `${JSON.stringify(made, null, 2)}\n` : `${summaryOf(made)}\n`);
  if (!quick) {
    await mkdir(`${docs}images`, { recursive: true });
    await writeFile(`${docs}performance.md`, documentOf(made));
    await writeFile(`${docs}performance.json`, `${JSON.stringify(made, null, 2)}\n`);
    for (const [name, svg] of Object.entries(plotsOf(made)))
      await writeFile(`${docs}images/performance-${name}.svg`, svg);
  }
  const wrong = made.compared.filter(({ rows }) =>
    rows.some(({ contestant, right, of }) => contestant.startsWith('ours') && (right < of || of < times)),
  );
  const missing = (quick ? quickCases : cases).length - made.compared.length;
  if (missing > 0) onProgress(`✗ ${missing} cases could not be measured`);
  const failed = [...made.wireScale, ...made.mediaScale].filter(({ passed, environments }) => passed < environments);
  for (const { name } of wrong) onProgress(`✗ ${name}: not seen rightly by us in every round`);
  for (const { environments, passed } of failed) onProgress(`✗ ${environments} environments: ${passed} passed`);
  return wrong.length + failed.length + missing > 0 ? 1 : 0;
}
