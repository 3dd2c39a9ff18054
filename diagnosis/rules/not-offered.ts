/** Protocols for media that the server does not offer. */
import type { Evidence, Severity } from '../../evidence/run.js';
import { type Protocol, turnChecks } from '../checks.js';
import { promised, thoughPromised } from '../claimed.js';
import { ids, joined, kindOf, signalling } from '../look.js';
import { isForbidden, severityOfMissing, severityOf as severityOfPaths } from '../offered.js';
import { type Args, rule } from '../rule.js';

interface NotOfferedArgs extends Args {
  /** Protocols of the candidates that it does offer. */
  offered: string[];
  /** What of the claims says otherwise, in the words of the file. */
  claimed: string[];
}

/** A claimed port is a way for media that is missed. */
function severityOf(evidence: Evidence, protocol: Protocol): Severity {
  const severity = severityOfMissing(evidence, protocol);
  return severity === 'info' && promised(evidence, protocol).length > 0 ? 'warning' : severity;
}

function candidateProtocols(evidence: Evidence): string[] | undefined {
  const join = joined(evidence);
  return join && [...new Set(join.candidates.map(({ protocol }) => protocol))];
}

export const udpNotOffered = rule<NotOfferedArgs>({
  code: 'udp-not-offered',
  severity: 'warning',
  explainedBy: ['subscribe-denied'],
  find(evidence) {
    const offered = candidateProtocols(evidence);
    if (!offered || offered.includes('udp')) return [];
    // A relay sends UDP, so without such a candidate TURN has nowhere to go.
    const relays = turnChecks(evidence).filter((check) => kindOf(check) === 'no-udp-candidate');
    const paths = relays.map((check) => check.probe);
    const harmed = offered.length === 0 || (paths.length > 0 && severityOfPaths(evidence, ...paths) === 'error');
    if (!harmed && isForbidden(evidence, 'udp')) return [];
    return [
      {
        args: { offered, claimed: promised(evidence, 'udp') },
        evidence: ids(signalling(evidence), ...relays),
        severity: harmed ? 'error' : severityOf(evidence, 'udp'),
      },
    ];
  },
  prose: ({ offered, claimed }) => ({
    summary: `The server offers ${offered.length > 0 ? 'no UDP address for media, only TCP' : 'no address for media at all'}${thoughPromised(claimed)}.`,
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
  explainedBy: ['subscribe-denied', 'udp-not-offered'],
  find(evidence) {
    const offered = candidateProtocols(evidence);
    if (!offered || offered.includes('tcp') || isForbidden(evidence, 'tcp')) return [];
    const args = { offered, claimed: promised(evidence, 'tcp') };
    return [{ args, evidence: ids(signalling(evidence)), severity: severityOf(evidence, 'tcp') }];
  },
  prose: ({ claimed }) => ({
    summary: `The server offers no TCP address for media${thoughPromised(claimed)}: networks that block UDP depend on TURN.`,
    cause: '`rtc.tcp_port` is 0.',
    fix: 'Set `rtc.tcp_port: 7881` and expose that port, without TLS and without an HTTP proxy, at the media address.',
  }),
});
