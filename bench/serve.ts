/**
 * `npm run bench -- serve`: the exporter with many environments over a long time, in a lab. What it missed, what it kept of
 * memory, files and processes. Writes `bench/serve.md` and its samples, where it was a long one.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../fixtures/lab/sandbox.js';
import { program } from './compare.js';
import type { Sample, Served, ServingOptions } from './contestants/serving.js';
import { openHealthyLab } from './healthy-lab.js';
import { serveDocument, serveSummary } from './serve-document.js';

export interface ServeBenchOptions {
  readonly environments: number;
  /** As a configuration writes it. */
  readonly every: string;
  readonly minutes: number;
}

/** The deployment's proxy takes calls at its usual port. */
const proxyPort = 443;
const firstPort = 4001;
const sampleMs = 10_000;
const progressMs = 60_000;
/** A shorter one says too little to be written down. */
const longMinutes = 30;

const here = fileURLToPath(new URL('./', import.meta.url));

/** Returns the exit code: 1 where a healthy deployment failed, a slot was missed, a run lost or something was left. */
export async function serveForLong({ environments, every, minutes }: ServeBenchOptions): Promise<number> {
  const sandbox = await openHealthyLab();
  await mkdir('test-results', { recursive: true });
  const samples = `${process.cwd()}/test-results/serve-samples.jsonl`;
  await rm(samples, { force: true });
  const watching = setInterval(() => void progress(samples), progressMs);
  try {
    await manyPorts(sandbox, environments);
    const options: ServingOptions = { environments, every, minutes, sampleMs, samples, firstPort };
    const served = await program<Served>(sandbox, 'serving', JSON.stringify(options));
    process.stdout.write(`${serveSummary(served, options)}\n`);
    if (minutes >= longMinutes) {
      await writeFile(`${here}serve.md`, serveDocument(served, options));
    }
    await writeFile('test-results/serve.log', served.log);
    return wrong(served) ? 1 : 0;
  } finally {
    clearInterval(watching);
    await sandbox.close();
  }
}

/** One deployment, called by so many ports. */
async function manyPorts(sandbox: Sandbox, count: number): Promise<void> {
  const rules = [
    'nft add table ip ports',
    "nft add chain ip ports prerouting '{ type nat hook prerouting priority dstnat; }'",
    `nft add rule ip ports prerouting tcp dport ${firstPort}-${firstPort + count - 1} redirect to :${proxyPort}`,
  ].join(' && ');
  const { code, complaint } = await sandbox.order({ do: 'exec', host: 'server', command: ['sh', '-c', rules] });
  if (code !== 0) throw new Error(`the lab's ports could not be made: ${complaint}`);
}

async function progress(file: string): Promise<void> {
  const last = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n').at(-1);
  if (!last) return;
  const { atMs, exporterMb, workersMb, exporterFiles, workerFiles, processes, runs, missed, lost, load } = JSON.parse(
    last,
  ) as Sample;
  process.stderr.write(
    `${(atMs / 60_000).toFixed(1)} min: exporter ${exporterMb.toFixed(1)} MB ${exporterFiles} files, workers ${workersMb.toFixed(1)} MB ${workerFiles} files, ${processes} processes, ${JSON.stringify(runs)}, ${missed} missed, ${lost} lost, load ${load}\n`,
  );
}

function wrong({ samples, left, exitCode }: Served): boolean {
  const last = samples.at(-1);
  return !last || (last.runs.fail ?? 0) > 0 || last.missed > 0 || last.lost > 0 || left.length > 0 || exitCode !== 0;
}
