import type { Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isPrivate } from '../address.js';
import { iceChecks, turnAnswered, turnChecks, worked } from '../checks.js';
import { kindOf, look, signalAddresses, triedSignalling } from '../look.js';
import { type Args, rule } from '../rule.js';

/** A TCP port that refused, or said anything at all, answered. */
const mute = new Set(['timeout', 'unreachable', 'no-route']);

/** Every attempt to reach signalling. */
function attempts(evidence: Evidence): (Seen<'tls'> | Seen<'signal'>)[] {
  const signal = triedSignalling(evidence);
  return [...look(evidence, 'tls').filter(({ facts }) => facts.role === 'signal'), ...(signal ? [signal] : [])];
}

/** The packets did not leave this machine, or not its network: `connect(2)` says so at once. */
function hasNoRoute({ failure }: Seen<'tls'> | Seen<'signal'>): boolean {
  return failure?.kind === 'no-route' || (failure?.kind === 'unreachable' && failure.message.includes('ENETUNREACH'));
}

function anythingAnswered(evidence: Evidence): boolean {
  return (
    look(evidence, 'dns').some(({ facts }) => facts.answers.some(({ rcode }) => rcode !== undefined)) ||
    [...look(evidence, 'tls'), ...attempts(evidence)].some((one) => !mute.has(kindOf(one) ?? '')) ||
    iceChecks(evidence).some((check) => worked(check) || kindOf(check) === 'refused') ||
    turnChecks(evidence).some((check) => turnAnswered(check) || kindOf(check) === 'refused')
  );
}

interface VantageArgs extends Args {
  hasNetwork: boolean;
  /** There is an address, but no way to the deployment's. */
  noRoute: boolean;
  resolvers: string[];
}

/** Nothing answered, and the machine has no network, no route to the deployment, or no resolver either. */
export const vantageOffline = rule<VantageArgs>({
  code: 'vantage-offline',
  severity: 'error',
  explainedBy: [],
  explainsAll: true,
  blames: 'vantage',
  find(evidence) {
    const vantage = look(evidence, 'vantage')[0];
    if (!vantage) return [];
    const { hasNetwork, resolvers } = vantage.facts;
    const tried = attempts(evidence);
    // A resolver beside this machine may answer all the same.
    // A private address has no route from most places: that is the name's fault, not this machine's.
    const noRoute =
      hasNetwork && tried.length > 0 && tried.every(hasNoRoute) && !signalAddresses(evidence).every(isPrivate);
    if (!noRoute && anythingAnswered(evidence)) return [];
    const unanswered = look(evidence, 'dns').filter((one) => kindOf(one) === 'no-answer');
    const failed = evidence.observations.filter(({ state }) => state === 'failed');
    if (failed.length === 0 || (hasNetwork && !noRoute && unanswered.length === 0)) return [];
    const onlyResolver = hasNetwork && !noRoute;
    return [
      {
        args: { hasNetwork, noRoute, resolvers },
        evidence: [vantage.id, ...failed.map(({ id }) => id)],
        ...(onlyResolver && {
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
  prose: ({ hasNetwork, noRoute, resolvers }) => ({
    summary: 'This machine is offline, so nothing can be said about the deployment.',
    cause: noRoute
      ? 'This machine has an address, but no route to the address of the deployment (ENETUNREACH).'
      : hasNetwork
        ? `This machine has an address, but no resolver (${resolvers.join(', ') || 'none is configured'}) and no port answered it.`
        : 'No interface of this machine, apart from loopback, has an address.',
    fix: 'Connect this machine to a network (`ip address`, `ip route`, `cat /etc/resolv.conf` show what it has), then check again.',
  }),
});
