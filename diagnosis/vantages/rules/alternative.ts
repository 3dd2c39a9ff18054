/** Two faults look alike from one vantage, and another one sees which of them it is. */
import type { VantageRule } from '../rule.js';
import { stateOf, subjectOf } from '../view.js';

export const alternative: VantageRule = {
  because: 'alternative',
  resolves({ finding, doubt }, view, others) {
    if (doubt === 'vantage') return undefined;
    const { proofs } = subjectOf(view, finding);
    const able = others.filter((one) => view.inside || !one.inside);
    // What works elsewhere is broken here by something else.
    if (able.some((one) => proofs.some((proof) => stateOf(one, proof) === 'ok'))) return undefined;
    const possible = (finding.alternatives ?? []).map(({ code }) => code);
    const known = able.flatMap((one) =>
      one.suspects
        .filter((other) => other.doubt === undefined && possible.includes(other.finding.code))
        .map((other) => ({ other: other.finding, subject: subjectOf(one, other.finding).proofs })),
    );
    const found = known.find(({ subject }) => subject.some(({ path }) => proofs.some((proof) => proof.path === path)));
    return found?.other.code;
  },
};
