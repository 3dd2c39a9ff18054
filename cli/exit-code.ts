import type { Run, Verdict } from '../evidence/run.js';

/** Public: scripts and pipelines rely on these. */
export const exitCodes = { pass: 0, fail: 1, usage: 2, inconclusive: 3, interrupted: 130 } as const;

export const failOnLevels = ['error', 'warning'] as const;
export type FailOn = (typeof failOnLevels)[number];

/** Of several environments the worst decides: fail beats inconclusive beats pass. Of none nothing was proven. */
export function exitCodeOf(run: Pick<Run, 'environments'>, failOn: FailOn): number {
  const verdicts = run.environments.map(({ verdict, findings }): Verdict => {
    // What is at fault at one vantage of several is no fault of the deployment.
    const own = findings.filter(({ seenFrom }) => seenFrom?.blames !== 'vantage');
    const warned = failOn === 'warning' && own.some(({ severity }) => severity === 'warning');
    return warned ? 'fail' : verdict;
  });
  if (verdicts.includes('fail')) return exitCodes.fail;
  const proven = verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass');
  return proven ? exitCodes.pass : exitCodes.inconclusive;
}
