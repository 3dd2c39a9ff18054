/** Pass, fail or inconclusive: never guessed, and what was skipped never passes. */
import type { Path, PathResult, Severity, Verdict } from '../evidence/run.js';
import { layers } from '../evidence/run.js';

export interface Standing {
  readonly severity: Severity;
  /** The vantage is, or may be, at fault. */
  readonly doubtful: boolean;
}

export function judge(standing: readonly Standing[], paths: Partial<Record<Path, PathResult>>): Verdict {
  const errors = standing.filter(({ severity }) => severity === 'error');
  if (errors.some(({ doubtful }) => !doubtful)) return 'fail';
  if (errors.length > 0) return 'inconclusive';
  const required = Object.values(paths).filter((path) => path.required);
  const states = required.flatMap((path) => layers.map((layer) => path[layer]).filter((state) => state !== undefined));
  if (states.includes('failed')) return 'fail';
  const proven = states.length > 0 && states.every((state) => state === 'ok');
  return proven ? 'pass' : 'inconclusive';
}
