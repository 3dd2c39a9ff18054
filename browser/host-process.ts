/** Starts `host.ts` as a process of its own, and brings it orders and back its answers. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, LaunchStage, Order } from './host-protocol.js';
import { removeDirectory } from './remove-directory.js';

export interface HostProcess {
  /** The answer of this kind of order; rejects when the process ends before it. */
  ask(order: Order): Promise<Answer>;
  /** Without an answer. */
  tell(order: Order): void;
  /** Lets an order that was asked fail. */
  abandon(order: Order, reason: string): void;
  /** From now on nobody ends before it has. */
  hold(): void;
  readonly connected: boolean;
  /** Of its Chromium. */
  readonly stage: LaunchStage;
  /** It ends whatever it drives. May be called again. */
  close(): Promise<void>;
}

/** More than leaving rooms and killing its browsers may take it. */
const closeMs = 4500;

/** What an order and its answer have in common. */
function nameOf(message: Order | Exclude<Answer, { kind: 'stage' }>): string {
  if ('exchange' in message) return message.exchange.key;
  return 'key' in message ? message.key : `launch ${message.browser}`;
}

/** Keeps nobody from ending, and ends with us. */
export function startHost(): HostProcess {
  // A short name: Chromium makes sockets below it, whose paths are limited to a hundred characters (unix(7)).
  const directory = join(tmpdir(), `lkd-${randomBytes(6).toString('hex')}`);
  const host = forkHost(directory);
  host.unref();
  host.channel?.unref();

  const waiting = new Map<string, (answer: Answer | Error) => void>();
  const settle = (name: string, answer: Answer | Error): void => {
    waiting.get(name)?.(answer);
    waiting.delete(name);
  };
  const ended = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      for (const name of waiting.keys()) settle(name, new Error('the browser has ended'));
      // It does so itself, unless it was killed.
      removeDirectory(directory);
      resolve();
    };
    host.once('exit', onEnd);
    host.on('error', () => {
      if (host.pid === undefined) onEnd();
    });
  });
  let stage: LaunchStage = 'driver';
  host.on('message', (answer: Answer) => {
    if (answer.kind === 'stage') stage = answer.stage;
    else settle(nameOf(answer), answer);
  });

  return {
    ask: (order) =>
      new Promise((resolve, reject) => {
        waiting.set(nameOf(order), (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
        if (host.connected) host.send(order);
        else settle(nameOf(order), new Error('the browser has ended'));
      }),
    tell(order) {
      if (host.connected) host.send(order);
    },
    abandon: (order, reason) => settle(nameOf(order), new Error(reason)),
    hold() {
      host.ref();
      host.channel?.ref();
    },
    get connected() {
      return host.connected;
    },
    get stage() {
      return stage;
    },
    async close() {
      // Whoever waits for it is kept from ending before it has.
      host.ref();
      if (host.connected) host.disconnect();
      const timer = setTimeout(() => host.kill('SIGKILL'), closeMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function forkHost(directory: string): ChildProcess {
  const compiled = import.meta.url.endsWith('.js');
  // The browsers inherit it, and have no use for our secrets.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LIVEKIT_')));
  return fork(new URL(compiled ? './host.js' : './host.ts', import.meta.url), [directory], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Sources need the loader that we were started with.
    execArgv: compiled ? [] : process.execArgv,
  });
}
