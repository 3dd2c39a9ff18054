/** When checks are due: pure. Times are in milliseconds of one clock, from the moment at which the schedule began. */

/** Nobody waits a quarter of an hour for the first result. */
const earlyWithinMs = 60_000;
/** Of the period, so that checks do not keep step with whatever else is done every minute. */
const jitter = 0.05;
/** The fraction of the golden ratio: however many there are, each falls into the widest gap that the others left. */
const golden = 0.618_033_988_749_894_9;

export interface Schedule {
  readonly periodMs: number;
  /** Its place in its period, 0 to 1. */
  readonly phase: number;
}

/** Of the so-manieth environment. What is added at the end of the configuration moves none of the others. */
export const phaseOf = (index: number): number => (index * golden) % 1;

/** One early look, where the period is long, then one in each period. Ascending. */
export function slotMs({ periodMs, phase }: Schedule, number: number): number {
  const early = phase * Math.min(periodMs, earlyWithinMs);
  if (number === 0 || periodMs <= earlyWithinMs) return early + number * periodMs;
  // The next one where at least half a period has passed.
  const first = phase * periodMs;
  const skipped = Math.ceil(Math.max(0, early + periodMs / 2 - first) / periodMs);
  return first + (skipped + number - 1) * periodMs;
}

/** How much later than its slot it starts; `random` from 0 to 1. */
export const jitterMs = ({ periodMs }: Schedule, random: number): number => random * jitter * periodMs;

/** The first slot after the one of this number that is not over yet, and how many were slept through. */
export function nextSlot(schedule: Schedule, after: number, nowMs: number): { number: number; skipped: number } {
  const { periodMs } = schedule;
  let number = after + 1;
  const late = nowMs - slotMs(schedule, number);
  // Half a period too late is too late.
  if (late > periodMs / 2) number += Math.ceil(late / periodMs - 0.5);
  return { number, skipped: number - after - 1 };
}
