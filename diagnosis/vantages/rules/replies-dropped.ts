/** A port that is silent here answers somebody else, but not as it should: that answer does not get back to here. */
import type { VantageRule } from '../rule.js';
import { subjectOf } from '../view.js';

/** By the code of the silence, the codes of the answers: refused, or answered from another address. */
const answers: Readonly<Record<string, readonly string[]>> = {
  'udp-filtered': ['media-reply-address-wrong', 'udp-port-closed'],
  'tcp-port-filtered': ['tcp-port-refused'],
};

export const repliesDropped: VantageRule = {
  because: 'replies-dropped',
  resolves({ finding }, view, others) {
    const possible = answers[finding.code] ?? [];
    const own = failedAt(view.environment.observations, finding.evidence);
    return others
      .flatMap((one) => one.suspects.map((suspect) => ({ ...suspect, one })))
      .find(
        ({ finding: other, one }) =>
          possible.includes(other.code) &&
          failedAt(one.environment.observations, other.evidence).some((id) => own.includes(id)) &&
          subjectOf(one, other).proofs.length > 0,
      )?.finding.code;
  },
};

const failedAt = (
  observations: readonly { readonly id: string; readonly state: string }[],
  evidence: readonly string[],
): string[] => observations.filter(({ id, state }) => state === 'failed' && evidence.includes(id)).map(({ id }) => id);
