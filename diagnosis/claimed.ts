/** How rules say what the operator claims beside what was seen. */
import type { Evidence } from '../evidence/run.js';
import { splitAddress } from './address.js';
import type { Protocol } from './checks.js';
import { list } from './words.js';

/** The ports that are claimed for media, as they are claimed: `7882`, `30001-30009`. */
export function claimedPorts({ claims: { media } }: Evidence, protocol: Protocol): string | undefined {
  return protocol === 'udp' ? media?.udp : media?.tcp?.toString();
}

/** Of a range, or of one port. */
export function isWithin(port: number, claimed: string): boolean {
  const [first = 0, last = first] = claimed.split('-').map(Number);
  return port >= first && port <= last;
}

/** Of what is claimed for media: it is said beside a finding about these destinations, which are none of the claimed. */
export function otherPorts(
  evidence: Evidence,
  protocol: Protocol,
  destinations: readonly string[],
): { claimed?: string } {
  const claimed = claimedPorts(evidence, protocol);
  const differs = claimed && destinations.every((one) => !isWithin(splitAddress(one).port, claimed));
  return differs ? { claimed } : {};
}

const portKey: Record<Protocol, string> = { udp: 'media.udp', tcp: 'media.tcp' };

/** The end of a sentence, from the semicolon on; empty where nothing is claimed. */
export const butClaimed = (protocol: Protocol, claimed: string | undefined): string =>
  claimed ? `; the environment claims \`${portKey[protocol]}: ${claimed}\`` : '';

/** What in livekit-server's configuration makes it advertise these ports. */
export function portSetting(protocol: Protocol, ports: string): string {
  const [first, last] = ports.split('-');
  if (protocol === 'tcp') return `\`rtc.tcp_port: ${ports}\``;
  if (last === undefined) return `\`rtc.udp_port: ${ports}\``;
  return `\`rtc.port_range_start: ${first}\` and \`rtc.port_range_end: ${last}\``;
}

/** The beginning of a fix where other ports than the claimed ones are advertised. */
export const orAsClaimed = (protocol: Protocol, claimed: string | undefined): string =>
  claimed
    ? `If the claim is right, set ${portSetting(protocol, claimed)} again; otherwise correct the claim, too. `
    : '';

/** What of the claims says that this way for media is there, in the words of the file. */
export function promised({ claims }: Evidence, path: Protocol): string[] {
  const port = path === 'udp' ? claims.media?.udp : claims.media?.tcp;
  return [
    ...(claims.paths?.required?.includes(path) ? [`paths.required: [${path}]`] : []),
    ...(port === undefined ? [] : [`${portKey[path]}: ${port}`]),
  ];
}

export const thoughPromised = (claims: readonly string[]): string =>
  claims.length > 0 ? `, though the environment claims ${list(claims.map((one) => `\`${one}\``))}` : '';
