/** What a vantage says of a finding that another one has. */
import type { Finding } from '../../evidence/run.js';
import { findingOf, stateOf, subjectOf, type View } from './view.js';

/** Whether the same works from there: `undefined` where that is not known, or fails for a cause of its own. */
export function denies(view: View, finding: Finding, seer: View): boolean {
  if (findingOf(view, finding.code)) return false;
  // The way from inside is another one.
  if (view.inside && !seer.inside) return false;
  const { proofs, others } = subjectOf(seer, finding);
  const same = view.environment.observations;
  const states = [
    ...proofs.map((proof) => stateOf(view, proof)),
    ...others.map(({ id }) => same.find((one) => one.id === id)?.state),
  ];
  return states.includes('ok') && !states.includes('failed');
}
