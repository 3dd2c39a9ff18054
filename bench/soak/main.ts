/** `npm run soak`: how often a check is wrong, by doing it very often. Needs the build. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import {
  besides,
  type FaultLine,
  faultsFile,
  type HealthyLine,
  healthyFile,
  type LeftLine,
  leftFile,
  readLines,
  setAside,
} from '../../fixtures/soak/lines.js';
import { conditions } from './conditions.js';
import { type Fuzzing, faultsTable, healthyTable, reliabilityDocument, troubledFaults } from './document.js';
import { faults, soakFaults } from './faults.js';
import { soakHealthy } from './healthy.js';

const help = `npm run soak -- [OPTION …]

Checks healthy deployments over and over: a fail is a false alarm, and ends it with 1. Ctrl-C keeps what was made.

      --wire N           at depth wire, split over the conditions (default 30000)
      --media N          at depth media (default 3000)
      --conditions LIST  with commas, only these:
${conditions.map(({ name, summary }) => `                           ${name.padEnd(11)}${summary}`).join('\n')}
      --resume           goes on with the results that are there, up to the same numbers; else they are set aside
      --results DIR      lines of JSON, and each run that did not pass (default test-results/soak)

      --faults           instead: every fault of the lab; a wrong cause ends it with 1
      --times N          each of them so often (default 50), in turns on each topology that it can be made on
      --only ID          these faults (repeatable)
      --at-once N        labs at the same time (default 1)

      --write            makes nothing, and writes docs/reliability.md of the results that are there
`;

class UsageError extends Error {}

function parsed() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        wire: { type: 'string', default: '30000' },
        media: { type: 'string', default: '3000' },
        conditions: { type: 'string' },
        resume: { type: 'boolean', default: false },
        results: { type: 'string', default: 'test-results/soak' },
        faults: { type: 'boolean', default: false },
        times: { type: 'string', default: '50' },
        only: { type: 'string', multiple: true, default: [] },
        'at-once': { type: 'string', default: '1' },
        write: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
type Values = ReturnType<typeof parsed>;

function wholeNumber(values: Values, name: 'wire' | 'media' | 'times' | 'at-once', least: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`--${name}: "${values[name]}" is no whole number from ${least} on`);
  return value;
}

/** Those of the names, in the order of `all`; all where no name is given. */
function named<T>(all: readonly T[], nameOf: (one: T) => string, names: readonly string[], what: string): readonly T[] {
  const strange = names.find((name) => !all.some((one) => nameOf(one) === name));
  if (strange !== undefined) throw new UsageError(`there is no ${what} "${strange}"`);
  return names.length === 0 ? all : all.filter((one) => names.includes(nameOf(one)));
}

const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);

async function makeHealthy(values: Values, signal: AbortSignal): Promise<boolean> {
  const some = named(conditions, ({ name }) => name, values.conditions?.split(',') ?? [], 'condition');
  const runs = { wire: wholeNumber(values, 'wire', 0), media: wholeNumber(values, 'media', 0) };
  const livekitServer = await requireLivekitServer();
  const lines = resolve(values.results, healthyFile);
  if (!values.resume) for (const file of [lines, besides(lines, leftFile)]) setAside(file);
  await soakHealthy({ conditions: some, runs, file: lines, livekitServer, signal, onProgress });
  const made = readLines<HealthyLine>(lines);
  process.stdout.write(`${healthyTable(made)}\n`);
  return made.every(({ verdict }) => verdict === 'pass' || verdict === 'inconclusive');
}

async function makeFaults(values: Values, signal: AbortSignal): Promise<boolean> {
  const some = named(faults, ({ id }) => id, values.only, 'fault');
  const times = wholeNumber(values, 'times', 1);
  const atOnce = wholeNumber(values, 'at-once', 1);
  const livekitServer = await requireLivekitServer();
  const lines = resolve(values.results, faultsFile);
  if (!values.resume) setAside(lines);
  await soakFaults({ faults: some, times, atOnce, file: lines, livekitServer, signal, onProgress });
  const made = readLines<FaultLine>(lines);
  process.stdout.write(`${[faultsTable(made), troubledFaults(made)].filter(Boolean).join('\n\n')}\n`);
  return made.every(({ outcome }) => outcome !== 'wrong');
}

function fuzzed(path: string): Fuzzing {
  const printed = JSON.parse(readFileSync(path, 'utf8')) as Omit<Fuzzing, 'at'>;
  return { ...printed, at: statSync(path).mtime.toISOString() };
}

function write({ results }: Values): void {
  const fuzzing = resolve(results, 'fuzz.json');
  const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
  const page = reliabilityDocument({
    healthy: readLines<HealthyLine>(resolve(results, healthyFile)),
    left: readLines<LeftLine>(resolve(results, leftFile)),
    faults: readLines<FaultLine>(resolve(results, faultsFile)),
    fuzzing: existsSync(fuzzing) ? fuzzed(fuzzing) : undefined,
    hostile: existsSync(`${docs}reliability/hostile.md`),
    versions: existsSync(`${docs}reliability/versions.md`),
  });
  writeFileSync(`${docs}reliability.md`, page);
  onProgress('docs/reliability.md');
}

async function main(): Promise<number> {
  try {
    const values = parsed();
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    if (values.write) {
      write(values);
      return 0;
    }
    const interrupted = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
    const well = await (values.faults ? makeFaults : makeHealthy)(values, interrupted.signal);
    return interrupted.signal.aborted ? 130 : well ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    return 2;
  }
}

process.exit(await main());
