import type { Role } from '../../evidence/facts.js';
import { isIpv6 } from '../address.js';
import { look } from '../look.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface WrongAddressArgs {
  target: Role;
  name: string;
  observed: string[];
  expected: string;
  /** The answer came from the hosts file of the vantage. */
  local: boolean;
}

export const dnsWrongAddress = rule<WrongAddressArgs>({
  code: 'dns-wrong-address',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    look(evidence, 'dns').flatMap(({ id, facts: { name, role, source, addresses } }) => {
      const { claims } = evidence;
      const named = role === 'signal' || claims.turn?.host === undefined || claims.turn.host === name;
      const expected = role === 'signal' ? claims.dns?.signal : named ? claims.turn?.address : undefined;
      if (expected === undefined || source === 'literal') return [];
      // A claim about IPv4 says nothing about the IPv6 addresses of the name.
      const comparable = addresses.filter((address) => isIpv6(address) === isIpv6(expected));
      const observed = comparable.filter((address) => address !== expected);
      if (observed.length === 0) return [];
      return [
        {
          args: { target: role, name, observed: comparable, expected, local: source === 'hosts-file' },
          evidence: [id],
        },
      ];
    }),
  prose: ({ name, observed, expected, target, local }) => ({
    summary: `\`${name}\` resolves to ${list(observed)}, but should resolve to ${expected} only.`,
    cause: local
      ? `The hosts file of this machine (\`/etc/hosts\`) says so, whatever DNS would answer.`
      : `The record does not match the claim \`${target === 'signal' ? 'dns.signal' : 'turn.address'}\`: it still points at an earlier load balancer, or the claim is out of date.`,
    fix: local
      ? `Remove \`${name}\` from \`/etc/hosts\`, or give it ${expected} there.`
      : `Set the ${expected.includes(':') ? 'AAAA' : 'A'} record of \`${name}\` to ${expected}.`,
  }),
});
