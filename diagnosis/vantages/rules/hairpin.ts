/** The media is silent inside of the server's own NAT: does the router forward it for nobody, or only not back in? */
import { list } from '../../words.js';
import type { VantageRule } from '../rule.js';
import { nameOf, stateOf, subjectOf } from '../view.js';

export const hairpin: VantageRule = {
  because: 'hairpin',
  judge(finding, seers, others) {
    if (finding.code !== 'hairpin-missing') return undefined;
    const silent = seers.flatMap((seer) => subjectOf(seer, finding).proofs);
    const proving = others.filter((one) => !one.inside && silent.some((proof) => stateOf(one, proof) === 'ok'));
    if (proving.length === 0) return undefined;
    const inside = list(seers.map(nameOf));
    return {
      blames: 'vantage',
      why: `The same media answers ${list(proving.map(nameOf))}, outside of this NAT, so hairpinning is missing, and only ${inside} needs it.`,
    };
  },
};
