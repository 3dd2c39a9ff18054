/** The command as people call it, in a process of its own. Needs the build. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import type { Run } from '../evidence/run.js';

const main = new URL('../dist/cli/main.js', import.meta.url).pathname;

export interface Command {
  readonly firstLineMs: number;
  readonly totalMs: number;
  readonly code: number | null;
  /** Undefined where it ended without a run document; then `complaint` says why. */
  readonly run?: Run;
  readonly complaint: string;
}

/** `livekit-doctor check embedded … --json`: program start, server start, checks, and everything stopped. */
export function checkEmbedded(...options: string[]): Promise<Command> {
  const began = performance.now();
  const child = spawn(process.execPath, [main, 'check', 'embedded', '--json', ...options]);
  let json = '';
  let complaint = '';
  let firstLineMs = 0;
  child.stdout.on('data', (chunk) => {
    json += chunk;
  });
  child.stderr.on('data', (chunk) => {
    firstLineMs ||= performance.now() - began;
    complaint = (complaint + chunk).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const totalMs = performance.now() - began;
      const common = { firstLineMs, totalMs, code, complaint };
      try {
        resolve({ ...common, run: JSON.parse(json) as Run });
      } catch {
        resolve(common);
      }
    });
  });
}
