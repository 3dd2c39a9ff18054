/** A browser with two participants in it, driven from a process of its own (`host.ts`). */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../evidence/text.js';
import type { PartReport } from './exchange.js';
import type { Answer, Launched, Order } from './host-protocol.js';
import type { LaunchOptions } from './launch.js';
import type { BySide, Exchange } from './participants.js';
import { removeDirectory } from './remove-directory.js';

export interface MediaBrowser extends Launched {
  /** Answers by the exchange's deadline, or when `signal` aborts. Rejects when the browser is gone. */
  exchange(exchange: Exchange, signal: AbortSignal): Promise<BySide<PartReport>>;
  /** Leaves the rooms, ends the browser and removes its profile. May be called again. */
  close(): Promise<void>;
}

/** Asked to answer at once, a browser gets this long, and after its own deadline twice that. */
const patienceMs = 500;
const closeMs = 4000;

let prepared: ChildProcess | undefined;

/**
 * Loads what drives a browser ahead of time, for a run that will want one: it takes 0.4 s, which can pass while other
 * things are waited for. Ends with us if it is never used, and keeps nobody from ending.
 */
export function prepareBrowser(): void {
  prepared ??= startHost();
}

function startHost(): ChildProcess {
  const compiled = import.meta.url.endsWith('.js');
  // Chromium inherits it, and has no use for our secrets.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LIVEKIT_')));
  // A short name: Chromium makes sockets below it, whose paths are limited to a hundred characters (unix(7)).
  const directory = mkdtempSync(join(tmpdir(), 'lkd-'));
  const host = fork(new URL(compiled ? './host.js' : './host.ts', import.meta.url), [directory], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Sources need the loader that we were started with.
    execArgv: compiled ? [] : process.execArgv,
  });
  host.on('error', () => {});
  // It does so itself, unless it was killed.
  host.once('exit', () => removeDirectory(directory));
  host.unref();
  host.channel?.unref();
  return host;
}

/** Rejects with what Chromium or Playwright said when the browser does not start, and when `signal` aborts. */
export async function startBrowser(options: LaunchOptions, signal: AbortSignal): Promise<MediaBrowser> {
  const host = prepared?.connected ? prepared : startHost();
  prepared = undefined;
  host.ref();
  host.channel?.ref();
  const waiting = new Map<string, (answer: Answer | Error) => void>();
  const settle = (key: string, answer: Answer | Error): void => {
    waiting.get(key)?.(answer);
    waiting.delete(key);
  };
  const exited = new Promise<void>((resolve) => {
    const onExit = (): void => {
      for (const key of waiting.keys()) settle(key, new Error('the browser has ended'));
      resolve();
    };
    if (host.exitCode !== null || host.signalCode !== null) onExit();
    host.once('exit', onExit);
  });
  host.on('message', (answer: Answer) => settle('key' in answer ? answer.key : 'launch', answer));

  const ask = (key: string, order: Order): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(key, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      if (host.connected) host.send(order);
      else settle(key, new Error('the browser has ended'));
    });
  const close = async (): Promise<void> => {
    if (host.connected) host.disconnect();
    const timer = setTimeout(() => host.kill('SIGKILL'), closeMs);
    await exited;
    clearTimeout(timer);
  };

  const abandon = (): void => settle('launch', new Error('the browser was given up before it was ready'));
  signal.addEventListener('abort', abandon, { once: true });
  const launching = ask('launch', { kind: 'launch', options });
  if (signal.aborted) abandon();
  try {
    const answer = await launching;
    if (answer.kind !== 'launched') throw new Error('message' in answer ? inShort(answer.message) : answer.kind);
    return { ...answer.launched, exchange: (one, stop) => exchange(one, stop, ask, settle, host), close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

async function exchange(
  one: Exchange,
  signal: AbortSignal,
  ask: (key: string, order: Order) => Promise<Answer>,
  settle: (key: string, answer: Answer | Error) => void,
  host: ChildProcess,
): Promise<BySide<PartReport>> {
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => settle(one.key, new Error('the browser does not answer'));
  const stop = (): void => {
    if (host.connected) host.send({ kind: 'stop', key: one.key } satisfies Order);
    clearTimeout(timer);
    timer = setTimeout(giveUp, patienceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  timer = setTimeout(giveUp, one.deadlineMs + 2 * patienceMs);
  const answering = ask(one.key, { kind: 'exchange', exchange: one });
  if (signal.aborted) stop();
  try {
    const answer = await answering;
    if (answer.kind === 'exchanged') return answer.reports;
    throw new Error('message' in answer ? inShort(answer.message) : answer.kind);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Playwright's errors go on for pages: its own words, command line, what the browser said, stack. */
function inShort(message: string): string {
  const lines = message.split('\n');
  const said = lines.map((line) => /\[err\] (.+)/.exec(line)?.[1]).find((line) => line !== undefined);
  return printable([lines[0], said].filter(Boolean).join(': '), 300);
}
