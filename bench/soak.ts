/**
 * `npm run bench -- soak`: a healthy deployment checked over and over, with one core taken if that is wanted. A `fail` is
 * a false alarm; `inconclusive` is not. What did not pass is kept.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Run } from '../evidence/run.js';
import { checkEmbedded } from './command.js';

export interface SoakOptions {
  readonly runs: number;
  /** Another process uses one core all the time. */
  readonly busy: boolean;
  /** Where the runs that did not pass are kept. */
  readonly directory: string;
}

/** Returns the exit code: 1 after a false alarm, or where a check broke. */
export async function soak({ runs, busy, directory }: SoakOptions): Promise<number> {
  const burner = busy ? burn() : undefined;
  const counts = { pass: 0, inconclusive: 0, fail: 0, broken: 0 };
  const began = performance.now();
  try {
    for (let number = 1; number <= runs; number++) {
      const { run, complaint } = await checkEmbedded();
      const verdict = run?.environments[0]?.verdict ?? 'broken';
      counts[verdict] += 1;
      if (verdict !== 'pass') {
        await mkdir(directory, { recursive: true });
        await writeFile(
          `${directory}/${number}-${verdict}.json`,
          run ? JSON.stringify(run) : JSON.stringify({ complaint }),
        );
        process.stderr.write(
          `${number}: ${verdict}${run ? `: ${said(run)}` : `: ${complaint.trim().split('\n').at(-1)}`}\n`,
        );
      } else if (number % 10 === 0) process.stderr.write(`${number}: ${JSON.stringify(counts)}\n`);
    }
  } finally {
    burner?.kill('SIGKILL');
  }
  const minutes = (performance.now() - began) / 60_000;
  process.stdout.write(`${JSON.stringify({ runs, busy, ...counts, minutes: Math.round(minutes * 10) / 10 })}\n`);
  return counts.fail + counts.broken === 0 ? 0 : 1;
}

function said({ environments }: Run): string {
  const findings = environments.flatMap((environment) => environment.findings);
  return findings.map(({ code, severity, cause }) => `${severity} ${code}: ${cause}`).join('; ') || 'no finding';
}

function burn(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}
