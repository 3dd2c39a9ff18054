/**
 * `npm run bench -- connection-check`: the same faults of the lab, put to livekit-client's own `ConnectionCheck` (in
 * headless Chromium) and to this tool, in the same network namespace of the same lab. Writes `connection-check.md`
 * beside this file. Takes some ten minutes, because ConnectionCheck takes one or more for each fault.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '../browser/executable.js';
import type { Depth, Run } from '../evidence/run.js';
import { livekitVersion, requireLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { openSandbox } from '../fixtures/lab/sandbox.js';
import type { TopologyName } from '../fixtures/lab/topologies/index.js';
import type { VantageName } from '../fixtures/lab/vantages.js';
import { duration } from '../reporters/text.js';
import type { OfficialCheck } from './contestants/official.js';

interface Case {
  readonly name: string;
  readonly topology: TopologyName;
  /** Default: `open`. The server reaches an open client with checks of its own, and none behind a router. */
  readonly vantage?: VantageName;
  /** Default: the one that the case is named after. */
  readonly faults?: readonly string[];
  /** Beside `wire`, where that shows more. */
  readonly deeper?: Exclude<Depth, 'wire'>;
}

const cases: readonly Case[] = [
  // Chromium trusts the lab's CA where it is named in the environment.
  { name: 'healthy', topology: 'plain', faults: ['healthy/private-ca'], deeper: 'media' },
  { name: 'udp-filtered', topology: 'plain' },
  { name: 'udp-port-closed', topology: 'plain' },
  { name: 'udp-port-remapped', topology: 'cloud-kubernetes' },
  { name: 'media-address-wrong', topology: 'cloud-kubernetes' },
  { name: 'media-address-private', topology: 'plain' },
  {
    name: 'all media silent',
    topology: 'helm-port-range',
    faults: ['udp-filtered', 'tcp-port-filtered', 'turn-tls-unreachable'],
  },
  {
    name: 'media-address-wrong, behind a home router',
    topology: 'cloud-kubernetes',
    vantage: 'cone',
    faults: ['media-address-wrong'],
  },
  {
    name: 'all media silent, behind a home router',
    topology: 'helm-port-range',
    vantage: 'cone',
    faults: ['udp-filtered', 'tcp-port-filtered', 'turn-tls-unreachable'],
  },
  { name: 'turn-udp-unreachable', topology: 'plain' },
  { name: 'turn-tls-unreachable', topology: 'helm-port-range' },
  { name: 'turn-credentials-rejected', topology: 'external-turn' },
  { name: 'udp-mtu-blackhole', topology: 'plain' },
  { name: 'dtls-filtered', topology: 'plain', deeper: 'peer' },
  { name: 'tls-name-mismatch/turn', topology: 'plain' },
];
const quick: readonly string[] = ['healthy', 'udp-filtered', 'turn-udp-unreachable'];

interface Ours {
  readonly depth: Depth;
  readonly run: Run;
}

interface Compared {
  readonly one: Case;
  readonly official: readonly OfficialCheck[];
  readonly ours: readonly Ours[];
}

const official = fileURLToPath(new URL('./contestants/official.ts', import.meta.url));
const page = fileURLToPath(new URL('./connection-check.md', import.meta.url));

async function compare(one: Case, livekitServer: string): Promise<Compared> {
  const ours: Ours[] = [];
  let theirs: readonly OfficialCheck[] = [];
  for (const depth of ['wire' as const, ...(one.deeper ? [one.deeper] : [])]) {
    const { name, topology, vantage = 'open', faults = [name] } = one;
    const sandbox = await openSandbox({ topology, vantage, faults: [...faults], livekitServer, depth });
    try {
      ours.push({ depth, run: await sandbox.order({ do: 'check' }) });
      if (depth !== 'wire') continue;
      const command = [process.execPath, ...process.execArgv, official];
      const { code, output, complaint } = await sandbox.order({ do: 'exec-at-vantage', command });
      if (code !== 0) throw new Error(`${name}: ConnectionCheck did not run: ${complaint.slice(-2000)}`);
      theirs = JSON.parse(output) as OfficialCheck[];
    } finally {
      await sandbox.close();
    }
  }
  return { one, official: theirs, ours };
}

const total = (checks: readonly OfficialCheck[]): number => checks.reduce((sum, { ms }) => sum + ms, 0);

