/** Starts the process in which participants live, and speaks with it. One for all paths of an environment. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Meet, Met, Ready, Stop } from './peer-protocol.js';

/** How long it may take to leave the rooms before it is ended. */
const leaveMs = 1500;

export interface PeerProcess {
  /** Why it never will be of use, or undefined. Settles once it is loaded, in about 0.3 s, or has ended. */
  readonly unusable: Promise<string | undefined>;
  /** Undefined when the process ended first. */
  meet(order: Meet): Promise<Met | undefined>;
  /** The order of this key is answered with what there is. */
  stop(key: string): void;
  /** `exit code 1`, `SIGSEGV`; undefined while it runs. */
  ended(): string | undefined;
  /** Everybody leaves their rooms, and the process ends. */
  end(): Promise<void>;
}

export function startPeerProcess(): PeerProcess {
  // From sources as from the build: what loads TypeScript here is inherited by the child.
  const worker = new URL(`./peer-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const child = fork(worker, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  let how: string | undefined;
  const ended = new Promise<undefined>((resolve) => {
    const onEnd = (words: string): void => {
      how ??= words;
      resolve(undefined);
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
  });
  const unusable = Promise.race([
    answer(child, (message): message is Ready => message.kind === 'ready').then(({ error }) => error),
    ended.then(() => how),
  ]);
  const send = (message: Meet | Stop): void => {
    // An error in sending means that it has ended, which is heard anyway.
    if (child.connected) child.send(message, () => {});
  };
  return {
    unusable,
    meet(order) {
      const met = answer(child, (message): message is Met => message.kind === 'met' && message.key === order.key);
      send(order);
      return Promise.race([met, ended]);
    },
    stop: (key) => send({ kind: 'stop', key }),
    ended: () => how,
    async end() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), leaveMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function answer<T extends Ready | Met>(
  child: ChildProcess,
  wanted: (message: Ready | Met) => message is T,
): Promise<T> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if (!wanted(message as Ready | Met)) return;
      child.off('message', listen);
      resolve(message as T);
    };
    child.on('message', listen);
  });
}
