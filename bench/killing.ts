/**
 * Kills `check` and `serve` at random moments, and looks for what each leaves: `killing.ts OPTIONS`, as JSON, the first
 * process of a sandbox of its own, so that whatever else runs there is ours. Prints a `Killed` as JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RoomServiceClient } from 'livekit-server-sdk';
import { loadRun } from '../evidence/load.js';
import { startEmbedded } from '../fixtures/embedded/embedded.js';
import { writeConfiguration } from '../fixtures/embedded/written.js';
import { processes } from '../fixtures/processes.js';
import { openHistory } from '../run/history.js';
import { generator } from './random.js';

export type Subject = 'wire' | 'peer' | 'media' | 'embedded' | 'serve';
export type Way = 'SIGKILL' | 'SIGTERM' | 'SIGINT';

export interface KillOptions {
  readonly times: number;
  readonly seed: number;
  readonly subjects: readonly Subject[];
}

export interface Kill {
  readonly subject: Subject;
  readonly way: Way;
  /** From its start. */
  readonly afterMs: number;
  /** It had ended by itself before. */
  readonly late: boolean;
  /** Exit code, or the signal that ended it. */
  readonly end: string;
  /** Until the process had ended, and until all that it had started had, from the signal on. */
  readonly endedMs: number;
  readonly goneMs: number;
  /** What was still there after ten seconds, or is wrong with what it wrote. Empty: nothing. */
  readonly left: readonly string[];
  /** Files with a name of their own that a later run sweeps. */
  readonly begun: number;
}

