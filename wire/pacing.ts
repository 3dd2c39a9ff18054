/** Sending again: when, and until when. */

export interface Schedule {
  /** Milliseconds after the first sending, which is at 0, in ascending order. */
  readonly sendAtMs: readonly number[];
  /** When silence is final, milliseconds after the first sending. */
  readonly giveUpAtMs: number;
}

/**
 * Calls `send` on schedule, the first time at once. Resolves when it is time to give up, or as soon as the signal aborts.
 * On a machine that is too busy to keep the schedule everything moves later together, and what has arrived by then is
 * read before it gives up: a late timer must not look like a silent peer.
 */
export function pace({ sendAtMs, giveUpAtMs }: Schedule, send: () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    const step = (index: number): void => {
      const at = sendAtMs[index] ?? giveUpAtMs;
      const next = sendAtMs[index + 1] ?? giveUpAtMs;
      if (index >= sendAtMs.length) {
        setImmediate(end);
        return;
      }
      send();
      if (!signal.aborted) timer = setTimeout(step, next - at, index + 1);
    };
    step(0);
  });
}
