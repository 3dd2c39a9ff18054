/** Which of several findings of one code it is. */
import type { Finding } from './run.js';

/** Arguments that say what is meant; all others may be new each time. */
const kinds = ['target', 'path', 'protocol', 'exercise', 'claim'] as const;

/** Apart from its code: the same in each run that has it, and another for each of one run. Empty where there is one only. */
export function aboutOf({ args }: Pick<Finding, 'args'>): string {
  return kinds
    .map((kind) => args[kind])
    .filter((value) => typeof value === 'string')
    .join(' ');
}
