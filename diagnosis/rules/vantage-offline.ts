import type { Evidence } from '../../evidence/run.js';
import { iceChecks, turnAnswered, turnChecks, worked } from '../checks.js';
import { kindOf, look, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';

/** A TCP port that refused, or said anything at all, answered. */
const mute = new Set(['timeout', 'unreachable']);

function anythingAnswered(evidence: Evidence): boolean {
  const signal = signalling(evidence);
  return (
    look(evidence, 'dns').some(({ facts }) => facts.answers.some(({ rcode }) => rcode !== undefined)) ||
    [...look(evidence, 'tls'), ...(signal ? [signal] : [])].some((one) => !mute.has(kindOf(one) ?? '')) ||
    iceChecks(evidence).some((check) => worked(check) || kindOf(check) === 'refused') ||
    turnChecks(evidence).some((check) => turnAnswered(check) || kindOf(check) === 'refused')
  );
}

interface VantageArgs extends Args {
  hasNetwork: boolean;
  resolvers: string[];
}

/** Nothing whatever answered, and the machine has no network, or no resolver either. */
export const vantageOffline = rule<VantageArgs>({
  code: 'vantage-offline',
  severity: 'error',
  explainedBy: [],
  explainsAll: true,
  blames: 'vantage',
  find(evidence) {
    const vantage = look(evidence, 'vantage')[0];
    if (!vantage || anythingAnswered(evidence)) return [];
    const { hasNetwork, resolvers } = vantage.facts;
    const unanswered = look(evidence, 'dns').filter((one) => kindOf(one) === 'no-answer');
    const failed = evidence.observations.filter(({ state }) => state === 'failed');
    if (failed.length === 0 || (hasNetwork && unanswered.length === 0)) return [];
    return [
      {
        args: { hasNetwork, resolvers },
        evidence: [vantage.id, ...failed.map(({ id }) => id)],
        ...(hasNetwork && {
          alternatives: [
            {
              code: 'dns-resolver-unreachable',
              separateBy:
                'Ask another resolver, for example `dig @1.1.1.1 example.com`: if that answers, only the resolver is out of reach.',
            },
          ],
        }),
      },
    ];
  },
  prose: ({ hasNetwork, resolvers }) => ({
    summary: 'Nothing whatever answered this machine, so nothing can be said about the deployment.',
    cause: hasNetwork
      ? `This machine has an address, but no resolver (${resolvers.join(', ') || 'none is configured'}) and no port answered it.`
      : 'No interface of this machine, apart from loopback, has an address.',
    fix: 'Connect this machine to a network (`ip address`, `ip route`, `cat /etc/resolv.conf` show what it has), then check again.',
  }),
});
