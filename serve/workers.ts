/** Starts the processes that check, hands them their orders, and ends them. */
import { type ChildProcess, fork } from 'node:child_process';
import { ConfigurationError } from '../environment/environment.js';
import type { Depth } from '../evidence/run.js';
import type { Answer, Keeping, Order, Served, Usage, Wanted } from './protocol.js';

export type Checked = Extract<Answer, { kind: 'checked' }>;

export interface CheckRequest {
  readonly environment: Served;
  readonly depth: Depth;
  readonly signal: AbortSignal;
  readonly keeping?: Keeping;
}

/** What each run says of where it is made, and by what. */
export interface About {
  readonly version: string;
  readonly vantage?: string;
}

export interface Workers {
  /** Rejects with a `ConfigurationError`. */
  load(wanted: Wanted): Promise<Extract<Answer, { kind: 'loaded' }>>;
  /** Rejects where it was cancelled, or the process died of it. */
  check(request: CheckRequest): Promise<Checked>;
  /** What is running, by what it does. */
  usage(): { count: number } & Usage;
  /** Everything that was opened is closed. */
  stop(): Promise<void>;
}

/** Nothing to do for so long: the memory is given back. */
const idleMs = 90_000;
/** More than it needs for a hundred environments. What leaks in a library ends with the process. */
const mostRssBytes = 300_000_000;
/** Leaving rooms and closing browsers takes 4.5 s at most. */
const closeMs = 6000;

interface Worker {
  send(order: Order): void;
  readonly waiting: Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>;
  readonly ended: Promise<void>;
  usage: Usage;
  /** No more orders; it ends with what it has. */
  retire(): void;
  kill(): void;
}

export function startWorkers(about: About): Workers {
  const all = new Set<Worker>();
  /** For the checks on the wire: one process for all of them. */
  let shared: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let lastId = 0;

  const open = (): Worker => {
    const child = forkWorker();
    const waiting: Worker['waiting'] = new Map();
    const ended = new Promise<void>((resolve) => {
      const end = (how: string): void => {
        all.delete(worker);
        if (shared === worker) shared = undefined;
        for (const { reject } of waiting.values()) reject(new Error(`the process that checked has ended (${how})`));
        waiting.clear();
        resolve();
      };
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      child.once('error', (error) => {
        if (child.pid === undefined) end(error.message);
      });
    });
    child.on('message', (answer: Answer) => {
      const id = 'id' in answer ? answer.id : 0;
      if (answer.kind === 'checked') worker.usage = answer.usage;
      waiting.get(id)?.resolve(answer);
      waiting.delete(id);
    });
    const worker: Worker = {
      waiting,
      ended,
      usage: { rssBytes: 0, openFiles: 0 },
      send(order) {
        if (child.connected) child.send(order, () => {});
      },
      retire() {
        if (shared === worker) shared = undefined;
        if (waiting.size === 0 && child.connected) child.disconnect();
      },
      kill: () => void child.kill('SIGKILL'),
    };
    all.add(worker);
    return worker;
  };

  const ask = (worker: Worker, id: number, order: Order): Promise<Answer> =>
    new Promise((resolve, reject) => {
      worker.waiting.set(id, { resolve, reject });
      worker.send(order);
    });

  const workerFor = (depth: Depth): Worker => {
    if (depth !== 'wire') return open();
    clearTimeout(idle);
    shared ??= open();
    return shared;
  };

  /** One of its own ends with its check; the shared one when there is nothing to do, or when it has grown. */
  const release = (worker: Worker, depth: Depth): void => {
    if (depth !== 'wire' || worker !== shared || worker.usage.rssBytes > mostRssBytes) worker.retire();
    else if (worker.waiting.size === 0) {
      clearTimeout(idle);
      idle = setTimeout(() => worker.retire(), idleMs).unref();
    }
  };

  return {
    async load(wanted) {
      const worker = open();
      const answer = await ask(worker, 0, { kind: 'load', wanted }).finally(() => worker.retire());
      if (answer.kind === 'loaded') return answer;
      if (answer.kind === 'refused') throw new ConfigurationError(answer.message);
      throw new Error(answer.kind === 'broken' ? answer.message : 'no answer');
    },
    async check({ environment, depth, signal, keeping }) {
      signal.throwIfAborted();
      const worker = workerFor(depth);
      lastId += 1;
      const id = lastId;
      let late: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        worker.send({ kind: 'cancel', id });
        late = setTimeout(() => worker.kill(), closeMs);
      };
      signal.addEventListener('abort', cancel, { once: true });
      try {
        const answer = await ask(worker, id, {
          kind: 'check',
          id,
          environment: environment.packed,
          depth,
          ...about,
          ...(keeping && { keeping }),
        });
        signal.throwIfAborted();
        if (answer.kind === 'checked') return answer;
        throw new Error(answer.kind === 'broken' ? answer.message : 'no answer');
      } finally {
        clearTimeout(late);
        signal.removeEventListener('abort', cancel);
        release(worker, depth);
      }
    },
    usage() {
      const usages = [...all].map(({ usage }) => usage);
      const sum = (of: (one: Usage) => number): number => usages.reduce((total, one) => total + of(one), 0);
      return {
        count: all.size,
        rssBytes: sum(({ rssBytes }) => rssBytes),
        openFiles: sum(({ openFiles = 0 }) => openFiles),
      };
    },
    async stop() {
      clearTimeout(idle);
      const ending = [...all];
      for (const worker of ending) {
        worker.waiting.clear();
        worker.retire();
      }
      const timer = setTimeout(() => {
        for (const worker of ending) worker.kill();
      }, closeMs);
      await Promise.all(ending.map(({ ended }) => ended));
      clearTimeout(timer);
    },
  };
}

function forkWorker(): ChildProcess {
  // From sources as from the build: what loads TypeScript here is inherited by the child.
  const program = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  return fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });
}
