/** `disconnect`: who runs us inside a namespace is gone (`namespace.ts`). */
const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  dispose(): void;
}

/** The first signal calls `first` and aborts, so that all is closed in order; the second ends the process at once. */
export function onInterrupt(first: () => void, exit: () => never): Interrupt {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) exit();
    first();
    controller.abort();
  };
  for (const event of events) process.on(event, interrupt);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const event of events) process.off(event, interrupt);
    },
  };
}
