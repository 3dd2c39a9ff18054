/**
 * Who needs the processor while this tool checks: `accounting.ts OPTIONS FILE`, the options of `check` as JSON, the
 * environment in FILE. Prints an array of `Share` as JSON. Everything else that runs in the sandbox counts, too.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processes } from '../../fixtures/processes.js';

export interface Share {
  readonly process: string;
  /** How many of its kind. */
  readonly count: number;
  /** Processor time, until the check ended. */
  readonly ms: number;
}

/** Often enough for what ends early, seldom enough to cost little; milliseconds. */
const lookMs = 50;
/** USER_HZ, which Linux shows everybody alike (time(7)). */
const tickMs = 10;
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function kindOf(command: string): string {
  const type = /--type=(\S+)/.exec(command)?.[1];
  if (type === 'utility') return `Chromium: ${/--utility-sub-type=(\w+)/.exec(command)?.[1] ?? type}`;
  if (type) return `Chromium: ${type}`;
  if (command.includes('--headless')) return 'Chromium: browser';
  if (command.includes('browser/host.js')) return 'this tool: drives the browser';
  if (command.includes('peer-worker')) return 'this tool: participants in Node';
  if (command.includes(main)) return 'this tool: probes, diagnosis, report';
  if (command.includes('livekit-server')) return 'livekit-server';
  return 'everything else';
}

const [options = '[]', config = ''] = process.argv.slice(2);
const seen = new Map<number, { command: string; first: number; last: number }>();

async function look(isFirst: boolean): Promise<void> {
  for (const { pid, ownTicks: ticks } of await processes()) {
    // What is there already has worked before; what comes begins with nothing.
    const one = seen.get(pid) ?? { command: '', first: isFirst ? ticks : 0, last: ticks };
    one.last = ticks;
    seen.set(pid, one);
    try {
      // It becomes another one by execve(2).
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (command !== '') one.command = command;
    } catch {
      // It has ended.
    }
  }
}

await look(true);
const child = spawn(
  process.execPath,
  [main, 'check', '--config', config, '--json', ...(JSON.parse(options) as string[])],
  {
    stdio: 'ignore',
  },
);
const looking = setInterval(() => void look(false), lookMs);
const code = await new Promise((resolve) => child.once('exit', resolve));
clearInterval(looking);
if (code !== 0) throw new Error(`the check ended with exit code ${code}`);
await look(false);
seen.delete(process.pid);

const shares = new Map<string, { count: number; ms: number }>();
for (const { command, first, last } of seen.values()) {
  const kind = kindOf(command);
  const ms = (last - first) * tickMs;
  if (ms === 0) continue;
  const share = shares.get(kind) ?? { count: 0, ms: 0 };
  shares.set(kind, { count: share.count + 1, ms: share.ms + ms });
}
const all: Share[] = [...shares].map(([process, share]) => ({ process, ...share }));
process.stdout.write(JSON.stringify(all.sort((a, b) => b.ms - a.ms)), () => process.exit(0));
