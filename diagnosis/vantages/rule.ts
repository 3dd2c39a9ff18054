/** What a rule about several vantages is. To add one: one file in `rules/` and one line in `rules/index.ts`. */
import type { Finding } from '../../evidence/run.js';
import type { Suspect, View } from './view.js';

/** Whose fault a finding is, and the sentence that says why; `fix` only where another thing is to be done. */
export interface Ruling {
  readonly blames: 'deployment' | 'vantage';
  readonly why: string;
  readonly fix?: string;
}

export interface VantageRule {
  /** Stable, for programs: the cause that one vantage alone could not tell. */
  readonly because: string;
  /** Codes that are impossible here by what others saw; what they hid comes to light. */
  rulesOut?(view: View, others: readonly View[]): readonly string[];
  /** The code of another vantage's finding that this one is in truth. */
  resolves?(suspect: Suspect, view: View, others: readonly View[]): string | undefined;
  /** Whose fault a finding of these vantages is, where the evidence tells more than votes do. */
  judge?(finding: Finding, seers: readonly View[], others: readonly View[]): Ruling | undefined;
}
