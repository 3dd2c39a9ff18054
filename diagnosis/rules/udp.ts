import type { Evidence } from '../../evidence/run.js';
import { beforeRefusal, beforeSilence } from '../causes.js';
import {
  addressOf,
  advertised,
  dead,
  destination,
  orBlockedHere,
  orWrongAddress,
  refused,
  silent,
  udpControls,
  whyNoStun,
  worked,
} from '../checks.js';
import { butClaimed, orAsClaimed, otherPorts } from '../claimed.js';
import { otherServersAt } from '../flows.js';
import { ids } from '../look.js';
import { mappingOf } from '../nat.js';
import { severityOf } from '../offered.js';
import { type Alternative, rule } from '../rule.js';
import { list } from '../words.js';

interface UdpArgs {
  addresses: string[];
  destinations: string[];
  /** UDP to something else got through from the same vantage. */
  control: boolean;
  /** Why there is no control, where that is known. */
  uncontrolled?: string;
  /** `media.udp`, where it is about other ports. */
  claimed?: string;
}

/** Behind a NAT an answer from the wrong address never arrives, so it looks like a packet that was dropped. */
function orWrongReply(evidence: Evidence, destinations: readonly string[]): Alternative[] {
  if (!['endpoint-independent', 'endpoint-dependent'].includes(mappingOf(evidence.observations).mapping)) return [];
  const separateBy = `Run the check from a machine with a public address of its own, or look on the server whether answers leave from ${list(destinations)} (\`tcpdump -ni any udp\`): those that leave from another address are dropped by the NAT here.`;
  return [{ code: 'media-reply-address-wrong', separateBy }];
}

const ports = (destinations: readonly string[]): string =>
  list(destinations.map((one) => one.slice(one.lastIndexOf(':') + 1)));

/** Random ports cannot be found by trying. */
function orRemapped(destinations: readonly string[]): Alternative {
  return {
    code: 'udp-port-remapped',
    separateBy: `Compare the ports that are exposed with ${ports(destinations)} (\`kubectl get service -A\`: \`PORT:NODEPORT/UDP\`), and claim them as media.udp so that they are checked too.`,
  };
}

/** A balancer that keeps a client on one node may have chosen the wrong one, which says nothing to what it does not know. */
function orOtherNode(evidence: Evidence, addresses: readonly string[]): Alternative[] {
  const knows = advertised(evidence, 'tcp').some((check) => worked(check) && addresses.includes(check.facts.address));
  if (knows) return [];
  const separateBy =
    'Run one replica of livekit-server (`kubectl scale --replicas=1`) and check again: if it answers then, the load balancer leads to a node that does not have the room.';
  return [{ code: 'load-balancer-splits-nodes', separateBy }];
}

export const udpFiltered = rule<UdpArgs>({
  code: 'udp-filtered',
  severity: 'error',
  explainedBy: [
    ...beforeSilence,
    'media-reply-address-wrong',
    'udp-blocked-at-vantage',
    'udp-port-remapped',
    'kubernetes-udp-port-mismatch',
  ],
  find(evidence) {
    const checks = dead(evidence, 'udp', silent).filter(
      (check) => otherServersAt(evidence, addressOf(check)).length === 0,
    );
    if (checks.length === 0) return [];
    const addresses = [...new Set(checks.map(addressOf))];
    const controls = udpControls(evidence, addresses);
    const sameAddress = advertised(evidence, 'tcp').filter(
      (check) => worked(check) && addresses.includes(check.facts.address),
    );
    const control = controls.length > 0;
    const destinations = [...new Set(checks.map(destination))];
    const uncontrolled = whyNoStun(evidence);
    return [
      {
        args: {
          addresses,
          destinations,
          control,
          ...(!control && uncontrolled && { uncontrolled }),
          ...otherPorts(evidence, 'udp', destinations),
        },
        evidence: ids(...checks, ...sameAddress, ...controls),
        severity: severityOf(evidence, 'udp'),
        undecided: !control,
        alternatives: [
          ...orWrongAddress(evidence, addresses),
          ...(control ? orWrongReply(evidence, destinations) : orBlockedHere(destinations)),
          orRemapped(destinations),
          ...orOtherNode(evidence, addresses),
        ],
      },
    ];
  },
  prose: ({ destinations, control, uncontrolled, claimed }) => ({
    summary: `UDP to ${list(destinations)} is dropped: checks are sent, and nothing comes back${butClaimed('udp', claimed)}.`,
    cause: control
      ? 'Other UDP from this machine is answered at the same time, so a firewall, a security group or a Service without the UDP port drops these packets or their replies.'
      : `A firewall, a security group or a Service without the UDP port drops these packets or their replies, or this network blocks UDP: nothing else here answered over UDP to exclude that${uncontrolled ? ` (${uncontrolled})` : ''}.`,
    fix: `${orAsClaimed('udp', claimed)}Allow inbound UDP to ${list(destinations)}: security group or firewall rule, and in Kubernetes a Service port with \`protocol: UDP\` whose \`port\` and \`targetPort\` are \`rtc.udp_port\` (or the range \`rtc.port_range_start\` to \`rtc.port_range_end\`).`,
  }),
});

export const udpPortClosed = rule<UdpArgs>({
  code: 'udp-port-closed',
  severity: 'error',
  explainedBy: [...beforeRefusal, 'udp-port-remapped', 'kubernetes-udp-port-mismatch'],
  find(evidence) {
    const checks = dead(evidence, 'udp', refused);
    if (checks.length === 0) return [];
    const addresses = [...new Set(checks.map(addressOf))];
    const controls = advertised(evidence, 'tcp').filter(worked);
    const destinations = [...new Set(checks.map(destination))];
    return [
      {
        args: { addresses, destinations, control: true, ...otherPorts(evidence, 'udp', destinations) },
        evidence: ids(...checks, ...controls),
        severity: severityOf(evidence, 'udp'),
        alternatives: [...orWrongAddress(evidence, addresses), orRemapped(destinations)],
      },
    ];
  },
  prose: ({ destinations, claimed }) => ({
    summary: `Nothing listens on UDP ${list(destinations)}, which the server advertises for media${butClaimed('udp', claimed)}.`,
    cause:
      'The host answers at once that the port is closed (ICMP port unreachable), so packets arrive, but not at livekit-server.',
    fix: `${orAsClaimed('udp', claimed)}Make \`rtc.udp_port\` (or \`rtc.port_range_start\` and \`rtc.port_range_end\`) and what is exposed agree on ${ports(destinations)}: the Service's \`targetPort\`, or the container's published port with \`/udp\` (\`-p 7882:7882/udp\`).`,
  }),
});
