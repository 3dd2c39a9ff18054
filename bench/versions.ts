/**
 * `npm run bench -- versions`: other versions of livekit-server, built or downloaded, each put to the whole check and to
 * every fault of the lab. Writes docs/reliability/versions.md.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allPaths, type Run } from '../evidence/run.js';
import { livekitVersion, obtainLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { openSandbox } from '../fixtures/lab/sandbox.js';
import { machineText } from '../fixtures/machine.js';
import { type FaultLine, faultsFile, readLines, setAside } from '../fixtures/soak/lines.js';
import { table } from './performance-document.js';
import { troubledFaults } from './soak/document.js';
import { faults, soakFaults } from './soak/faults.js';
import { count } from './soak/tally.js';

/** One of each minor version that Go's proxies have, the oldest first. */
const usual = ['1.8.4', '1.9.12', '1.11.0', livekitVersion, '1.13.11'] as const;

const page = fileURLToPath(new URL('../docs/reliability/versions.md', import.meta.url));
const directory = fileURLToPath(new URL('../test-results/versions/', import.meta.url));

export interface VersionsOptions {
  /** Absent: all, and the page is written. */
  readonly only: readonly string[];
  readonly atOnce: number;
  /** Goes on with the faults that were made. */
  readonly resume: boolean;
}

interface Tried {
  readonly version: string;
  /** Why there is none. */
  readonly missing?: string;
  /** Absent: the command left no run. */
  readonly run?: Run;
  readonly complaint?: string;
  readonly lines?: readonly FaultLine[];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function tryVersion(version: string, { atOnce, resume }: VersionsOptions, signal: AbortSignal): Promise<Tried> {
  const progress = (text: string): void => say(`${version}: ${text}`);
  let livekitServer: string;
  try {
    livekitServer = await obtainLivekitServer(version, progress, signal);
  } catch (error) {
    return { version, missing: (error as Error).message };
  }
  const healthy = await wholeCheck(livekitServer, signal);
  progress(`whole check: ${healthy.run?.environments[0]?.verdict ?? healthy.complaint}`);
  const file = `${directory}${version}/${faultsFile}`;
  if (!resume) setAside(file);
  await soakFaults({ faults, times: 1, atOnce, file, livekitServer, signal, onProgress: progress });
  return { version, ...healthy, lines: readLines<FaultLine>(file) };
}

/** Four paths, two participants each, of a deployment in which nothing is wrong. */
async function wholeCheck(livekitServer: string, signal: AbortSignal): Promise<Pick<Tried, 'run' | 'complaint'>> {
  try {
    const sandbox = await openSandbox(
      { topology: 'plain', vantage: 'open', faults: ['healthy/private-ca'], depth: 'media', livekitServer },
      signal,
    );
    try {
      return { run: await sandbox.order({ do: 'check' }) };
    } finally {
      await sandbox.close();
    }
  } catch (error) {
    return { complaint: (error as Error).message };
  }
}

/** `pass: udp, tcp, turn-udp, turn-tls`, with what is not as it should be behind it. */
function healthyText({ run, complaint = '' }: Tried): string {
  const [environment] = run?.environments ?? [];
  if (!environment) return `no run: ${complaint.trim().split('\n').at(-1)}`;
  const { verdict, observations, findings } = environment;
  const met = allPaths.filter((path) => observations.some(({ id, state }) => id === `media:${path}` && state === 'ok'));
  const loud = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => `\`${code}\``);
  return `${verdict}: ${[met.join(', ') || 'nobody met', ...loud].join('; ')}`;
}

function row(tried: Tried): string[] {
  const { version, missing, lines = [] } = tried;
  if (missing) return [version, `not to be had here: ${missing}`, '', '', '', '', ''];
  const { named = 0, inconclusive = 0, silent = 0, wrong = 0 } = count(lines.map(({ outcome }) => outcome));
  const others = [inconclusive, silent, wrong, faults.length - lines.length];
  return [version, healthyText(tried), `${named} of ${faults.length}`, ...others.map(String)];
}

function versionsTable(all: readonly Tried[]): string {
  const head = [
    'livekit-server',
    'whole check',
    'faults named rightly',
    'inconclusive',
    'not named',
    'wrong cause',
    'could not be made',
  ];
  return table(head, all.map(row));
}

function documentOf(all: readonly Tried[]): string {
  const details = all.flatMap(({ version, lines = [] }) => {
    const troubled = troubledFaults(lines);
    return troubled ? ['', `### ${version}`, '', troubled] : [];
  });
  return [
    '# Versions of livekit-server',
    '',
    `\`npm run bench -- versions\`, ${new Date().toISOString().slice(0, 10)}, ${machineText()}. Each version is got as any other (the official release, else \`go install\`), and then put to a whole check of a healthy deployment in the lab, with two participants in Chromium by each path, and to every fault of the lab, once each; some faults are made of keys that an earlier server does not know, and cannot be made with it. The tests of the project run with ${livekitVersion}.`,
    '',
    versionsTable(all),
    ...(details.length > 0 ? ['', '## What was not named rightly', ...details] : []),
    '',
  ].join('\n');
}

/** A version that cannot be had says nothing; else its whole check passes, and nothing is blamed that is not so. */
const isWell = ({ missing, run, lines = [] }: Tried): boolean =>
  missing !== undefined ||
  (run?.environments[0]?.verdict === 'pass' && lines.every(({ outcome }) => outcome !== 'wrong'));

/** The exit code. */
export async function versions(options: VersionsOptions): Promise<number> {
  const strange = options.only.find((version) => !/^\d+\.\d+\.\d+$/.test(version));
  if (strange !== undefined || !(options.atOnce >= 1)) {
    say(strange === undefined ? '--at-once: a whole number from 1 on' : `--only: "${strange}" is no version as 1.9.12`);
    return 2;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  const { signal } = interrupted;
  const all: Tried[] = [];
  for (const version of options.only.length > 0 ? options.only : usual) {
    if (!signal.aborted) all.push(await tryVersion(version, options, signal));
  }
  process.stdout.write(`${versionsTable(all)}\n`);
  if (signal.aborted) return 130;
  if (options.only.length === 0) {
    writeFileSync(page, documentOf(all));
    say(page);
  }
  return all.every(isWell) ? 0 : 1;
}
