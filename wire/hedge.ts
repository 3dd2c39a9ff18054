/**
 * Trying again beside an attempt that is silent. A lost segment is sent again by the kernel after 0.2 to 3 s, doubling
 * each time, so one TCP connection can be silent for seconds where a part of the packets is lost; several hardly are.
 */
export interface Hedge<T> {
  /** Milliseconds between the beginnings of attempts. */
  readonly everyMs: number;
  readonly most: number;
  /** Ends all attempts. */
  readonly signal: AbortSignal;
  /** An outcome that settles it, from whichever attempt: anything but silence. */
  decides(outcome: T): boolean;
  /** Closes what came of an attempt that is not needed. */
  discard(outcome: T): void;
}

/** Ends as soon as its signal aborts, and never rejects where others run beside it. */
export type Attempt<T> = (
  signal: AbortSignal,
  /** It is going to be the one, before its outcome is there: false where another one was before it. May be repeated. */
  claim: () => boolean,
) => Promise<T>;

/**
 * The outcome of the first attempt that claims it or whose outcome decides; or that of the first attempt of all, where
 * that is over before. The signals of all others are aborted then.
 */
export function hedged<T>(attempt: Attempt<T>, { everyMs, most, signal, decides, discard }: Hedge<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const running = new Set<AbortController>();
    let chosen: AbortController | undefined;
    let begun = 0;
    const abortOthers = (): void => {
      clearInterval(timer);
      for (const one of running) if (one !== chosen) one.abort();
    };
    const abortAll = (): void => {
      abortOthers();
      chosen?.abort();
    };
    const begin = async (): Promise<void> => {
      const own = new AbortController();
      const isFirst = begun === 0;
      begun += 1;
      running.add(own);
      if (signal.aborted) own.abort();
      const claim = (): boolean => {
        if (chosen) return chosen === own;
        chosen = own;
        abortOthers();
        return true;
      };
      const outcome = await attempt(own.signal, claim);
      running.delete(own);
      if ((chosen && chosen !== own) || !(chosen || isFirst || decides(outcome))) return discard(outcome);
      claim();
      signal.removeEventListener('abort', abortAll);
      resolve(outcome);
    };
    const timer = setInterval(() => {
      if (begun < most) begin().catch(reject);
      else clearInterval(timer);
    }, everyMs);
    signal.addEventListener('abort', abortAll, { once: true });
    begin().catch((error) => {
      abortAll();
      reject(error);
    });
  });
}
