/** Healthy deployments, checked over and over: each `fail` is a false alarm. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import type { CheckerJob } from '../../fixtures/soak/checker.js';
import {
  append,
  type HealthyLine,
  keep,
  loudCodes,
  machine,
  readLines,
  type SoakDepth,
} from '../../fixtures/soak/lines.js';
import { checkEmbedded } from '../command.js';
import type { Condition } from './conditions.js';

const checker = fileURLToPath(new URL('../../dist/fixtures/soak/checker.js', import.meta.url));
/** Labs that could not be made or broke, one after another, before it is given up. */
const mostBroken = 3;

export interface HealthyOptions {
  readonly conditions: readonly Condition[];
  /** Of all conditions together, with those that are there already. */
  readonly runs: Readonly<Record<SoakDepth, number>>;
  /** Lines of JSON, which are added to. */
  readonly file: string;
  readonly livekitServer: string;
  readonly signal: AbortSignal;
  onProgress(line: string): void;
}

interface Task {
  readonly condition: Condition;
  readonly depth: SoakDepth;
  left: number;
  /** Labs that it had. */
  labs: number;
  broken: number;
}

/** Resolves when all runs are made, or it is aborted. Rejects where labs cannot be made. */
export async function soakHealthy(options: HealthyOptions): Promise<void> {
  const { conditions, runs, file, signal, onProgress } = options;
  const before = readLines<HealthyLine>(file);
  const tasks: Task[] = (['wire', 'media'] as const).flatMap((depth) =>
    conditions.map((condition) => {
      const made = before.filter((line) => line.condition === condition.name && line.depth === depth).length;
      const left = Math.ceil(runs[depth] / conditions.length) - made;
      return { condition, depth, left, labs: Math.ceil(made / condition.block[depth]), broken: 0 };
    }),
  );
  for (let open = tasks; open.length > 0 && !signal.aborted; open = open.filter(({ left }) => left > 0)) {
    for (const task of open.filter(({ left }) => left > 0)) {
      if (signal.aborted) return;
      const count = Math.min(task.left, task.condition.block[task.depth]);
      const known = readLines(file).length;
      const began = performance.now();
      try {
        await makeBlock(task, count, options);
        task.broken = 0;
      } catch (error) {
        if (signal.aborted) return;
        onProgress(`${task.condition.name}: ${(error as Error).message}`);
        if (++task.broken === mostBroken) throw error;
      }
      const made = readLines<HealthyLine>(file).slice(known);
      task.left -= made.length;
      task.labs += 1;
      onProgress(blockText(task, made, performance.now() - began));
    }
  }
}

function blockText({ condition, depth, left }: Task, made: readonly HealthyLine[], ms: number): string {
  const bad = made.filter(({ verdict }) => verdict !== 'pass');
  const said = bad.map(({ verdict, codes, kept }) => `\n  ${verdict} ${codes.join(', ')}: ${kept}`).join('');
  return `${condition.name}, ${depth}: ${made.length} in ${Math.round(ms / 1000)} s, ${bad.length} did not pass, ${Math.max(0, left)} left${said}`;
}

async function makeBlock(task: Task, runs: number, options: HealthyOptions): Promise<void> {
  const { condition, depth } = task;
  if (condition.labs) return inLab(task, condition.labs, runs, options);
  for (let run = 0; run < runs && !options.signal.aborted; run++) await embedded(condition, depth, options);
}

async function inLab(
  { condition, depth, labs: had }: Task,
  labs: NonNullable<Condition['labs']>,
  runs: number,
  { file, livekitServer, signal }: HealthyOptions,
): Promise<void> {
  const lab = labs[had % labs.length];
  if (!lab) throw new Error(`the condition ${condition.name} has no lab`);
  const job: CheckerJob = { condition: condition.name, depth, runs, atOnce: condition.atOnce[depth], lines: file };
  const command = [process.execPath, checker, JSON.stringify(job)];
  const sandbox = await openSandbox({ ...lab, livekitServer }, signal);
  const hogs = Array.from({ length: condition.hogs }, hog);
  try {
    const { code, complaint } = await sandbox.order({ do: 'exec-at-vantage', command });
    if (code !== 0) throw new Error(`the checks ended with ${code}: ${complaint.slice(-2000)}`);
  } finally {
    for (const one of hogs) one.kill('SIGKILL');
    await sandbox.close();
  }
}

async function embedded(condition: Condition, depth: SoakDepth, { file, signal }: HealthyOptions): Promise<void> {
  const { run, totalMs, complaint } = await checkEmbedded('--depth', depth);
  if (signal.aborted) return;
  const [environment] = run?.environments ?? [];
  const verdict = environment?.verdict ?? 'broken';
  append(file, {
    at: new Date().toISOString(),
    condition: condition.name,
    depth,
    verdict,
    durationMs: Math.round(totalMs),
    codes: environment ? loudCodes(environment) : [],
    ...machine(),
    ...(verdict !== 'pass' && { kept: keep(file, `${condition.name}-${depth}-${verdict}`, run ?? { complaint }) }),
  });
}

/** Uses one core until it is ended, or whoever started it is gone. */
function hog(): ChildProcess {
  const work = 'const parent = process.ppid; while (process.ppid === parent);';
  return spawn(process.execPath, ['-e', work], { stdio: 'ignore' });
}
