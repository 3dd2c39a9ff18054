/**
 * Aborts with the first of these, and after so many milliseconds. `AbortSignal.any` does so, too, but in Node 20 it is
 * collected as garbage, with the timeouts in it, while somebody still waits for it; then nothing ever aborts.
 */
export function eitherSignal(signals: readonly (AbortSignal | undefined)[], timeoutMs?: number): AbortSignal {
  const either = new AbortController();
  for (const signal of signals) {
    const stop = (): void => either.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
  }
  if (timeoutMs !== undefined) {
    setTimeout(() => either.abort(new DOMException('The time is over', 'TimeoutError')), timeoutMs).unref();
  }
  return either.signal;
}
