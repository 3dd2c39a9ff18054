/**
 * Looks at environments again and again until all of them pass, or the time is over. Quick looks, at the wire and at one
 * environment each, come every second; what passes is a whole check of all of them, begun after each was seen to work.
 * Nothing is carried over from one look to the next: each asks for the names, connects and joins anew.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../environment/environment.js';
import { mintsTokens } from '../environment/token.js';
import { eitherSignal } from '../evidence/abort.js';
import { allPaths, type EnvironmentRun, type Run } from '../evidence/run.js';
import { type RunOptions, runChecks, warmUp } from './run.js';
import { prepareFor } from './wait-browser.js';
import { neverHeals } from './wait-hopeless.js';

export interface WaitEvents {
  /** It does not pass, and why. What a quick look found says so (`asked.zoneFirst`). */
  onReason(environment: EnvironmentRun): void;
  /** On the wire it works now. */
  onReady(environment: string): void;
  /** All work on the wire, and a whole check begins. */
  onWhole(): void;
}

export interface WaitOptions
  extends Pick<RunOptions, 'environments' | 'depth' | 'paths' | 'vantage' | 'version' | 'signal'> {
  readonly timeoutMs: number;
  /** Whether what was found is good enough. */
  passes(environment: EnvironmentRun): boolean;
  readonly events: WaitEvents;
}

/** `hopeless`: what is left is not the deployment's, so that waiting does not help. */
export type End = 'passed' | 'over' | 'hopeless';

export interface Waited {
  readonly end: End;
  /** Of the last whole check. */
  readonly run: Run;
}

/** For tests. */
export interface Means {
  check(options: RunOptions): Promise<Run>;
  /** Between the beginnings of two quick looks at an environment, at least. */
  readonly everyMs: number;
}

/** A look at what is silent takes three seconds and more, in which the silence may end. */
const mostLooks = 4;
/** Joins per second that a machine can make beside other work, over all environments. */
const looksPerS = 4;
/** The pauses grow slowly: who waits for long need not be told within a second. */
const growth = 1 / 200;
const longestMs = 5000;
/** After a whole check that failed where the wire works: two browsers cost more than two sockets. */
const firstPauseMs = 1000;
const pauseGrowth = 1.5;

/**
 * Resolves with the last whole check; at the end of the time one is made in any case, which takes some seconds more.
 * Rejects with the signal's reason when it was aborted, after everything that was opened has been closed.
 */
export async function waitForPass(
  options: WaitOptions,
  means: Means = { check: runChecks, everyMs: 1000 },
): Promise<Waited> {
  const { environments, depth, paths, vantage, version, signal, timeoutMs, passes, events } = options;
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), timeoutMs);
  const over = eitherSignal([signal, time.signal]);
  const closing = new Set<Promise<unknown>>();
  const asked = { vantage, version, ...(paths && { paths }) };
  const startMs = performance.now();
  let coolDown = warmUp({ depth });
  let pauseMs = firstPauseMs;
  let hopeless = false;

  const everyMs = (): number => {
    const grown = Math.min(longestMs, (performance.now() - startMs) * growth);
    return Math.max(means.everyMs, grown, (means.everyMs * environments.length) / looksPerS);
  };

  /** Until a quick look passes, or the time is over. A look that began before the newest that has ended is old news. */
  const untilReady = async (environment: Environment): Promise<void> => {
    const ready = new AbortController();
    const until = eitherSignal([over, ready.signal]);
    const ended = new Promise<void>((resolve) => {
      until.addEventListener('abort', () => resolve(), { once: true });
    });
    const looks = new Set<Promise<void>>();
    let newest = 0;
    let failure: unknown;
    const look = async (number: number): Promise<void> => {
      const run = await means.check({
        ...asked,
        environments: [environment],
        depth: 'wire',
        zoneFirst: true,
        signal: until,
      });
      const [found] = run.environments;
      if (!found || until.aborted || number < newest) return;
      newest = number;
      // Several take turns, and the first of them is not known.
      if (depth === 'media' && environments.length === 1) prepareFor(environment, found, paths ?? allPaths);
      if (passes(found)) {
        events.onReady(environment.name);
        ready.abort();
        return;
      }
      events.onReason(found);
      if (!neverHeals(environment, found)) return;
      hopeless = true;
      time.abort();
    };
    // A ready token stands for one identity, which a second connection would put out.
    const most = mintsTokens(environment) ? mostLooks : 1;
    for (let number = 1; !until.aborted; number += 1) {
      const one = look(number)
        .catch((error: unknown) => {
          if (until.aborted) return;
          failure = error;
          ready.abort();
        })
        .finally(() => {
          looks.delete(one);
          closing.delete(one);
        });
      looks.add(one);
      closing.add(one);
      await sleep(everyMs(), undefined, { signal: until }).catch(() => {});
      while (looks.size >= most && !until.aborted) await Promise.race([...looks, ended]);
    }
    if (failure !== undefined) throw failure;
  };

  const whole = async (): Promise<{ run: Run; failing: readonly Environment[] }> => {
    const run = await means.check({ ...asked, environments, depth, signal });
    const found = run.environments.filter((one) => !passes(one));
    for (const one of found) events.onReason(one);
    const failing = environments.filter(({ name }) => found.some((one) => one.name === name));
    hopeless ||= failing.some((one) => found.some((seen) => seen.name === one.name && neverHeals(one, seen)));
    return { run, failing };
  };

  const waiting = async (): Promise<Waited> => {
    for (let failing: readonly Environment[] = environments; ; ) {
      await Promise.all(failing.map(untilReady));
      signal.throwIfAborted();
      if (!time.signal.aborted) events.onWhole();
      const seen = await whole();
      if (seen.failing.length === 0) return { end: 'passed', run: seen.run };
      if (hopeless) return { end: 'hopeless', run: seen.run };
      if (time.signal.aborted) return { end: 'over', run: seen.run };
      failing = seen.failing;
      coolDown = warmUp({ depth });
      await sleep(pauseMs, undefined, { signal: over }).catch(() => {});
      pauseMs = Math.min(longestMs, pauseMs * pauseGrowth);
    }
  };

  try {
    return await waiting();
  } finally {
    clearTimeout(timer);
    // Of several environments the others are still looked at when one has failed us.
    time.abort();
    await Promise.allSettled(closing);
    await coolDown();
  }
}
