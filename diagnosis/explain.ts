/** Which findings are consequences of which. */
import type { Severity } from '../evidence/run.js';
import type { AnyRule, Args, Found } from './rule.js';

export interface Suspect {
  readonly rule: AnyRule;
  readonly found: Found<Args>;
  readonly severity: Severity;
}

const worst: readonly Severity[] = ['error', 'warning', 'info'];

/** Whether the first is a cause of the second: the code says so, and both are about the same thing. */
function explains(cause: Suspect, effect: Suspect): boolean {
  if (!effect.rule.explainedBy.includes(cause.rule.code)) return false;
  const { target, addresses } = cause.found.args;
  const sameTarget = cause.rule.explainsAll || target === undefined || target === effect.found.args.target;
  const about = effect.found.args.addresses;
  return sameTarget && (!addresses || !about || about.every((address) => addresses.includes(address)));
}

export interface Explained {
  readonly standing: readonly Suspect[];
  readonly suppressed: readonly { readonly code: string; readonly because: string }[];
}

/**
 * Hides what another finding explains, through chains too: `because` is the code at the root, which stands. A cause is
 * as bad as the worst of its consequences. The explanations have no circle (a test holds it), so this ends.
 */
export function hideConsequences(suspects: readonly Suspect[]): Explained {
  const rootOf = (suspect: Suspect): Suspect => {
    const cause = suspects.find((other) => explains(other, suspect));
    return cause ? rootOf(cause) : suspect;
  };
  const roots = suspects.map(rootOf);
  const standing = suspects
    .filter((suspect, i) => roots[i] === suspect)
    .map((suspect) => {
      const caused = suspects.filter((_, i) => roots[i] === suspect).map(({ severity }) => severity);
      return { ...suspect, severity: worst.find((severity) => caused.includes(severity)) ?? suspect.severity };
    });
  const suppressed = suspects.flatMap((suspect, i) => {
    const root = roots[i];
    return root && root !== suspect ? [{ code: suspect.rule.code, because: root.rule.code }] : [];
  });
  return { standing, suppressed };
}
