import { look } from '../look.js';
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
  explainedBy: ['vantage-offline'],
  blames: 'vantage',
  find(evidence) {
    const names = look(evidence, 'dns').filter(({ facts }) => facts.answers.length > 0);
    const answers = names.flatMap(({ facts }) => facts.answers);
    const others = [...new Set(answers.flatMap(({ resolver, rcode }) => (rcode ? [resolver] : [])))];
    const resolvers = [...new Set(answers.map(({ resolver }) => resolver))].filter((one) => !others.includes(one));
    const [first] = names;
    if (!first || resolvers.length === 0) return [];
    return [
      {
        args: { resolvers, others, name: first.facts.name },
        evidence: names.map(({ id }) => id),
        severity: others.length > 0 ? 'warning' : 'error',
        ...(others.length === 0 && {
          alternatives: [
            {
              code: 'vantage-offline',
              separateBy:
                'Open any address outside this network (`curl -I https://1.1.1.1`): if nothing answers, the machine is offline.',
            },
          ],
        }),
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
