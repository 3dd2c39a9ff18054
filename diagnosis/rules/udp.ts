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
  worked,
} from '../checks.js';
import { ids } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface UdpArgs {
  addresses: string[];
  destinations: string[];
  /** UDP to something else got through from the same vantage. */
  control: boolean;
}

const ports = (destinations: readonly string[]): string =>
  list(destinations.map((one) => one.slice(one.lastIndexOf(':') + 1)));

export const udpFiltered = rule<UdpArgs>({
  code: 'udp-filtered',
  severity: 'error',
  explainedBy: [...beforeSilence, 'udp-blocked-at-vantage'],
  find(evidence) {
    const checks = dead(evidence, 'udp', silent);
    if (checks.length === 0) return [];
    const addresses = [...new Set(checks.map(addressOf))];
    const controls = udpControls(evidence, addresses);
    const sameAddress = advertised(evidence, 'tcp').filter(
      (check) => worked(check) && addresses.includes(check.facts.address),
    );
    const control = controls.length > 0;
    const destinations = [...new Set(checks.map(destination))];
    return [
      {
        args: { addresses, destinations, control },
        evidence: ids(...checks, ...sameAddress, ...controls),
        severity: severityOf(evidence, 'udp'),
        undecided: !control,
        alternatives: [...orWrongAddress(evidence, addresses), ...(control ? [] : orBlockedHere(destinations))],
      },
    ];
  },
  prose: ({ destinations, control }) => ({
    summary: `UDP to ${list(destinations)} is dropped: checks are sent, and nothing comes back.`,
    cause: control
      ? 'Other UDP from this machine to the deployment is answered at the same time, so a firewall, a security group or a Service without the UDP port drops these packets or their replies.'
      : 'A firewall, a security group or a Service without the UDP port drops these packets or their replies, or this network blocks UDP: nothing else here answered over UDP to exclude that.',
    fix: `Allow inbound UDP to ${list(destinations)}: security group or firewall rule, and in Kubernetes a Service port with \`protocol: UDP\` whose \`port\` and \`targetPort\` are \`rtc.udp_port\` (or the range \`rtc.port_range_start\` to \`rtc.port_range_end\`).`,
  }),
});

export const udpPortClosed = rule<UdpArgs>({
  code: 'udp-port-closed',
  severity: 'error',
  explainedBy: beforeRefusal,
  find(evidence) {
    const checks = dead(evidence, 'udp', refused);
    if (checks.length === 0) return [];
    const addresses = [...new Set(checks.map(addressOf))];
    const controls = advertised(evidence, 'tcp').filter(worked);
    return [
      {
        args: { addresses, destinations: [...new Set(checks.map(destination))], control: true },
        evidence: ids(...checks, ...controls),
        severity: severityOf(evidence, 'udp'),
        alternatives: orWrongAddress(evidence, addresses),
      },
    ];
  },
  prose: ({ destinations }) => ({
    summary: `Nothing listens on UDP ${list(destinations)}, which the server advertises for media.`,
    cause:
      'The host answers at once that the port is closed (ICMP port unreachable), so packets arrive, but not at livekit-server.',
    fix: `Make \`rtc.udp_port\` (or \`rtc.port_range_start\` and \`rtc.port_range_end\`) and what is exposed agree on ${ports(destinations)}: the Service's \`targetPort\`, or the container's published port with \`/udp\` (\`-p 7882:7882/udp\`).`,
  }),
});
