/** The addresses that the signalling name resolves to, as such. */
import type { Evidence } from '../../evidence/run.js';
import { isIpv6, isPrivate } from '../address.js';
import { addressOf, iceChecks, silent, turnChecks } from '../checks.js';
import { ids, joined, kindOf, look, signalAddresses, signalHost, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface PrivateArgs {
  target: 'signal';
  name: string;
  observed: string[];
}

const unreached = new Set(['timeout', 'unreachable']);

/** The name leads into a private network, and this machine, which is not in it, gets no answer from there. */
export const dnsPrivateAddress = rule<PrivateArgs>({
  code: 'dns-private-address',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  unseen(evidence) {
    const known = look(evidence, 'vantage').length > 0 || !signalAddresses(evidence).every(isPrivate);
    return known
      ? undefined
      : 'Compare the addresses of this machine (`ip -brief address`) with that of the host: it must be in the same private network.';
  },
  find(evidence) {
    const observed = signalAddresses(evidence);
    const vantage = look(evidence, 'vantage')[0];
    const own = vantage?.facts.addresses ?? [];
    if (joined(evidence) || observed.length === 0 || !observed.every(isPrivate) || own.length === 0) return [];
    const name = look(evidence, 'dns').find(({ facts }) => facts.role === 'signal');
    const ports = look(evidence, 'tls').filter(({ facts }) => facts.role === 'signal');
    const failed = [...ports, signalling(evidence)].filter((one) => one !== undefined);
    if (name?.facts.source === 'literal' || observed.some((address) => /^127\.|^::1$/.test(address))) return [];
    if (failed.length === 0 || !failed.every((one) => unreached.has(kindOf(one) ?? ''))) return [];
    // A machine with a private address may be meant to reach it: then it is the network between, or the right VPN.
    const outside = own.some((address) => !isPrivate(address));
    return [
      {
        args: { target: 'signal' as const, name: signalHost(evidence), observed },
        evidence: ids(name, vantage, ...failed),
        undecided: !outside,
        alternatives: outside
          ? []
          : [
              {
                code: 'signal-port-filtered',
                separateBy: `Run the check from inside the network of ${list(observed)}: if it answers there, only the private address is at fault.`,
              },
            ],
      },
    ];
  },
  prose: ({ name, observed }) => ({
    summary: `\`${name}\` resolves to ${list(observed)}, a private address that cannot be reached from here.`,
    cause:
      'The internal record of a split zone is seen outside, or an internal load balancer was entered in the public zone.',
    fix: `Give the public zone an A record of \`${name}\` with the public address of the ingress load balancer, and keep the private one in the internal zone only.`,
  }),
});

interface DeadArgs extends Args {
  addresses: string[];
  name: string;
  dead: string[];
  used: string;
}

/** Further addresses of the name at which nothing answers, though this machine could have reached them. */
function deadAddresses(evidence: Evidence, family: (address: string) => boolean) {
  const own = look(evidence, 'vantage')[0]?.facts.addresses ?? [];
  return look(evidence, 'address').filter(
    (one) =>
      one.state === 'failed' &&
      kindOf(one) !== 'unreachable' &&
      family(one.facts.address) &&
      own.some((address) => isIpv6(address) === isIpv6(one.facts.address)),
  );
}

/** Everything that IPv6 brought: what it did not answer, and what it did. */
function overIpv6(evidence: Evidence) {
  const checks = [...iceChecks(evidence), ...turnChecks(evidence)].filter(({ facts }) => isIpv6(facts.address));
  const resolvers = look(evidence, 'dns').filter(({ facts }) =>
    facts.answers.some(({ resolver, rcode }) => rcode !== undefined && (resolver.match(/:/g)?.length ?? 0) > 1),
  );
  return { silent: checks.filter(silent), controls: [...checks.filter((check) => !silent(check)), ...resolvers] };
}

export const ipv6Unreachable = rule<DeadArgs>({
  code: 'ipv6-unreachable',
  severity: 'warning',
  explainedBy: ['vantage-offline', 'dns-wrong-address'],
  find(evidence) {
    const dead = deadAddresses(evidence, isIpv6);
    const signal = signalling(evidence);
    if (!signal?.facts.join || !signal.facts.address || dead.length === 0) return [];
    const { silent: also, controls } = overIpv6(evidence);
    const addresses = dead.map(({ facts }) => facts.address);
    // Where nothing at all came over IPv6 it may be this machine's that does not work; a refusal came from there.
    const proven = controls.length > 0 || dead.some((one) => kindOf(one) === 'refused');
    return [
      {
        args: {
          addresses: [...new Set([...addresses, ...(controls.length > 0 ? [] : also.map(addressOf))])],
          name: signalHost(evidence),
          dead: addresses,
          used: signal.facts.address,
        },
        evidence: ids(...dead, signal, ...(controls.length > 0 ? controls : also)),
        severity: proven ? ('error' as const) : ('warning' as const),
        undecided: !proven,
      },
    ];
  },
  prose: ({ name, dead, used }) => ({
    summary: `\`${name}\` has the IPv6 address ${list(dead)}, where nothing answers, while ${used} does.`,
    cause:
      'The AAAA record points at an address that is not served, or a firewall lets only IPv4 in; browsers lose time on it, and networks with IPv6 only cannot join.',
    fix: `Serve and open the port at ${list(dead)}, or remove the AAAA record of \`${name}\`.`,
  }),
});

export const signalAddressDead = rule<DeadArgs>({
  code: 'signal-address-dead',
  severity: 'warning',
  explainedBy: ['vantage-offline', 'dns-wrong-address', 'dns-resolvers-disagree', 'kubernetes-dns-stale'],
  find(evidence) {
    const dead = deadAddresses(evidence, (address) => !isIpv6(address));
    const signal = signalling(evidence);
    // Without what DNS said nobody knows whether the address belongs there.
    if (!look(evidence, 'dns').some(({ facts }) => facts.role === 'signal')) return [];
    if (!signal?.facts.join || !signal.facts.address || dead.length === 0) return [];
    const addresses = dead.map(({ facts }) => facts.address);
    const name = signalHost(evidence);
    return [
      {
        args: { target: 'signal' as const, addresses, name, dead: addresses, used: signal.facts.address },
        evidence: ids(...dead, signal),
      },
    ];
  },
  prose: ({ name, dead, used }) => ({
    summary: `\`${name}\` has several addresses, and ${list(dead)} does not answer, while ${used} does.`,
    cause:
      'A load balancer or ingress node behind one of the A records is gone; some participants begin with that address and wait.',
    fix: `Remove ${list(dead)} from the A records of \`${name}\`, or bring the ingress there back.`,
  }),
});
