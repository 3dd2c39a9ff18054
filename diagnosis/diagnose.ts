/** From observations to findings and a verdict: pure, so a saved run is judged the same offline, years later. */
import type { EnvironmentRun, Evidence, Finding, Severity } from '../evidence/run.js';
import { hideConsequences, type Suspect } from './explain.js';
import { withoutForbidden } from './forbidden.js';
import { judgePaths } from './paths.js';
import type { AnyRule, Args, Found } from './rule.js';
import { rules } from './rules/index.js';
import { unexplainedFailure } from './rules/unexplained-failure.js';
import { judge } from './verdict.js';

type Diagnosis = Pick<EnvironmentRun, 'verdict' | 'findings' | 'suppressed' | 'paths'>;

const bySeverity: readonly Severity[] = ['error', 'warning', 'info'];

/** Why a finding alone cannot make the verdict `fail`. */
export type Doubt = 'vantage' | 'undecided';

/** Errors come before warnings and notes; among equals the one nearest to the root. */
export function diagnose(whole: Evidence): Diagnosis {
  return diagnoseWithDoubts(whole).diagnosis;
}

/**
 * With what is doubtful of each finding, in their order. `ruledOut`: codes that somebody else's evidence excludes, so that
 * what they would hide stands.
 */
export function diagnoseWithDoubts(
  whole: Evidence,
  ruledOut: ReadonlySet<string> = new Set(),
): { readonly diagnosis: Diagnosis; readonly doubts: readonly (Doubt | undefined)[] } {
  const paths = judgePaths(whole);
  const evidence = withoutForbidden(whole);
  const unseen = rules.flatMap(({ code, unseen }) => {
    const separateBy = unseen?.(evidence);
    return separateBy ? [{ code, separateBy }] : [];
  });
  const suspect = (rule: AnyRule, found: Found<Args>): Suspect => {
    const possible = unseen.filter(({ code }) => rule.explainedBy.includes(code));
    const alternatives = [...(found.alternatives ?? []), ...possible];
    return { rule, found: { ...found, alternatives }, severity: found.severity ?? rule.severity };
  };
  const suspects = rules
    .filter(({ code }) => !ruledOut.has(code))
    .flatMap((rule) => rule.find(evidence).map((found) => suspect(rule, found)));
  const known = new Set(suspects.flatMap(({ found }) => found.evidence));
  const unknown = unexplainedFailure.findBeside(evidence, known).map((found) => suspect(unexplainedFailure, found));
  const { standing, suppressed } = hideConsequences([...suspects, ...unknown]);
  const ranked = [...standing].sort((a, b) => bySeverity.indexOf(a.severity) - bySeverity.indexOf(b.severity));
  const doubts = ranked.map(({ rule, found }) => rule.blames ?? (found.undecided ? 'undecided' : undefined));
  const verdict = judge(
    ranked.map(({ severity }, i) => ({ severity, doubtful: doubts[i] !== undefined })),
    paths,
  );
  return { diagnosis: { verdict, paths, findings: ranked.map(finding), suppressed: [...suppressed] }, doubts };
}

/** Prose marks code by backticks; one in what somebody else said would end its mark, and the rest be taken for Markdown. */
function withoutMarks(args: Args): Args {
  return JSON.parse(JSON.stringify(args).replaceAll('`', "'")) as Args;
}

function finding({ rule, found, severity }: Suspect): Finding {
  const { args, evidence, alternatives } = found;
  return {
    code: rule.code,
    severity,
    args: args as Finding['args'],
    ...rule.prose(withoutMarks(args)),
    evidence: [...evidence],
    ...(alternatives && alternatives.length > 0 && { alternatives: [...alternatives] }),
  };
}
