/**
 * When the next of many environments may begin. All of them at once would keep a process of one thread so busy that it
 * reads answers late, and calls a silence what it had no time to hear. So they begin as fast as this process can follow:
 * one for each stretch of processor time that one of them takes, and none while the event loop runs late.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** A few do no harm to each other. */
const atOnce = 4;
/** Of processor time, until some have ended: what one takes on a slow machine in a process that has just begun. */
const firstCostMs = 25;
const mostCostMs = 50;
/** Of the processor, for these; the rest is for answers that come in bunches. */
const share = 0.8;
/** A timer that is later than this was kept waiting by work. */
const lateMs = 10;
const restMs = 5;
/** Where the event loop is late all the time, somebody else keeps this machine busy, and waiting helps nobody. */
const mostRestMs = 500;

export interface Admission {
  /** Resolves when it may begin, and at once when the signal is aborted. */
  enter(signal: AbortSignal): Promise<void>;
  /** One that entered has ended. */
  leave(): void;
}

/** `cpuMs`: processor time of this process since some fixed moment. */
export function admission(cpuMs: () => number = processCpuMs): Admission {
  const startedMs = cpuMs();
  let entered = 0;
  let ended = 0;
  let line = Promise.resolve();
  /** Those that are under way have taken a part of it. */
  const costMs = (): number =>
    ended < atOnce ? firstCostMs : Math.min(mostCostMs, (cpuMs() - startedMs) / ((entered + ended) / 2));
  const next = async (signal: AbortSignal): Promise<void> => {
    entered += 1;
    if (entered <= atOnce) return;
    await pause(costMs() / share, signal);
    const untilMs = performance.now() + mostRestMs;
    while (!signal.aborted && performance.now() < untilMs && (await pause(restMs, signal)) > lateMs);
  };
  return {
    enter(signal) {
      line = line.then(() => next(signal));
      return line;
    },
    leave() {
      ended += 1;
    },
  };
}

/** Returns by how many milliseconds it was longer than wanted. */
async function pause(ms: number, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  await sleep(ms, undefined, { signal }).catch(() => {});
  return performance.now() - beganMs - ms;
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
