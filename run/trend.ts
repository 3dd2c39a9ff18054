/** The course of an environment over the runs that are kept: a few numbers of each, so that a report can show them. */
import { allPaths, type Depth, type EnvironmentRun, type Run, type TrendRun } from '../evidence/run.js';
import { roundTripOf } from '../reporters/path-proofs.js';

/** Some 150 bytes each. */
export const mostInTrend = 100;

export function trendRunOf({ startedAt }: Run, environment: EnvironmentRun): TrendRun {
  const { verdict, durationMs, findings } = environment;
  const codes = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
  const rttMs = Object.fromEntries(
    allPaths.flatMap((path) => {
      const ms = roundTripOf(environment, path);
      return ms === undefined ? [] : [[path, Math.round(ms * 10) / 10]];
    }),
  );
  return { startedAt, verdict, durationMs: Math.round(durationMs), codes: [...new Set(codes)], rttMs };
}

/**
 * Adds `trend` to every environment of which earlier runs are known, itself at the end. `earlier`: those of this depth,
 * oldest first, as runs of different depths are never compared.
 */
export async function withTrend(
  run: Run,
  earlier: (name: string, depth: Depth) => Promise<readonly TrendRun[]>,
): Promise<Run> {
  const environments = await Promise.all(
    run.environments.map(async (environment) => {
      const before = (await earlier(environment.name, environment.asked.depth)).filter(
        ({ startedAt }) => startedAt < run.startedAt,
      );
      if (before.length === 0) return environment;
      return { ...environment, trend: [...before, trendRunOf(run, environment)].slice(-mostInTrend) };
    }),
  );
  return { ...run, environments };
}
