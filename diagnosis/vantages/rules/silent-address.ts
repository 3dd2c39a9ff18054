/** An address that is silent here answers somebody else: it is neither wrong nor gone, whatever else is in the way. */
import { mediaAnsweredAt } from '../../checks.js';
import type { VantageRule } from '../rule.js';
import { findingOf } from '../view.js';

export const silentAddress: VantageRule = {
  because: 'address-answers',
  rulesOut(view, others) {
    const { addresses = [] } = findingOf(view, 'media-address-silent')?.finding.args ?? {};
    const outside = others.filter(({ inside }) => view.inside || !inside);
    const answers = (address: unknown): boolean =>
      typeof address === 'string' && outside.some(({ environment }) => mediaAnsweredAt(environment, address));
    return Array.isArray(addresses) && addresses.some(answers) ? ['media-address-silent'] : [];
  },
};
