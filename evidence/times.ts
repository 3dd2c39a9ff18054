import type { Observation } from './run.js';

/** Their times count from a moment that was `laterMs` earlier. */
export function shifted(observations: readonly Observation[], laterMs: number): Observation[] {
  const times = <T extends { startMs: number; endMs: number }>(one: T): T => ({
    ...one,
    startMs: one.startMs + laterMs,
    endMs: one.endMs + laterMs,
  });
  return observations.map(({ steps, ...one }) => ({ ...times(one), ...(steps && { steps: steps.map(times) }) }));
}
