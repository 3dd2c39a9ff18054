/** What tests tell the reporter for Playwright, one attachment for each test. */
import type { Asked, EnvironmentRun, Exercise, Observation, Run } from '../evidence/run.js';

/** Playwright's own reporters show nothing whose name begins with an underscore. */
export const evidenceName = '_livekit-doctor';

export interface TestEvidence extends Pick<Run, 'tool' | 'startedAt' | 'vantage'> {
  readonly environment: Pick<EnvironmentRun, 'name' | 'url' | 'claims'>;
  /** Names of all wire probes. */
  readonly wireProbes: readonly string[];
  /** What they saw; only the first test of a worker says it. Times are milliseconds since `startedAt`. */
  readonly wire?: readonly Observation[];
  /** What this test tried in browsers. */
  readonly tried: readonly Observation[];
}

/** What tests asked for: what they tried in browsers, and never the peer layer. */
export function askedBy(tried: readonly Observation[], wireProbes: readonly string[]): Asked {
  if (tried.length === 0) return { depth: 'wire' };
  const exercises = tried.flatMap(({ probe, facts }) => (probe === 'call' ? [facts.exercise as Exercise] : []));
  const only = [...wireProbes, 'browser', ...new Set(tried.map(({ probe }) => probe))];
  return { depth: 'media', only, ...(exercises.length > 0 && { exercises }) };
}
