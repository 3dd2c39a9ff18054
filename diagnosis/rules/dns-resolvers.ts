/** Resolvers that do not answer, answer in one way only, or contradict each other. */
import type { DnsAnswer, DnsFacts, Role } from '../../evidence/facts.js';
import { ids, joined, look } from '../look.js';
import { ofAuthority, outcomeOf, resolversOf, usual } from '../names.js';
import { severityOf } from '../offered.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface ResolverArgs extends Args {
  resolvers: string[];
  /** Other resolvers answered. */
  others: string[];
  name: string;
}

/** A resolver that answered no question, whatever it was asked. */
export const dnsResolverUnreachable = rule<ResolverArgs>({
  code: 'dns-resolver-unreachable',
  severity: 'error',
  explainedBy: ['vantage-offline', 'vantage-starved'],
  blames: 'vantage',
  find(evidence) {
    const names = look(evidence, 'dns').filter(({ facts }) => usual(facts).length > 0);
    const answers = names.flatMap(({ facts }) => usual(facts));
    const others = resolversOf(answers.filter(({ rcode }) => rcode !== undefined));
    const resolvers = resolversOf(answers).filter((one) => !others.includes(one));
    const [first] = names;
    if (!first || resolvers.length === 0) return [];
    return [
      {
        args: { resolvers, others, name: first.facts.name },
        evidence: names.map(({ id }) => id),
        severity: others.length > 0 ? 'warning' : 'error',
        alternatives:
          others.length > 0
            ? []
            : [
                {
                  code: 'vantage-offline',
                  separateBy:
                    'Open any address outside this network (`curl -I https://1.1.1.1`): if nothing answers, the machine is offline.',
                },
              ],
      },
    ];
  },
  prose: ({ resolvers, others, name }) => ({
    summary: `The resolver ${list(resolvers)} does not answer this machine.`,
    cause:
      others.length > 0
        ? `It answered no question, while ${list(others)} did: it is down, or port 53 towards it is blocked here.`
        : `It answered neither over UDP nor over TCP, and no other resolver was asked, so \`${name}\` could not be looked up.`,
    fix: `Name a resolver that works (\`/etc/resolv.conf\`, or \`dns.resolvers\` of the environment), or open port 53 to ${list(resolvers)}.`,
  }),
});

/** Every resolver that answered at all did so over TCP only, after silence over UDP. */
export const dnsUdpBlocked = rule<Args & { resolvers: string[] }>({
  code: 'dns-udp-blocked',
  severity: 'warning',
  explainedBy: ['vantage-offline', 'vantage-starved'],
  blames: 'vantage',
  find(evidence) {
    const names = look(evidence, 'dns');
    const answered = names.flatMap(({ facts }) => usual(facts)).filter(({ rcode }) => rcode !== undefined);
    const silent = names
      .flatMap(({ facts }) => usual(facts))
      .filter(({ transport, failure }) => transport === 'udp' && failure === 'timeout');
    const resolvers = resolversOf(answered);
    if (answered.length === 0 || answered.some(({ transport }) => transport === 'udp')) return [];
    if (!resolvers.every((one) => silent.some(({ resolver }) => resolver === one))) return [];
    return [{ args: { resolvers }, evidence: names.map(({ id }) => id) }];
  },
  prose: ({ resolvers }) => ({
    summary: `DNS over UDP gets no answer here, so every name takes seconds longer to look up.`,
    cause: `${list(resolvers)} answered over TCP after silence over UDP: something between here and there drops UDP port 53 or large answers.`,
    fix: `Allow UDP port 53 from this machine to ${list(resolvers)}, in both directions.`,
  }),
});

interface DisagreeArgs {
  target: Role;
  name: string;
  stale: { resolver: string; addresses: string[]; ttlS?: number }[];
  right: string[];
  /** The zone's own servers said what is right. */
  authority: boolean;
}

const disjoint = (some: readonly string[], others: readonly string[]): boolean =>
  !some.some((address) => others.includes(address));

function said({ resolver, addresses, ttlS }: DnsAnswer) {
  return { resolver, addresses, ...(ttlS !== undefined && { ttlS }) };
}

/** Who says something that shares no address with what is right; load balancing by DNS shares some. */
function disagreement(facts: DnsFacts): Pick<DisagreeArgs, 'stale' | 'right' | 'authority'> | undefined {
  const answers = usual(facts).filter(
    ({ type, rcode }) => type === 'A' && (rcode === 'NOERROR' || rcode === 'NXDOMAIN'),
  );
  const zone = ofAuthority(facts).flatMap(({ addresses }) => addresses);
  // Without the zone's own word the newest answer is the likeliest: it has the most of its time left.
  const newest = [...answers]
    .sort((a, b) => (b.ttlS ?? 0) - (a.ttlS ?? 0))
    .find(({ addresses }) => addresses.length > 0);
  const right = [...new Set(zone.length > 0 ? zone : (newest?.addresses ?? []))];
  if (right.length === 0) return undefined;
  const stale = answers.filter(({ addresses }) => disjoint(addresses, right)).map(said);
  return stale.length > 0 ? { stale, right, authority: zone.length > 0 } : undefined;
}

export const dnsResolversDisagree = rule<DisagreeArgs>({
  code: 'dns-resolvers-disagree',
  severity: 'warning',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    look(evidence, 'dns').flatMap(({ id, facts }) => {
      const differing = disagreement(facts);
      if (!differing) return [];
      const { role, name } = facts;
      const old = differing.stale.flatMap(({ addresses }) => addresses);
      // Who is sent to where nothing answers, or is told that there is no such name, cannot join.
      const dead = look(evidence, 'address').filter((one) => one.state === 'failed' && old.includes(one.facts.address));
      const works = role === 'signal' ? joined(evidence) !== undefined : outcomeOf(facts) === 'found';
      const harmful = !works || dead.length > 0;
      // Answers that live this short are made for each asker by load balancing, or heal before anybody looks.
      const short = differing.stale.every(({ ttlS }) => ttlS !== undefined && ttlS <= 60);
      const unharmful = short ? ('info' as const) : ('warning' as const);
      const severity = !harmful ? unharmful : role === 'signal' ? 'error' : severityOf(evidence, 'turn-tls');
      return [{ args: { target: role, name, ...differing }, evidence: ids({ id }, ...dead), severity }];
    }),
  prose: ({ name, stale, right, authority }) => {
    const ttls = stale.flatMap(({ ttlS }) => (ttlS === undefined ? [] : [ttlS]));
    const old = stale.map(
      ({ resolver, addresses }) => `${resolver} says ${list(addresses) || 'that it does not exist'}`,
    );
    return {
      summary: `Resolvers contradict each other about \`${name}\`, so some people are sent to the wrong place.`,
      cause: `${list(old)}, but ${authority ? "the zone's own servers say" : 'others say'} ${list(right)}: the record was changed and old answers are still remembered.`,
      fix: `Wait ${ttls.length > 0 ? `up to ${Math.max(...ttls)} s, the longest time left of an old answer` : "until the old answers have run out (the last field of the zone's SOA for a name that was missing)"}, and keep the old address working until then; if it does not heal, compare the zone's servers with each other.`,
    };
  },
});
