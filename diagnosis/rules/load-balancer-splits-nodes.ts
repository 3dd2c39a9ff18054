/** Several livekit-servers stand behind one media address, and a session is known to one of them alone. */
import type { Evidence } from '../../evidence/run.js';
import { beforeRefusal } from '../causes.js';
import { addressOf, advertised, destination, type IceCheck, orWrongAddress, silent } from '../checks.js';
import { failedDeeper, isOtherServer, lostFlows, onlySilentConnections, otherServersAt } from '../flows.js';
import { ids } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface SplitArgs {
  addresses: string[];
  destinations: string[];
  /** Of the flows to these destinations; both 0 where all of them meet another server. */
  tried: number;
  answered: number;
}

/** One flow alone may be lost to something that is about its port: a filter, a broken one of several links. */
const fewest = 2;

const pathOf = ({ probe }: IceCheck): 'udp' | 'tcp' => (probe === 'ice-udp' ? 'udp' : 'tcp');

function found(evidence: Evidence, address: string, checks: readonly IceCheck[], split: boolean) {
  const paths = [...new Set(checks.map(pathOf))];
  const sum = (key: 'tried' | 'answered'): number =>
    checks.reduce((all, { facts }) => all + (facts.flows?.[key] ?? 0), 0);
  return {
    args: {
      addresses: [address],
      destinations: checks.map(destination),
      tried: split ? sum('tried') : 0,
      answered: split ? sum('answered') : 0,
    },
    evidence: ids(...checks, ...failedDeeper(evidence, ...paths)),
    severity: severityOf(evidence, ...paths),
    undecided: split && onlySilentConnections(evidence, checks),
    alternatives: split ? [] : orWrongAddress(evidence, [address]),
  };
}

export const loadBalancerSplitsNodes = rule<SplitArgs>({
  code: 'load-balancer-splits-nodes',
  severity: 'error',
  explainedBy: [...beforeRefusal, 'vantage-starved'],
  find: (evidence) =>
    [...new Set(advertised(evidence).map(addressOf))].flatMap((address) => {
      const here = advertised(evidence).filter((check) => check.facts.address === address);
      const split = here.filter((check) => lostFlows(evidence, check) > 0);
      if (split.reduce((all, check) => all + lostFlows(evidence, check), 0) >= fewest)
        return [found(evidence, address, split, true)];
      if (otherServersAt(evidence, address).length === 0) return [];
      return [
        found(
          evidence,
          address,
          here.filter((check) => isOtherServer(check) || silent(check)),
          false,
        ),
      ];
    }),
  prose: ({ destinations, tried, answered }) => ({
    summary: tried
      ? `${list(destinations)} answers ${answered} of ${tried} flows, each from a port of its own, and the others never: calls succeed by chance.`
      : `At ${list(destinations)} a livekit-server listens that does not know the session which was joined through signalling.`,
    cause: tried
      ? 'Several livekit-servers stand behind one media address: the load balancer chooses a node for each flow, and only the one that has the room answers its participants; a link that loses every packet, one of several on the way, would look the same.'
      : 'Several livekit-servers stand behind one media address, and the load balancer leads this machine to another one than signalling does; the wrong one takes connections, says nothing to checks of a session that it does not know, and closes those without a USERNAME.',
    fix: "Give each livekit-server a media address of its own (`hostNetwork` with the node's address, or a Service of type LoadBalancer per pod) and advertise it as its `rtc.node_ip`, or run one replica behind this address. Affinity by client address (`sessionAffinity: ClientIP`) does not help: it does not know which node has the room.",
  }),
});