export interface Killed {
  readonly seed: number;
  readonly kills: readonly Kill[];
  /**
   * How long the rooms of each killed one were still there; those of one that had none are absent. `peopled`: somebody was
   * in one for more than three seconds.
   */
  readonly rooms: readonly {
    readonly way: Way;
    readonly subject: Subject;
    readonly ms: number;
    readonly peopled: boolean;
  }[];
  /** What was wrong at the end: rooms, files that nobody swept, a check or a history that does not work any more. */
  readonly wrong: readonly string[];
  /** Of the history at the end. */
  readonly kept: number;
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const ways: readonly Way[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];
/** How long what was started may take to notice. */
const goneWithinMs = 10_000;
/** What the server may take to hear that somebody left. */
const leftWithinMs = 3000;
/** Longer than what a room outlives its last participant, and the server takes to miss one that says nothing. */
const roomsWithinMs = 90_000;
const stateOfZombie = 'Z';

const { times, seed, subjects } = JSON.parse(process.argv[2] ?? '{}') as KillOptions;
const random = generator(seed);

const home = await mkdtemp(join(tmpdir(), 'killing-'));
/** Temporary files of those that are killed. */
const temporary = join(home, 't');
const written = join(home, 'w');
const history = join(written, 'runs');
for (const directory of [temporary, written]) await mkdir(directory);

/** Of the first process of a sandbox orphans become children; it does not wait for them. */
const alive = async () => (await processes()).filter(({ state }) => state !== stateOfZombie);

/** Network namespaces that a process is in, or that are held by a mount. */
async function namespaces(): Promise<string[]> {
  const inside = await Promise.all((await alive()).map(({ pid }) => readlink(`/proc/${pid}/ns/net`).catch(() => '')));
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const held = mounts.split('\n').filter((line) => line.includes(' nsfs '));
  return [...new Set([...inside.filter(Boolean), ...held])].sort();
}

const commandOf = async (pid: number): Promise<string> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').slice(0, 200);

const parametersOf: Record<Subject, readonly string[]> = {
  wire: ['check', 'own', '--depth', 'wire'],
  peer: ['check', 'own', '--depth', 'peer'],
  media: ['check', 'own', '--depth', 'media'],
  embedded: ['check', 'embedded', '--depth', 'peer'],
  serve: ['serve', 'own', '--listen', '127.0.0.1:0', '--history', 'runs'],
};
const reports = [
  '--save',
  'run.json',
  '--reporter',
  'html=report.html',
  '--reporter',
  'junit=junit.xml',
  '--history',
  'runs',
];

function start(subject: Subject): ChildProcess {
  const parameters = parametersOf[subject];
  // By itself it decides whether it needs a network of its own.
  const { LIVEKIT_DOCTOR_NAMESPACE: _, ...inherited } = process.env;
  return spawn(process.execPath, [main, ...parameters, ...(subject === 'serve' ? [] : reports)], {
    cwd: written,
    env: { ...inherited, TMPDIR: temporary },
    stdio: 'ignore',
    // A process group of its own, so that Ctrl-C can be sent to all of it, as a terminal does.
    detached: true,
  });
}

const embedded = await startEmbedded();
const { environment, ports } = embedded;
await writeConfiguration(written, environment, {
  schedule: { wire: '1s', peer: '4s', media: subjects.includes('media') ? '5s' : 'off' },
});
const { apiKey, apiSecret } = environment.auth as { apiKey: string; apiSecret: string };
const service = new RoomServiceClient(`http://127.0.0.1:${ports.http}`, apiKey, apiSecret);
const before = new Set((await alive()).map(({ pid }) => pid));
const namespacesBefore = await namespaces();

const elapsed = (sinceMs: number): number => performance.now() - sinceMs;

/** It passes, or cannot decide, where this machine is too busy. */
const isDone = (code: unknown): boolean => code === 0 || code === 3;

/** How long it takes if nobody kills it: moments are drawn from it. */
async function usualMs(subject: Subject): Promise<number> {
  if (subject === 'serve') return 10_000;
  const beganMs = performance.now();
  const child = start(subject);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (!isDone(code)) throw new Error(`a ${subject} check that nobody kills ends with ${code}`);
  return elapsed(beganMs);
}

async function remaining(): Promise<string[]> {
  const running = (await alive()).filter(({ pid }) => !before.has(pid));
  const commands = await Promise.all(
    running.map(async ({ pid, parent }) => `process ${pid} of ${parent}: ${await commandOf(pid)}`),
  );
  const spaces = (await namespaces()).filter((one) => !namespacesBefore.includes(one)).map((one) => `namespace ${one}`);
  // Node's own, for whoever starts it next.
  const lying = (await readdir(temporary)).filter((name) => !/^(v8-compile-cache|node-compile-cache)/.test(name));
  return [...commands, ...spaces, ...lying.map((name) => `file ${name}`)];
}

const temporaryName = /\.[\da-f]{8}\.tmp$/;

/** What is wrong with the reports and the kept runs, and how many were only begun. */
async function inspect(): Promise<{ wrong: string[]; begun: number }> {
  const wrong: string[] = [];
  const names = (await readdir(written, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
  const whole: Record<string, (text: string) => boolean> = {
    html: (text) => text.trimEnd().endsWith('</html>'),
    xml: (text) => text.trimEnd().endsWith('</testsuites>'),
  };
  for (const file of names.filter((name) => !temporaryName.test(name))) {
    if (file.endsWith('.json')) await loadRun(file).catch((error: Error) => wrong.push(error.message));
    const ends = whole[file.split('.').at(-1) ?? ''];
    if (ends && !ends(await readFile(file, 'utf8'))) wrong.push(`${file} is cut off`);
  }
  return { wrong, begun: names.filter((name) => temporaryName.test(name)).length };
}

interface RoomsOf {
  readonly way: Way;
  readonly subject: Subject;
  readonly names: Set<string>;
  readonly atMs: number;
  readonly peopled: boolean;
}
const watched: RoomsOf[] = [];
const rooms: { way: Way; subject: Subject; ms: number; peopled: boolean }[] = [];
const known = new Set<string>();

async function lookAtRooms(): Promise<void> {
  const there = new Set((await service.listRooms()).map(({ name }) => name));
  for (const one of [...watched]) {
    for (const name of one.names) if (!there.has(name)) one.names.delete(name);
    if (one.names.size > 0) continue;
    watched.splice(watched.indexOf(one), 1);
    rooms.push({ way: one.way, subject: one.subject, ms: elapsed(one.atMs), peopled: one.peopled });
  }
}

/** Watches those that nobody else was killed for. */
async function watchRooms(subject: Subject, way: Way, atMs: number): Promise<void> {
  const mine = (await service.listRooms()).map(({ name }) => name).filter((name) => !known.has(name));
  if (mine.length === 0) return;
  for (const name of mine) known.add(name);
  const people = async (): Promise<number> =>
    (await Promise.all(mine.map((name) => service.listParticipants(name).catch(() => [])))).flat().length;
  const sinceMs = performance.now();
  let number = await people();
  while (number > 0 && elapsed(sinceMs) < leftWithinMs) {
    await sleep(100);
    number = await people();
  }
  watched.push({ subject, way, names: new Set(mine), atMs, peopled: number > 0 });
}

async function kill(subject: Subject, way: Way, afterMs: number): Promise<Kill> {
  const child = start(subject);
  const exit = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  await Promise.race([sleep(afterMs), exit]);
  const late = child.exitCode !== null;
  const atMs = performance.now();
  // A terminal sends its Ctrl-C to everybody; everything else has one process in mind.
  if (!late) process.kill(way === 'SIGINT' ? -(child.pid ?? 0) : (child.pid ?? 0), way);
  const end = await exit;
  const endedMs = elapsed(atMs);
  let left = await remaining();
  while (left.length > 0 && elapsed(atMs) < endedMs + goneWithinMs) {
    await sleep(20);
    left = await remaining();
  }
  const goneMs = elapsed(atMs);
  await watchRooms(subject, way, atMs);
  const { wrong, begun } = await inspect();
  // It must not be blamed on the next one, too.
  for (const { pid } of await alive()) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
  for (const name of await readdir(temporary)) await rm(join(temporary, name), { recursive: true, force: true });
  return { subject, way, afterMs, late, end, endedMs, goneMs, left: [...left, ...wrong], begun };
}

const usual = new Map<Subject, number>();
for (const subject of subjects) usual.set(subject, await usualMs(subject));
for (const { name } of await service.listRooms()) known.add(name);
const watching = setInterval(() => void lookAtRooms().catch(() => {}), 500);
const kills: Kill[] = [];
for (let number = 0; number < times; number += 1) {
  const way = ways[number % ways.length] as Way;
  const subject = subjects[Math.floor(number / ways.length) % subjects.length] as Subject;
  const one = await kill(subject, way, random() * (usual.get(subject) ?? 0));
  kills.push(one);
  process.stderr.write(
    `${number + 1} of ${times}: ${subject}, ${way} after ${Math.round(one.afterMs)} ms${one.late ? ' (it had ended)' : ''}: ${one.end}, ended after ${Math.round(one.endedMs)} ms, all gone after ${Math.round(one.goneMs)} ms ${one.left.join('; ')}\n`,
  );
}

const wrong: string[] = [];
for (const sinceMs = performance.now(); watched.length > 0 && elapsed(sinceMs) < roomsWithinMs; ) await sleep(200);
clearInterval(watching);
for (const { subject, way, names } of watched) wrong.push(`${names.size} rooms of ${subject}, ${way}`);

// As if all this had been some minutes ago: what was begun then is swept by the next one.
const past = new Date(Date.now() - 600_000);
const begunFiles = async (): Promise<string[]> => {
  const names = await readdir(written, { recursive: true });
  return names.filter((name) => temporaryName.test(name));
};
for (const name of await begunFiles()) await utimes(join(written, name), past, past);
const last = start('wire');
const code = await new Promise((resolve) => last.once('exit', resolve));
if (!isDone(code)) wrong.push(`a check after all this ends with ${code}`);
for (const name of await begunFiles()) wrong.push(`${name} is still there`);
const kept = await openHistory(history);
if (!(await kept.lastGood('own'))) wrong.push('the history has no last good run');
const { wrong: broken } = await inspect();
const result: Killed = {
  seed,
  kills,
  rooms,
  wrong: [...wrong, ...broken],
  kept: (await readdir(history)).length,
};
await embedded.stop();
await rm(home, { recursive: true, force: true });
process.stdout.write(JSON.stringify(result), () => process.exit(0));