/** What failed or was warned of, in its own words; the same words once. */
function theirWords(checks: readonly OfficialCheck[]): string {
  const byWords = new Map<string, string[]>();
  const remarks: string[] = [];
  for (const { name, status, logs } of checks) {
    const bad = logs.filter(({ level }) => level === 'error').map(({ message }) => `“${message}”`);
    if (status === 'running') bad.push('no end within a minute');
    if (bad.length > 0) byWords.set(bad.join(' '), [...(byWords.get(bad.join(' ')) ?? []), name]);
    else if (status === 'skipped') remarks.push(`${name} skipped`);
    for (const { level, message } of logs) if (level === 'warning') remarks.push(`${name} warns: “${message}”`);
  }
  const passed = checks.filter(({ status }) => ['success', 'skipped'].includes(status)).length;
  const failures = [...byWords].map(([words, names]) => `${names.join(', ')}: ${words}`);
  return [`${passed} of ${checks.length} pass`, ...failures, ...remarks].join('<br>');
}

function ourWords({ run }: Ours): string {
  const [environment] = run.environments;
  const loud = (environment?.findings ?? []).filter(({ severity }) => severity !== 'info');
  const findings = loud.map(({ code, summary }) => `\`${code}\`: ${summary}`);
  return [environment?.verdict ?? '', ...findings].join('<br>');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function tableOf(all: readonly Compared[]): string {
  const lines = all.map(({ one, official, ours }) => [
    one.name,
    duration(total(official)),
    theirWords(official),
    ours.map(({ depth, run }) => `${depth} ${duration(run.durationMs)}`).join('<br>'),
    ours.map((each) => (ours.length > 1 ? `${each.depth}: ${ourWords(each)}` : ourWords(each))).join('<br>'),
  ]);
  const head = ['fault', 'ConnectionCheck', 'its words', 'ours', 'our words'];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
}

async function documentOf(all: readonly Compared[]): Promise<string> {
  const clientPackage = new URL(
    '../package.json',
    `file://${createRequire(import.meta.url).resolve('livekit-client')}`,
  );
  const { version } = JSON.parse(await readFile(clientPackage, 'utf8')) as { version: string };
  const { stdout } = spawnSync(findBrowser()?.executable ?? 'chromium', ['--version'], { encoding: 'utf8' });
  const chromium = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? '';
  const date = new Date().toISOString().slice(0, 10);
  return `# The same faults, and what two tools say

Made by \`npm run bench -- connection-check\` on ${date}: livekit-client ${version} in headless Chromium ${chromium}, livekit-server ${livekitVersion}, ${cpus().length} cores, a round-trip time of about 0. Each row is one lab: real servers behind a real fault, and both tools in the same network namespace: that of a client with an address of its own, which the server reaches with checks of its own whatever it advertises, or where it is said that of one behind a home router.

\`ConnectionCheck\` is what LiveKit's own test page runs: websocket, webrtc, turn, reconnect, publish audio, publish video, connection protocol, one after the other. Its time is that of all seven, without the start of the browser. Ours is that of the whole check, from nothing to the verdict.

${tableOf(all)}
`;
}

export interface ConnectionCheckOptions {
  readonly quick: boolean;
  /** Names of cases; empty: all. */
  readonly only: readonly string[];
  readonly atOnce: number;
}

/** Returns the exit code: 1 where a case could not be made. */
export async function connectionCheck({ quick: few, only, atOnce }: ConnectionCheckOptions): Promise<number> {
  const names = few ? quick : only;
  const wanted = cases.filter(({ name }) => names.length === 0 || names.includes(name));
  const livekitServer = await requireLivekitServer();
  const made = new Map<Case, Compared>();
  const left = [...wanted];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one; one = left.shift()) {
      try {
        const compared = await compare(one, livekitServer);
        made.set(one, compared);
        process.stderr.write(`${one.name}: ${duration(total(compared.official))}\n`);
      } catch (error) {
        process.stderr.write(`✗ ${one.name}: ${(error as Error).message}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const all = wanted.flatMap((one) => made.get(one) ?? []);
  if (wanted.length < cases.length) process.stdout.write(`${tableOf(all)}\n`);
  else if (all.length === wanted.length) await writeFile(page, await documentOf(all));
  return all.length === wanted.length ? 0 : 1;
}
