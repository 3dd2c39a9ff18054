/** Whether a trouble is one: what a second run, made at once, says of the first. Pure. */
import { aboutOf } from '../evidence/about.js';
import type { EnvironmentRun, Finding, Verdict } from '../evidence/run.js';

/** What counts for an environment until the next run. */
export interface Settled {
  readonly verdict: Verdict;
  /** What was found twice in a row, and notes. */
  readonly findings: readonly Finding[];
  /** What was found once, and then not again, or the other way round. */
  readonly unconfirmed: readonly Finding[];
  /** It failed, and passed at once. */
  readonly flapped: boolean;
}

type Judged = Pick<EnvironmentRun, 'verdict' | 'findings'>;
type Before = Pick<Settled, 'verdict' | 'findings'>;

const isTrouble = ({ severity }: Finding): boolean => severity !== 'info';
const nameOf = (finding: Finding): string => `${finding.code} ${aboutOf(finding)}`;

/** Whether this run says something that is wrong, and was not known to be. */
export function wantsConfirmation(run: Judged, before: Before | undefined): boolean {
  if (run.verdict !== 'pass' && run.verdict !== before?.verdict) return true;
  const known = new Set(before?.findings.map(nameOf));
  return run.findings.some((finding) => isTrouble(finding) && !known.has(nameOf(finding)));
}

/** Of a run that needed no second one. */
export const settledAtOnce = ({ verdict, findings }: Judged): Settled => ({
  verdict,
  findings,
  unconfirmed: [],
  flapped: false,
});

/**
 * A failure counts where both fail, or where the second says again what was known before; where one of them could not
 * decide, nothing is decided.
 */
export function settled(first: Judged, second: Judged, before?: Before): Settled {
  const earlier = new Set([...first.findings, ...(before?.findings ?? [])].map(nameOf));
  const verdict = verdictOf(first.verdict, second.verdict, before?.verdict);
  const confirmed = second.findings.filter((finding) => !isTrouble(finding) || earlier.has(nameOf(finding)));
  // It fails in two ways: then what is seen now is what is wrong.
  const isOther = verdict === 'fail' && !confirmed.some(({ severity }) => severity === 'error');
  const findings = isOther ? second.findings : confirmed;
  const counted = new Set(findings.map(nameOf));
  const unconfirmed = [...second.findings, ...first.findings].filter(
    (finding, i, all) =>
      isTrouble(finding) &&
      !counted.has(nameOf(finding)) &&
      all.findIndex((one) => nameOf(one) === nameOf(finding)) === i,
  );
  return { verdict, findings, unconfirmed, flapped: first.verdict !== 'pass' && second.verdict === 'pass' };
}

function verdictOf(first: Verdict, second: Verdict, before: Verdict | undefined): Verdict {
  if (second === 'pass' || second === before) return second;
  return first === 'fail' && second === 'fail' ? 'fail' : 'inconclusive';
}
