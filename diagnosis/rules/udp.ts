/** The UDP port for media. */
import type { Evidence } from '../../evidence/run.js';
import {
  addressOf,
  advertised,
  dead,
  destination,
  iceChecks,
  orBlockedHere,
  orWrongAddress,
  refused,
  silent,
  turnAnswered,
  turnChecks,
  udpControls,
  worked,
} from '../checks.js';
import { ids, joined, kindOf, look, signalling } from '../look.js';
import { severityOf, severityOfMissing } from '../offered.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface UdpArgs {
  addresses: string[];
  destinations: string[];
  /** UDP to something else got through from the same vantage. */
  control: boolean;
}

const ports = (destinations: readonly string[]): string =>
  list(destinations.map((one) => one.slice(one.lastIndexOf(':') + 1)));

/** Every UDP destination is silent while TCP works, and one of them is none of the media port's: TURN. */
export const udpBlockedAtVantage = rule<Args & { destinations: string[] }>({
  code: 'udp-blocked-at-vantage',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'vantage-starved',
    'ipv6-unreachable',
    'media-address-private',
    'media-address-wrong',
    'media-address-silent',
  ],
  blames: 'vantage',
  find(evidence) {
    const media = iceChecks(evidence, 'udp');
    const turn = look(evidence, 'turn-udp');
    const all = [...media, ...turn];
    const controls = [
      ...iceChecks(evidence, 'tcp').filter(worked),
      ...turnChecks(evidence).filter((check) => check.probe !== 'turn-udp' && turnAnswered(check)),
    ];
    if (!media.some(silent) || turn.length === 0 || !all.every(silent) || controls.length === 0) return [];
    return [
      {
        args: { destinations: [...new Set(all.map(destination))] },
        evidence: ids(...all, ...controls),
        severity: severityOf(evidence, 'udp', 'turn-udp'),
        alternatives: [
          {
            code: 'udp-filtered',
            separateBy:
              "Run the check from another network: if UDP is silent there too, the deployment's firewall drops it.",
          },
          ...orWrongAddress(evidence, [...new Set(advertised(evidence, 'udp').map(addressOf))]),
        ],
      },
    ];
  },
  prose: ({ destinations }) => ({
    summary: 'No UDP at all seems to pass from this network, so nothing can be said about the UDP paths.',
    cause: `${list(destinations)} are all silent, the TURN port among them, while TCP to the same deployment works.`,
    fix: `Run the check from another network, or allow outbound UDP here; participants on a network like this one are carried by TCP or by TURN over TLS.`,
  }),
});

export const udpFiltered = rule<UdpArgs>({
  code: 'udp-filtered',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'vantage-starved',
    'ipv6-unreachable',
    'media-address-private',
    'media-address-wrong',
    'media-address-silent',
    'udp-blocked-at-vantage',
  ],
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
  explainedBy: ['vantage-offline', 'media-address-private', 'media-address-wrong'],
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

interface NotOfferedArgs extends Args {
  /** Protocols of the candidates that it does offer. */
  offered: string[];
}

function candidateProtocols(evidence: Evidence): string[] | undefined {
  const join = joined(evidence);
  return join && [...new Set(join.candidates.map(({ protocol }) => protocol))];
}

export const udpNotOffered = rule<NotOfferedArgs>({
  code: 'udp-not-offered',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const offered = candidateProtocols(evidence);
    if (!offered || offered.includes('udp')) return [];
    // A relay sends UDP, so without such a candidate TURN has nowhere to go.
    const relays = turnChecks(evidence).filter((check) => kindOf(check) === 'no-udp-candidate');
    const paths = relays.map((check) => check.probe);
    const harmed = offered.length === 0 || (paths.length > 0 && severityOf(evidence, ...paths) === 'error');
    return [
      {
        args: { offered },
        evidence: ids(signalling(evidence), ...relays),
        severity: harmed ? 'error' : severityOfMissing(evidence, 'udp'),
      },
    ];
  },
  prose: ({ offered }) => ({
    summary: `The server offers ${offered.length > 0 ? 'no UDP address for media, only TCP' : 'no address for media at all'}.`,
    cause:
      offered.length > 0
        ? '`rtc.force_tcp` is on, or neither `rtc.udp_port` nor a port range is usable, so every call runs over TCP with its delays.'
        : "The filters `rtc.ips` or `rtc.interfaces` leave no address over, or `rtc.node_ip` fits none of the host's address families.",
    fix:
      offered.length > 0
        ? 'Remove `rtc.force_tcp` and set `rtc.udp_port: 7882` (or `rtc.port_range_start` and `rtc.port_range_end`).'
        : 'Correct `rtc.ips.includes`, `rtc.interfaces.includes` and `rtc.node_ip` so that the address for media is among them.',
  }),
});

export const tcpNotOffered = rule<NotOfferedArgs>({
  code: 'tcp-not-offered',
  severity: 'warning',
  explainedBy: ['udp-not-offered'],
  find(evidence) {
    const offered = candidateProtocols(evidence);
    if (!offered || offered.includes('tcp')) return [];
    return [{ args: { offered }, evidence: ids(signalling(evidence)), severity: severityOfMissing(evidence, 'tcp') }];
  },
  prose: () => ({
    summary: 'The server offers no TCP address for media, so networks that block UDP depend on TURN.',
    cause: '`rtc.tcp_port` is 0.',
    fix: 'Set `rtc.tcp_port: 7881` and expose that port, without TLS and without an HTTP proxy, at the media address.',
  }),
});
