/** Where media is to be sent, as the server advertises it. */
import type { CandidateFacts, SignalFacts } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { joined, look } from '../look.js';
import { type Compare, type Difference, differs, set } from './change.js';

type Protocol = CandidateFacts['protocol'];
const protocols: readonly Protocol[] = ['udp', 'tcp'];

export const mediaAddresses: Compare = (before, after) => {
  const [was, is] = [joined(before), joined(after)];
  if (!was || !is) return [];
  const both = protocols.filter((protocol) => of(was, protocol).length > 0 && of(is, protocol).length > 0);
  return [
    ...protocols.flatMap((protocol) =>
      differs('offered', protocol.toUpperCase(), of(was, protocol).length > 0, of(is, protocol).length > 0),
    ),
    ...addresses(both.map((protocol) => [protocol, addressesOf(was, protocol), addressesOf(is, protocol)])),
    ...both.flatMap((protocol) => ports(protocol, [before, was], [after, is])),
    ...order(inOrder(was), inOrder(is)),
    ...differs('ice-lite', 'media', was.iceLite, is.iceLite),
  ];
};

type Join = NonNullable<SignalFacts['join']>;

const of = ({ candidates }: Join, protocol: Protocol): CandidateFacts[] =>
  candidates.filter((candidate) => candidate.protocol === protocol);

const addressesOf = (join: Join, protocol: Protocol): string[] => set(of(join, protocol).map(({ address }) => address));

/** The same change of both protocols is one. */
function addresses(sides: [Protocol, string[], string[]][]): Difference[] {
  const [one, other] = sides;
  const same = one && other && String(one.slice(1)) === String(other.slice(1));
  if (same) return differs('media-addresses', 'media', one[1], one[2]);
  return sides.flatMap(([protocol, was, is]) => differs('media-addresses', `${protocol} media`, was, is));
}

function ports(protocol: Protocol, [before, was]: [Evidence, Join], [after, is]: [Evidence, Join]): Difference[] {
  const [wasPorts, isPorts] = [portsOf(was, protocol), portsOf(is, protocol)];
  if (protocol === 'udp' && (isRange(before, [...wasPorts, ...isPorts]) || varies(before) || varies(after))) return [];
  return differs('media-ports', protocol.toUpperCase(), wasPorts, isPorts);
}

const portsOf = (join: Join, protocol: Protocol): number[] =>
  [...new Set(of(join, protocol).map(({ port }) => port))].sort((a, b) => a - b);

/** LiveKit's own range begins at 50000, those of NodePorts at 30000; a single port is 7882, or near to it. */
const rangesFrom = 30_000;

/** With a range (`rtc.port_range_start`), each session has a port of its own, at random. */
function isRange({ claims }: Evidence, both: readonly number[]): boolean {
  const [first, last] = (claims.media?.udp ?? '').split('-').map(Number);
  if (first !== undefined && last !== undefined) return both.every((port) => port >= first && port <= last);
  return claims.media?.udp === undefined && both.every((port) => port >= rangesFrom);
}

/** Participants of the same run sent to different ports of one address. */
function varies(evidence: Evidence): boolean {
  const used = new Map<string, Set<number>>();
  const ends = [
    ...look(evidence, 'peer').flatMap(({ facts }) => Object.values(facts.selected ?? {}).flat()),
    ...look(evidence, 'media').flatMap(({ facts }) =>
      [facts.caller, facts.callee].flatMap((one) => one?.selected ?? []),
    ),
  ].map(({ remote }) => remote);
  for (const { protocol, address, port } of [...(joined(evidence)?.candidates ?? []), ...ends]) {
    if (protocol !== 'udp' || address === undefined || port === undefined) continue;
    used.set(address, (used.get(address) ?? new Set()).add(port));
  }
  return [...used.values()].some(({ size }) => size > 1);
}

/** `udp 203.0.113.20`, most wanted first; among equals (RFC 8445 §5.1.2) the order says nothing. */
function inOrder({ candidates }: Join): string[] {
  const sorted = [...candidates].sort(
    (a, b) => b.priority - a.priority || (`${a.protocol} ${a.address}` < `${b.protocol} ${b.address}` ? -1 : 1),
  );
  return [...new Set(sorted.map(({ protocol, address }) => `${protocol} ${address}`))];
}

/** Only of the same candidates: where they differ, that is the change. */
function order(was: string[], is: string[]): Difference[] {
  return String(set(was)) === String(set(is)) ? differs('candidate-order', 'media', was, is) : [];
}
