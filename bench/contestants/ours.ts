/**
 * This tool as a program, once, and what it took: `ours.ts OPTIONS COPIES FILE`, the options of `check` as JSON, the
 * environment in FILE, checked as so many environments of that many names. Prints an `OwnCheck` as JSON.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Run, Verdict } from '../../evidence/run.js';

export interface OwnCheck {
  /** From the start of the process to its end. */
  readonly programMs: number;
  /** Of the run document: from when the check begins to its verdict. */
  readonly runMs: number;
  /** Of the process that checks; a browser is one of its own. */
  readonly cpuMs: number;
  readonly maxRssMb: number;
  readonly verdicts: Partial<Record<Verdict, number>>;
  readonly codes: readonly string[];
  /** Of the first environment: from when an address was known until it was called refused, the slowest. */
  readonly refusedMs?: number;
  /** Of the first environment: how long each observation took, and each phase of media. */
  readonly steps: readonly { readonly id: string; readonly startMs: number; readonly endMs: number }[];
}

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Loaded before the program; says at its end what it took. */
const usage = `import { writeSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(2, '\\nusage ' + JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssMb: maxRSS / 1024 }) + '\\n');
});`;

const [options = '[]', copies = '1', file = ''] = process.argv.slice(2);
let config = file;
if (Number(copies) > 1) {
  const { environments } = JSON.parse(await readFile(file, 'utf8')) as { environments: Record<string, unknown> };
  const [entry] = Object.values(environments);
  const many = Array.from({ length: Number(copies) }, (_, index) => [`environment-${index + 1}`, entry]);
  config = `${file}.many.json`;
  await writeFile(config, JSON.stringify({ environments: Object.fromEntries(many) }));
}

const imports = `data:text/javascript,${encodeURIComponent(usage)}`;
const command = [
  `--import=${imports}`,
  main,
  'check',
  '--config',
  config,
  '--json',
  ...(JSON.parse(options) as string[]),
];
const began = performance.now();
const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
const output: Buffer[] = [];
let complaint = '';
child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
child.stderr.on('data', (chunk: Buffer) => {
  complaint += chunk;
});
await new Promise((resolve) => child.once('close', resolve));
const programMs = performance.now() - began;
const [, took] = /^usage (.*)$/m.exec(complaint) ?? [];
if (output.length === 0 || !took) throw new Error(`the check ended without a run: ${complaint.slice(-2000)}`);
const { environments, durationMs } = JSON.parse(Buffer.concat(output).toString()) as Run;
const verdicts: Partial<Record<Verdict, number>> = {};
for (const { verdict } of environments) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
const loud = environments.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'info'));
const observations = environments[0]?.observations ?? [];
const refused = observations.filter(
  ({ failure, facts }) => failure?.kind === 'refused' && (facts.origin ?? 'advertised') === 'advertised',
);
const check: OwnCheck = {
  programMs,
  runMs: durationMs,
  ...(JSON.parse(took) as { cpuMs: number; maxRssMb: number }),
  verdicts,
  codes: [...new Set(loud.map(({ code }) => code))],
  ...(refused.length > 0 && { refusedMs: Math.max(...refused.map(({ startMs, endMs }) => endMs - startMs)) }),
  steps: observations.map(({ id, startMs, endMs }) => ({ id, startMs, endMs })),
};
process.stdout.write(JSON.stringify(check), () => process.exit(0));
