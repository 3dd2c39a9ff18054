import { isIP } from 'node:net';
import type { Role } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isIpv6 } from '../address.js';
import { turnChecks } from '../checks.js';
import { look, signalHost, signalling } from '../look.js';
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

interface Resolved {
  role: Role;
  name: string;
  addresses: string[];
  local: boolean;
  evidence: string[];
}

/** What each name resolves to: by DNS, and where that was not recorded by where the probes connected to. */
function resolvedNames(evidence: Evidence): Resolved[] {
  const names: Resolved[] = look(evidence, 'dns').map(({ id, facts }) => ({
    role: facts.role,
    name: facts.name,
    addresses: facts.addresses,
    local: facts.source === 'hosts-file',
    evidence: [id],
  }));
  const signal = signalling(evidence);
  const used = [
    ...look(evidence, 'tls').map(({ id, facts }) => ({ id, ...facts })),
    ...(signal?.facts.address ? [{ id: signal.id, role: 'signal' as const, ...signal.facts }] : []),
    ...turnChecks(evidence).map(({ id, facts }) => ({ id, role: 'turn' as const, ...facts })),
  ];
  for (const { id, role, host, address } of used) {
    if (!address || names.some(({ name }) => name === host)) continue;
    names.push({
      role: host === signalHost(evidence) ? 'signal' : role,
      name: host,
      addresses: [address],
      local: false,
      evidence: [id],
    });
  }
  return names.filter(({ name }) => !isIP(name));
}

function claimedFor({ claims }: Evidence, { role, name }: Resolved): string | undefined {
  if (role === 'signal') return claims.dns?.signal;
  const { host, address } = claims.turn ?? {};
  return host === undefined || host === name ? address : undefined;
}

export const dnsWrongAddress = rule<WrongAddressArgs>({
  code: 'dns-wrong-address',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    resolvedNames(evidence).flatMap((resolved) => {
      const expected = claimedFor(evidence, resolved);
      if (expected === undefined) return [];
      // A claim about IPv4 says nothing about the IPv6 addresses of the name.
      const observed = resolved.addresses.filter((address) => isIpv6(address) === isIpv6(expected));
      if (observed.every((address) => address === expected)) return [];
      const { role, name, local } = resolved;
      return [{ args: { target: role, name, observed, expected, local }, evidence: resolved.evidence }];
    }),
  prose: ({ name, observed, expected, target, local }) => ({
    summary: `\`${name}\` resolves to ${list(observed)}, but should resolve to ${expected} only.`,
    cause: local
      ? 'The hosts file of this machine (`/etc/hosts`) says so, whatever DNS would answer.'
      : `The record does not match the claim \`${target === 'signal' ? 'dns.signal' : 'turn.address'}\`: it still points at an earlier load balancer, or the claim is out of date.`,
    fix: local
      ? `Remove \`${name}\` from \`/etc/hosts\`, or give it ${expected} there.`
      : `Set the ${isIpv6(expected) ? 'AAAA' : 'A'} record of \`${name}\` to ${expected}.`,
  }),
});
