import type { Evidence, Verdict } from '../../../evidence/run.js';

/** A known fault as it shows in the observations, and what must come out. Literal: no network, no clock. */
export interface Fault {
  readonly name: string;
  readonly evidence: Evidence;
  /** Findings, in their order. */
  readonly codes: readonly string[];
  /** Consequences that must be hidden, in any order. */
  readonly suppressed?: readonly string[];
  readonly alternatives?: readonly string[];
  readonly verdict: Verdict;
  /** Words that the finding's prose must bear: observed and expected values, the key to change. */
  readonly says?: readonly string[];
}
