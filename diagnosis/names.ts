/** How rules look at names: what the usual resolvers say, what the zone says, and what was seen unchecked. */
import type { DnsAnswer, DnsFacts, Seen } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';
import { look } from './look.js';

export type NameOutcome = 'missing' | 'no-address' | 'invalid' | 'failure' | 'no-answer' | 'stale' | 'found';

/** What a client would be told: not what the zone's own servers say, nor what fails validation. */
export function usual({ answers }: DnsFacts): DnsAnswer[] {
  return answers.filter(({ authority, checkingDisabled }) => !authority && !checkingDisabled);
}

export function ofAuthority({ answers }: DnsFacts): DnsAnswer[] {
  return answers.filter(({ authority, rcode }) => authority && rcode !== undefined);
}

/** What became of a name. `stale`: the zone knows an address, but the resolvers remember that there was none. */
export function outcomeOf(facts: DnsFacts): NameOutcome {
  if (facts.addresses.length > 0) return 'found';
  // Where the zone was asked first and knows nothing, nobody else was asked.
  const onlyZone = usual(facts).length === 0;
  const rcodes = (onlyZone ? ofAuthority(facts) : usual(facts)).flatMap(({ rcode }) => (rcode ? [rcode] : []));
  if (rcodes.length === 0) return 'no-answer';
  const broken = rcodes.some((rcode) => rcode !== 'NOERROR' && rcode !== 'NXDOMAIN');
  // One type of record may fail while the zone proves that there is none of the other: the name is not empty then.
  if (broken && !rcodes.includes('NXDOMAIN')) {
    // RFC 4035 §5.5: a validating resolver answers SERVFAIL, and gives the bogus data to who says CD=1.
    const unchecked = facts.answers.some(({ checkingDisabled, rcode }) => checkingDisabled && rcode === 'NOERROR');
    return unchecked ? 'invalid' : 'failure';
  }
  if (!onlyZone && ofAuthority(facts).some(({ addresses }) => addresses.length > 0)) return 'stale';
  return rcodes.includes('NXDOMAIN') ? 'missing' : 'no-address';
}

export function names(evidence: Evidence, outcome: NameOutcome): Seen<'dns'>[] {
  return look(evidence, 'dns').filter(({ facts }) => outcomeOf(facts) === outcome);
}

export function resolversOf(answers: readonly DnsAnswer[]): string[] {
  return [...new Set(answers.map(({ resolver }) => resolver))];
}
