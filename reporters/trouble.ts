/** Which environments want somebody's eyes, and in which order. */
import type { EnvironmentRun, Verdict } from '../evidence/run.js';

/** Of more environments the healthy ones are folded. */
export const fewEnvironments = 4;

export const worstFirst: readonly Verdict[] = ['fail', 'inconclusive', 'pass'];

/** They tell as much without a colour. */
export const verdictMarks: Record<Verdict, string> = { pass: '✓', fail: '✗', inconclusive: '?' };
export const verdictPaints = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const;
/** `✓ pass`. */
export const markedVerdict = (verdict: Verdict): string => `${verdictMarks[verdict]} ${verdict}`;

/** Nothing of it needs anybody's eyes. */
export function isHealthy({ verdict, findings }: EnvironmentRun): boolean {
  return verdict === 'pass' && findings.every(({ severity }) => severity === 'info');
}

/** To sort by; of those that pass, first what has a warning. */
export function troubleRank(environment: EnvironmentRun): number {
  return worstFirst.indexOf(environment.verdict) * 2 + (isHealthy(environment) ? 1 : 0);
}

/** Among equals in the order in which they were asked for. */
export function troubledFirst(environments: readonly EnvironmentRun[]): EnvironmentRun[] {
  return [...environments].sort((a, b) => troubleRank(a) - troubleRank(b));
}
