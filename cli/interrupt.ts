/** `disconnect`: who runs us inside a namespace is gone (`namespace.ts`). */
const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  dispose(): void;
}

/**
 * The first signal calls `first` and aborts, so that all is closed in order; the second ends the process at once.
 * With `onHangup` SIGHUP is none of them, and calls that.
 */
export function onInterrupt(first: () => void, exit: () => never, onHangup?: () => void): Interrupt {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) exit();
    first();
    controller.abort();
  };
  const listeners = events.map((event) => [event, event === 'SIGHUP' ? (onHangup ?? interrupt) : interrupt] as const);
  for (const [event, listener] of listeners) process.on(event, listener);
  // It may have gone before we listened.
  if (process.connected === false) interrupt();
  return {
    signal: controller.signal,
    dispose: () => {
      for (const [event, listener] of listeners) process.off(event, listener);
    },
  };
}
