/** Starts the process in which participants live, and speaks with it. One for all paths of an environment. */
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
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
  /** By what it is the answer to. */
  const answers = new EventEmitter();
  child.on('message', (message: Ready | Met) => answers.emit(message.kind === 'met' ? message.key : 'ready', message));
  const answer = <T extends Ready | Met>(name: string): Promise<T> =>
    new Promise((resolve) => answers.once(name, resolve));
  const unusable = Promise.race([answer<Ready>('ready').then(({ error }) => error), ended.then(() => how)]);
  const send = (message: Meet | Stop): void => {
    // An error in sending means that it has ended, which is heard anyway.
    if (child.connected) child.send(message, () => {});
  };
  return {
    unusable,
    meet(order) {
      const met = answer<Met>(order.key);
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
