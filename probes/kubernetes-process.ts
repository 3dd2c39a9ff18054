/**
 * Speaks with the cluster in a process of its own: the client takes half a second of CPU to load, in which no check of this
 * process could be timed, and the programs that a kubeconfig names for logging in may hang.
 */
import { fork } from 'node:child_process';
import type { ReadAnswer, ReadOrder } from './kubernetes-protocol.js';

/** A busy process hears late that it shall end. */
const leaveMs = 1000;

/** Undefined when it was aborted or ended without an answer. Whatever it started is ended with it. */
export function readInProcess(order: ReadOrder, signal: AbortSignal): Promise<ReadAnswer | undefined> {
  // From sources as from the build: what loads TypeScript here is inherited by the child.
  const isSource = import.meta.url.endsWith('.ts');
  const worker = new URL(`./kubernetes-worker${isSource ? '.ts' : '.js'}`, import.meta.url);
  // A group of its own, which it ends when we disconnect, so that no program that the kubeconfig names outlives it.
  const child = fork(worker, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
    // It has a thousand files to load, and whatever looks at each of them makes that ten times as long.
    ...(!isSource && { execArgv: [] }),
  });
  return new Promise((resolve) => {
    const end = (answer?: ReadAnswer): void => {
      signal.removeEventListener('abort', abort);
      if (child.connected) child.disconnect();
      setTimeout(() => child.kill('SIGKILL'), leaveMs).unref();
      resolve(answer);
    };
    const abort = (): void => end();
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', abort);
    child.once('exit', abort);
    child.once('message', (answer) => end(answer as ReadAnswer));
    child.send(order, () => {});
    if (signal.aborted) abort();
  });
}
