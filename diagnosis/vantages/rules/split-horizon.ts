/** A name that leads one vantage to another address than the others, where it fails. */
import { seen } from '../../../evidence/facts.js';
import { list } from '../../words.js';
import type { VantageRule } from '../rule.js';
import { nameOf, networkOf, subjectOf, type View } from '../view.js';
import { denies } from '../vote.js';

/** Found at the name itself or behind its address. */
const behindNames = new Set(['dns', 'tls', 'signal', 'address']);

const addressesOf = ({ environment }: View, role: string): { name: string; addresses: string[] } | undefined =>
  seen(environment.observations, 'dns')
    .map(({ facts }) => facts)
    .find((facts) => facts.role === role && facts.addresses.length > 0);

export const splitHorizon: VantageRule = {
  because: 'split-horizon',
  judge(finding, seers, others) {
    // Several networks have no resolver in common: that is the zone, which may lead each region to an ingress of its own.
    if (new Set(seers.flatMap((seer) => networkOf(seer) ?? [])).size > 1) return undefined;
    const role = typeof finding.args.target === 'string' ? finding.args.target : 'signal';
    for (const seer of seers) {
      if (!subjectOf(seer, finding).others.some(({ probe }) => behindNames.has(probe))) continue;
      const here = addressesOf(seer, role);
      const proving = others.filter((one) => denies(one, finding, seer));
      const [there] = proving.flatMap((one) => addressesOf(one, role) ?? []);
      if (!here || !there || here.addresses.some((one) => there.addresses.includes(one))) continue;
      return {
        blames: 'vantage',
        why: `\`${here.name}\` is ${list(here.addresses)} at ${nameOf(seer)} and ${list(there.addresses)} at ${list(proving.map(nameOf))}, where it works: its resolver answers from another view of the zone (split horizon), or from an old one.`,
        fix: `Correct what the resolver of ${nameOf(seer)} says of \`${here.name}\` (expected: ${list(there.addresses)}, seen: ${list(here.addresses)}), or make ${list(here.addresses)} lead to the deployment from there.`,
      };
    }
    return undefined;
  },
};
