/**
 * `serve` over a long time: `serving.ts OPTIONS FILE`, the options as JSON, the environment in FILE, served as so many
 * environments, each by its own port. Looks at it and at every process below it, and writes a sample a line into a file.
 */
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EnvironmentEntry } from '../../environment/schema.js';
import type { Verdict } from '../../evidence/run.js';
import { type Process, processes } from '../../fixtures/processes.js';

export interface ServingOptions {
  readonly environments: number;
  /** As the configuration writes it. */
  readonly every: string;
  readonly minutes: number;
  /** Between two samples. */
  readonly sampleMs: number;
  /** Where they are written. */
  readonly samples: string;
  /** Of the first environment; the others follow. */
  readonly firstPort: number;
}

export interface Sample {
  /** Since the start. */
  readonly atMs: number;
  /** Of what listens. */
  readonly exporterMb: number;
  /** Of the processes that check. */
  readonly workersMb: number;
  readonly exporterFiles: number;
  readonly workerFiles: number;
  /** With what listens. */
  readonly processes: number;
  /** Processor time of all of them since the start, those that have ended included. */
  readonly cpuMs: number;
  readonly runs: Partial<Record<Verdict, number>>;
  readonly missed: number;
  readonly lost: number;
  readonly flaps: number;
  /** Of all other work on this machine: its load average of the last minute. */
  readonly load: number;
}

export interface Served {
  readonly samples: readonly Sample[];
  readonly exitCode: number | null;
  /** What it told. */
  readonly log: string;
  /** Kept runs at the end. */
  readonly kept: number;
  /** Processes that were left when it had ended, by their command lines. */
  readonly left: readonly string[];
}

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const address = '127.0.0.1:9799';
/** _SC_CLK_TCK is 100 wherever Node runs. */
const tickMs = 10;

const [optionsText = '{}', file = ''] = process.argv.slice(2);
const {
  environments,
  every,
  minutes,
  sampleMs,
  samples: samplesFile,
  firstPort,
} = JSON.parse(optionsText) as ServingOptions;

const directory = await mkdtemp(join(tmpdir(), 'serving-'));
const config = join(directory, 'livekit-doctor.yaml');
const history = join(directory, 'runs');
const written = JSON.parse(await readFile(file, 'utf8')) as { environments: Record<string, EnvironmentEntry> };
const entry = Object.values(written.environments)[0] as EnvironmentEntry;
const many = Array.from({ length: environments }, (_, index) => {
  const url = new URL(entry.url ?? '');
  url.port = String(firstPort + index);
  return [`environment-${index + 1}`, { ...entry, url: url.origin, schedule: { wire: every, media: 'off' } }];
});
await writeFile(config, JSON.stringify({ environments: Object.fromEntries(many) }));

function below(pid: number, all: readonly Process[]): Process[] {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...below(child.pid, all)]);
}

async function megabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

const files = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;

async function summed(pids: readonly number[], of: (pid: number) => Promise<number>): Promise<number> {
  return (await Promise.all(pids.map(of))).reduce((sum, one) => sum + one, 0);
}

async function sample(pid: number, atMs: number): Promise<Sample> {
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  const total = (name: string, label = ''): number =>
    metrics
      .split('\n')
      .filter((line) => new RegExp(`^livekit_doctor_${name}[{ ].*${label}`).test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  const verdicts = ['pass', 'fail', 'inconclusive'] as const;
  const runs = Object.fromEntries(verdicts.map((one) => [one, total('runs_total', `verdict="${one}"`)]));
  const all = await processes();
  const workers = below(pid, all);
  const ours = [...all.filter((one) => one.pid === pid), ...workers];
  const pids = workers.map((one) => one.pid);
  const [load = '0'] = (await readFile('/proc/loadavg', 'utf8')).split(' ');
  return {
    atMs,
    exporterMb: await megabytes(pid),
    workersMb: await summed(pids, megabytes),
    exporterFiles: await files(pid),
    workerFiles: await summed(pids, files),
    processes: ours.length,
    cpuMs: ours.reduce((sum, { ticks }) => sum + ticks * tickMs, 0),
    runs,
    missed: total('slots_missed_total'),
    lost: total('runs_lost_total'),
    flaps: total('flaps_total'),
    load: Number(load),
  };
}

/** Processes that were started with this directory on their command line or below what was. */
async function left(): Promise<string[]> {
  const told = await Promise.all(
    (await processes()).map(async ({ pid }) => {
      const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
      const inherited = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return pid !== process.pid && inherited.includes(directory) ? [`${program} ${pid}`] : [];
    }),
  );
  return told.flat();
}

const command = [main, 'serve', '--config', config, '--listen', address, '--history', history];
const began = performance.now();
const child = spawn(process.execPath, command, {
  env: { ...process.env, LIVEKIT_DOCTOR_MARK: directory },
  stdio: ['ignore', 'ignore', 'pipe'],
});
let log = '';
const listening = new Promise<void>((resolve, reject) => {
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-200_000);
    if (log.includes('listening on')) resolve();
  });
  child.once('exit', () => reject(new Error(`serve ended: ${log}`)));
});
const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
await listening;

const samples: Sample[] = [];
const endMs = minutes * 60_000;
for (let number = 0; number * sampleMs <= endMs && child.exitCode === null; number += 1) {
  await sleep(Math.max(0, number * sampleMs - (performance.now() - began)));
  const one = await sample(child.pid ?? 0, performance.now() - began);
  samples.push(one);
  await appendFile(samplesFile, `${JSON.stringify(one)}\n`);
}
child.kill('SIGTERM');
const exitCode = await exit;
const served: Served = {
  samples,
  exitCode,
  log,
  kept: (await readdir(history).catch(() => [])).length,
  left: await left(),
};
await rm(directory, { recursive: true });
process.stdout.write(JSON.stringify(served), () => process.exit(0));
