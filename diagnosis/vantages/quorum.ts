/** Whose fault a thing is, by the number of those who see it and of those from whom the same works. */
import type { Quorum, SeenFrom } from '../../evidence/run.js';

export type Blame = SeenFrom['blames'];

/**
 * Only those vote who could judge. Whatever the quorum, what nobody denies and enough see is the deployment's; below it
 * the vantages are at fault where more deny it than see it, and else nobody is blamed.
 */
export function decide(sees: number, denies: number, quorum: Quorum): Blame {
  const needed = quorum === 'any' ? 1 : quorum === 'majority' ? Math.floor((sees + denies) / 2) + 1 : quorum;
  if (sees >= needed && sees > 0) return 'deployment';
  return denies > sees ? 'vantage' : 'undecided';
}
