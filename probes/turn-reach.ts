/** Up to the first answer of a TURN server: one connection, others beside it while it is silent, and second looks. */
import type { TurnLook } from '../evidence/facts.js';
import { openTurn, type TurnClient, type TurnFailure, type TurnOptions } from '../wire/turn.js';
import type { TimedStep, TurnServer } from '../wire/turn-link.js';
import { turnLooks } from './turn-looks.js';

export type Reached =
  /** It was challenged, so that it can be asked for an allocation. */
  | { readonly client: TurnClient }
  | { readonly failure: TurnFailure; readonly steps: readonly TimedStep[]; readonly looks: readonly TurnLook[] };

type Attempt =
  | { readonly client: TurnClient }
  | { readonly failure: TurnFailure; readonly steps: readonly TimedStep[] };

/**
 * A lost segment is sent again by the kernel too late to be told from silence, so a connection that says nothing gets
 * others beside it: three of them fail together once in a million times where a fifth of the packets is lost each way.
 */
const mostConnections = 3;

async function challenged(server: TurnServer, options: TurnOptions): Promise<Attempt> {
  const opened = await openTurn(server, options);
  if ('failure' in opened) return opened;
  const { client } = opened;
  const answer = await client.challenge();
  if (answer.ok) return opened;
  const steps = [...client.steps];
  void client.release();
  return { failure: answer.failure, steps };
}

const again = ({ connection: _, ...server }: TurnServer, options: TurnOptions): Promise<Attempt> =>
  challenged(server, options);

/** Whether another way to ask could tell more: not where TURN spoke, or the certificate is what is wrong. */
const isOpen = (failure: TurnFailure): boolean =>
  failure.kind !== 'turn-error' && failure.kind !== 'no-route' && !('certificate' in failure);

/** One that was made before may have been closed since, which says nothing: another is made then. */
async function first({ connection, ...server }: TurnServer, options: TurnOptions): Promise<Attempt> {
  if (!connection) return challenged(server, options);
  const result = await challenged({ ...server, connection }, options);
  const spoke = 'client' in result || result.failure.kind === 'turn-error' || result.failure.kind === 'timeout';
  return spoke ? result : challenged(server, options);
}

/** Never rejects. After `unusualMs` without an answer a connection counts as silent, though it is still waited for. */
export async function reachTurn(server: TurnServer, options: TurnOptions, unusualMs: number): Promise<Reached> {
  const { signal } = options;
  const mayLook = server.transport !== 'udp';
  const attempts = new Set<AbortController>();
  const looksOver = new AbortController();
  const stop = (): void => {
    looksOver.abort();
    for (const attempt of attempts) attempt.abort();
  };
  signal.addEventListener('abort', stop, { once: true });
  let looking: Promise<TurnLook[]> | undefined;
  const ended = await new Promise<Attempt>((resolve) => {
    let decided = false;
    const begin = async (isFirst: boolean): Promise<void> => {
      const own = new AbortController();
      attempts.add(own);
      if (signal.aborted) own.abort();
      const result = await (isFirst ? first : again)(server, { ...options, signal: own.signal });
      if (!decided && ('client' in result || isFirst || result.failure.kind !== 'timeout')) {
        decided = true;
        clearInterval(timer);
        attempts.delete(own);
        for (const other of attempts) other.abort();
        attempts.clear();
        // What is left of it ends with the run.
        attempts.add(own);
        resolve(result);
      } else if ('client' in result) {
        void result.client.release();
      }
    };
    const timer = setInterval(() => {
      if (!mayLook || attempts.size >= mostConnections) return clearInterval(timer);
      looking ??= turnLooks(server, looksOver.signal);
      void begin(false);
    }, unusualMs);
    void begin(true);
  });
  if ('client' in ended) {
    looksOver.abort();
    return ended;
  }
  const looks = mayLook && isOpen(ended.failure) ? await (looking ?? turnLooks(server, looksOver.signal)) : [];
  looksOver.abort();
  signal.removeEventListener('abort', stop);
  return { ...ended, looks };
}
