/** The TCP port for media (ICE/TCP, RFC 6544). */

import type { Evidence } from '../../evidence/run.js';
import { beforeRefusal, beforeSilence } from '../causes.js';
import {
  addressOf,
  advertised,
  dead,
  destination,
  type IceCheck,
  orBlockedHere,
  orWrongAddress,
  refused,
  silent,
  tcpControls,
  udpControls,
  worked,
} from '../checks.js';
import { butClaimed, orAsClaimed, otherPorts } from '../claimed.js';
import { isOtherServer } from '../flows.js';
import { ids, kindOf } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { list, quoted } from '../words.js';

interface TcpArgs {
  addresses: string[];
  destinations: string[];
  /** Something else than web ports answered this vantage. */
  control: boolean;
  /** What came instead of STUN. */
  said?: string;
  /** `media.tcp`, where it is another port. */
  claimed?: string;
}

function findings(
  evidence: Evidence,
  checks: readonly IceCheck[],
  control: boolean,
  controls: readonly { id: string }[],
) {
  if (checks.length === 0) return [];
  const addresses = [...new Set(checks.map(addressOf))];
  const destinations = [...new Set(checks.map(destination))];
  const sameAddress = advertised(evidence, 'udp').filter(
    (check) => worked(check) && addresses.includes(check.facts.address),
  );
  return [
    {
      args: { addresses, destinations, control, ...otherPorts(evidence, 'tcp', destinations) },
      evidence: ids(...checks, ...sameAddress, ...controls),
      severity: severityOf(evidence, 'tcp'),
      undecided: !control,
      alternatives: [...orWrongAddress(evidence, addresses), ...(control ? [] : orBlockedHere(destinations))],
    },
  ];
}

const expose = (destinations: readonly string[]): string =>
  `expose TCP ${list(destinations)} at layer 4 (Kubernetes: a Service port with \`protocol: TCP\` whose \`port\` and \`targetPort\` are \`rtc.tcp_port\`, 7881 by default; container: \`-p 7881:7881\`)`;

export const tcpPortRefused = rule<TcpArgs>({
  code: 'tcp-port-refused',
  severity: 'error',
  explainedBy: [...beforeRefusal, 'kubernetes-tcp-port-mismatch'],
  find: (evidence) => findings(evidence, dead(evidence, 'tcp', refused), true, []),
  prose: ({ destinations, claimed }) => ({
    summary: `Nothing listens on TCP ${list(destinations)}, which the server advertises for media${butClaimed('tcp', claimed)}.`,
    cause:
      'The connection is refused at once (RST): the address is there, but the port is not forwarded to livekit-server.',
    fix: `${orAsClaimed('tcp', claimed)}Set \`rtc.tcp_port\` to the port that is exposed, or ${expose(destinations)}.`,
  }),
});

export const tcpPortFiltered = rule<TcpArgs>({
  code: 'tcp-port-filtered',
  severity: 'error',
  explainedBy: [...beforeSilence, 'kubernetes-tcp-port-mismatch'],
  find(evidence) {
    const checks = dead(evidence, 'tcp', silent);
    const addresses = checks.map(addressOf);
    const controls = [...udpControls(evidence, addresses), ...tcpControls(evidence, addresses)];
    return findings(evidence, checks, controls.length > 0, controls);
  },
  prose: ({ destinations, control, claimed }) => ({
    summary: `TCP ${list(destinations)} is dropped: connection attempts meet silence${butClaimed('tcp', claimed)}.`,
    cause: control
      ? 'Other ports of the deployment answer this machine at the same time, so a firewall or security group in front of the media address drops this one.'
      : 'A firewall or security group drops this port, or this network lets nothing out but web traffic: nothing else here excludes that.',
    fix: `${orAsClaimed('tcp', claimed)}Allow inbound TCP in the firewall or security group, and ${expose(destinations)}.`,
  }),
});

/** Something accepts, but it is not LiveKit's mux, which closes at once what it does not know and answers what it knows. */
export const tcpPortProxied = rule<TcpArgs>({
  code: 'tcp-port-proxied',
  severity: 'error',
  explainedBy: [...beforeRefusal, 'vantage-starved', 'kubernetes-tcp-port-mismatch'],
  find(evidence) {
    const checks = dead(
      evidence,
      'tcp',
      (check) =>
        kindOf(check) === 'not-stun' ||
        kindOf(check) === 'closed' ||
        (kindOf(check) === 'timeout' && check.facts.connectMs !== undefined && !isOtherServer(check)),
    );
    const said = checks.map(({ facts }) => facts.plaintext).find((text) => text !== undefined);
    return findings(evidence, checks, true, []).map((found) => ({
      ...found,
      args: { ...found.args, ...(said && { said }) },
    }));
  },
  prose: ({ destinations, said, claimed }) => ({
    summary: `TCP ${list(destinations)} accepts connections, but what answers there is not livekit-server's media port${butClaimed('tcp', claimed)}.`,
    cause: said
      ? `It said ${quoted(said)} instead of STUN: an HTTP or TLS proxy stands on the media port.`
      : 'It accepts and then closes or stays silent: a load balancer without a healthy backend, or one that speaks HTTP or TLS, stands on the media port.',
    fix: `${orAsClaimed('tcp', claimed)}Take TLS and HTTP away from this port and ${expose(destinations)}, with a backend that is healthy.`,
  }),
});
