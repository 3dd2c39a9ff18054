/** Runs `work` with a signal that aborts after `timeoutMs`, and with the other one. */
export async function within<T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  // Late timers let what has arrived be read first: see `pace`.
  const timer = setTimeout(() => setImmediate(stop), timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
