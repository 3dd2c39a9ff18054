/** The place and the machine that looked: another network explains much of what else is different. */
import ipaddr from 'ipaddr.js';
import { seen } from '../../evidence/facts.js';
import type { Run, Vantage } from '../../evidence/run.js';
import { isIpv6, isPrivate, splitAddress } from '../address.js';
import { type Difference, differs, set } from './change.js';

/** The `Date` header has whole seconds, and half of a round trip is in it. */
const clockNoiseMs = 2000;

export function vantage(before: Run, after: Run): Difference[] {
  const [was, is] = [before.vantage, after.vantage];
  const found = [
    ...address(was, is),
    ...changed('vantage-families', 'addresses', families(was), families(is)),
    ...changed('vantage-nat', 'NAT', mapping(was), mapping(is)),
    ...clock(was, is),
    ...changed('vantage-resolvers', 'resolvers', resolvers(before), resolvers(after)),
  ];
  // A container has a new name each time.
  return found.length > 0 ? [...changed('vantage-name', 'name', was.name, is.name), ...found] : [];
}

const changed = (...[kind, what, before, after]: Parameters<typeof differs>): Difference[] =>
  differs(kind, what, before, after, 'vantage');

/** As the deployment sees it. Within one network machines get other addresses all the time, and with IPv6 each day. */
function address(was: Vantage, is: Vantage): Difference[] {
  const [before, after] = [outer(was), outer(is)];
  if (!before || !after || isIpv6(before) !== isIpv6(after)) return [];
  return network(before) === network(after) ? [] : changed('vantage-address', 'address', before, after);
}

function outer({ mapped }: Vantage): string | undefined {
  const one = mapped.udp ?? mapped.tcp;
  return one === undefined ? undefined : splitAddress(one).address;
}

/** A public IPv4 address is a network of its own. */
function network(one: string): string {
  if (!ipaddr.isValid(one) || (!isIpv6(one) && !isPrivate(one))) return one;
  const bytes = ipaddr.parse(one).toByteArray();
  return bytes.slice(0, isIpv6(one) ? 8 : 3).join('.');
}

const families = ({ addresses }: Vantage): string[] | undefined =>
  addresses.length > 0 ? set(addresses.map((one) => (isIpv6(one) ? 'IPv6' : 'IPv4'))) : undefined;

/** Where nobody could tell, that is no other kind. */
const mapping = ({ natMapping }: Vantage): string | undefined => (natMapping === 'unknown' ? undefined : natMapping);

function clock({ clockSkewMs: was }: Vantage, { clockSkewMs: is }: Vantage): Difference[] {
  if (was === undefined || is === undefined || Math.abs(is - was) <= clockNoiseMs) return [];
  return changed('vantage-clock', 'clock', Math.round(was), Math.round(is));
}

/** The system's. */
function resolvers({ environments }: Run): string[] | undefined {
  const [one] = environments.flatMap(({ observations }) => seen(observations, 'vantage'));
  return Array.isArray(one?.facts.resolvers) ? set(one.facts.resolvers) : undefined;
}
