import { isIP } from 'node:net';
import type { DnsFacts, Role } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isIpv6 } from '../address.js';
import { turnChecks, worked } from '../checks.js';
import { look, signalHost, signalling, triedSignalling } from '../look.js';
import { ofAuthority, usual } from '../names.js';
import { type Alternative, rule } from '../rule.js';
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
  /** One for each that answered: the zone's own servers where they were asked, else every resolver. */
  answers: string[][];
  local: boolean;
  evidence: string[];
}

/** What the record holds: by the zone's own word, by the resolvers, and where neither is known by what was used. */
function answersOf(facts: DnsFacts, family: (address: string) => boolean): string[][] {
  const zone = ofAuthority(facts);
  const said = (zone.length > 0 ? zone : usual(facts)).map(({ addresses }) => addresses.filter(family));
  const known = said.filter((addresses) => addresses.length > 0);
  return known.length > 0 ? known : [facts.addresses.filter(family)].filter((addresses) => addresses.length > 0);
}

function resolvedNames(evidence: Evidence, family: (address: string) => boolean): Resolved[] {
  const names: Resolved[] = look(evidence, 'dns').map(({ id, facts }) => ({
    role: facts.role,
    name: facts.name,
    answers: answersOf(facts, family),
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
    const target = host === signalHost(evidence) ? 'signal' : role;
    names.push({ role: target, name: host, answers: [[address].filter(family)], local: false, evidence: [id] });
  }
  return names.filter(({ name }) => !isIP(name));
}

function claims({ claims: { dns, turn } }: Evidence): { role: Role; host?: string | undefined; expected: string }[] {
  return [
    ...(dns?.signal ? [{ role: 'signal' as const, expected: dns.signal }] : []),
    ...(turn?.address ? [{ role: 'turn' as const, host: turn.host, expected: turn.address }] : []),
  ];
}

/** Records that hold another address than the claimed one, and whether that is a way to the deployment all the same. */
function mismatches(evidence: Evidence) {
  return claims(evidence).flatMap(({ role, host, expected }) =>
    // A claim about IPv4 says nothing about the IPv6 addresses of the name.
    resolvedNames(evidence, (address) => isIpv6(address) === isIpv6(expected))
      .filter((resolved) => resolved.role === role && (host === undefined || host === resolved.name))
      // Where somebody has the right answer the record is right, and the others remember an old one.
      .filter(({ answers }) => answers.length > 0 && !answers.some((one) => one.every((it) => it === expected)))
      .map(({ name, answers, local, evidence: seen }) => {
        const observed = [...new Set(answers.flat())];
        const ways = worksAt(evidence, role, name).filter(
          ({ address }) => address !== expected && observed.includes(address),
        );
        const args: WrongAddressArgs = { target: role, name, observed, expected, local };
        return { args, works: ways.length > 0, evidence: [...new Set([...seen, ...ways.map(({ id }) => id)])] };
      }),
  );
}

/** Addresses of a name at which the deployment was proven to be. */
function worksAt(evidence: Evidence, role: Role, name: string): { readonly id: string; readonly address: string }[] {
  const signal = signalling(evidence);
  const { address, join } = signal?.facts ?? {};
  if (role === 'signal') return signal && address && join ? [{ id: signal.id, address }] : [];
  return turnChecks(evidence)
    .filter((check) => worked(check) && check.facts.host === name)
    .map(({ id, facts }) => ({ id, address: facts.address }));
}

/** Somebody went to see what is there. */
function isTried(evidence: Evidence, { target, name }: WrongAddressArgs): boolean {
  if (target === 'signal') return triedSignalling(evidence) !== undefined;
  return turnChecks(evidence).some(({ facts }) => facts.host === name);
}

function orDrift({ name, observed }: WrongAddressArgs): Alternative[] {
  const separateBy = `Look whether ${list(observed)} is this deployment, with everything that was left out of this run: if people meet by \`${name}\`, only the claim is out of date.`;
  return [{ code: 'dns-address-drift', separateBy }];
}

const keyOf = (target: Role): string => (target === 'signal' ? 'dns.signal' : 'turn.address');

export const dnsWrongAddress = rule<WrongAddressArgs>({
  code: 'dns-wrong-address',
  severity: 'error',
  explainedBy: ['vantage-offline', 'dns-private-address'],
  find: (evidence) =>
    mismatches(evidence)
      .filter(({ works }) => !works)
      .map((found) => ({ ...found, alternatives: isTried(evidence, found.args) ? [] : orDrift(found.args) })),
  prose: ({ name, observed, expected, target, local }) => ({
    summary: `\`${name}\` resolves to ${list(observed)}, but should resolve to ${expected} only.`,
    cause: local
      ? 'The hosts file of this machine (`/etc/hosts`) says so, whatever DNS would answer.'
      : `The record does not match the claim \`${keyOf(target)}\`: it still points at an earlier load balancer, or the claim is out of date.`,
    fix: local
      ? `Remove \`${name}\` from \`/etc/hosts\`, or give it ${expected} there.`
      : `Set the ${isIpv6(expected) ? 'AAAA' : 'A'} record of \`${name}\` to ${expected}.`,
  }),
});

/** It explains nothing: what is wrong behind an address at which the deployment is has another cause. */
export const dnsAddressDrift = rule<WrongAddressArgs>({
  code: 'dns-address-drift',
  severity: 'warning',
  explainedBy: ['vantage-offline', 'dns-private-address'],
  find: (evidence) => mismatches(evidence).filter(({ works }) => works),
  prose: ({ name, observed, expected, target, local }) => ({
    summary: `\`${name}\` resolves to ${list(observed)} instead of the claimed ${expected}, and works there.`,
    cause: local
      ? `The hosts file of this machine (\`/etc/hosts\`) says so, and \`${keyOf(target)}\` claims another address.`
      : `The record does not match the claim \`${keyOf(target)}\`: the load balancer was made again or the deployment moved, and the environment was not told.`,
    fix: `Set \`${keyOf(target)}: ${observed[0]}\` in the environment if that is how it should be; otherwise ${
      local
        ? `remove \`${name}\` from \`/etc/hosts\``
        : `set the ${isIpv6(expected) ? 'AAAA' : 'A'} record of \`${name}\` to ${expected}`
    }.`,
  }),
});
