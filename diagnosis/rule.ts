/** What a rule is. To add one: one file in `rules/`, one line in `rules/index.ts`, one page in `docs/faults/`. */

import type { Role } from '../evidence/facts.js';
import type { Evidence, Severity } from '../evidence/run.js';

// biome-ignore lint/suspicious/noExplicitAny: an index of rules holds rules of every kind of arguments
export type AnyRule = Rule<any>;

/** Arguments are plain JSON. `target` and `addresses` say what is meant, and scope what explains what. */
export interface Args {
  readonly target?: Role;
  /** Without ports. A finding about some addresses explains others only about these. */
  readonly addresses?: readonly string[];
}

export interface Alternative {
  readonly code: string;
  /** A sentence: the experiment that would tell the two apart. */
  readonly separateBy: string;
}

export interface Found<A extends Args> {
  readonly args: A;
  /** Ids of the observations that it rests on, at least one; the positive controls among them. */
  readonly evidence: readonly string[];
  /** Overrides the rule's severity. */
  readonly severity?: Severity;
  readonly alternatives?: readonly Alternative[];
  /** No positive control answered, so the vantage may be the cause as well: it cannot make the verdict `fail`. */
  readonly undecided?: boolean;
}

/** The words of a finding: one sentence each, the fix with the configuration key, the observed and expected value. */
export interface Prose {
  readonly summary: string;
  readonly cause: string;
  readonly fix: string;
}

export interface Rule<A extends Args> {
  /** Public and stable. */
  readonly code: string;
  readonly severity: Severity;
  /**
   * Codes that explain this one: where such a finding stands, this one is its consequence and is suppressed. A finding
   * with a `target` only explains others of the same target, unless the rule that explains says `explainsAll`.
   */
  readonly explainedBy: readonly string[];
  /** Its finding explains consequences of every target: nothing of the deployment can be reached without it. */
  readonly explainsAll?: boolean;
  /** Whose fault it is: a fault of the vantage makes the verdict `inconclusive`. Absent: the deployment's. */
  readonly blames?: 'vantage';
  /**
   * Where what it looks at was not observed: the sentence that `separateBy` of an alternative is. It stays possible then,
   * so it is an alternative of every finding that it would explain.
   */
  unseen?(evidence: Evidence): string | undefined;
  /** Pure: the same evidence, the same findings. */
  find(evidence: Evidence): readonly Found<A>[];
  prose(args: A): Prose;
}

/** Ties the arguments of `find` to those of `prose`. */
export function rule<A extends Args>(definition: Rule<A>): Rule<A> {
  return definition;
}
