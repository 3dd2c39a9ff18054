/** TURN and STUN servers, as the server hands them out, and what they relay from. */
import type { Evidence, Path } from '../../evidence/run.js';
import { splitAddress } from '../address.js';
import { joined, look } from '../look.js';
import { turnPath } from '../offered.js';
import { type Compare, differs, set } from './change.js';

const turns = { 'turn-udp': 'TURN/UDP', 'turn-tcp': 'TURN/TCP', 'turn-tls': 'TURN/TLS' } as const satisfies Partial<
  Record<Path, string>
>;
type TurnPath = keyof typeof turns;

export const turn: Compare = (before, after) => {
  const [was, is] = [joined(before), joined(after)].map((join) => join?.iceServers.map(({ url }) => url));
  if (!was || !is) return [];
  const paths = (Object.keys(turns) as TurnPath[]).flatMap((path) => {
    const [wasServers, isServers] = [serversOf(was, path), serversOf(is, path)];
    const offered = differs('offered', turns[path], wasServers.length > 0, isServers.length > 0);
    if (offered.length > 0) return offered;
    return [
      ...differs('turn-servers', turns[path], wasServers, isServers),
      ...differs('relay-addresses', turns[path], relaysOf(before, path), relaysOf(after, path)),
    ];
  });
  return [...paths, ...differs('stun-servers', 'STUN', stunServersOf(was), stunServersOf(is))];
};

/** `host:port` of a TURN or STUN URI (RFC 7064, RFC 7065). */
const hostAndPort = (url: string): string => url.replace(/^\w+:/, '').replace(/\?.*$/, '');

const serversOf = (urls: readonly string[], path: Path): string[] =>
  set(urls.filter((url) => turnPath(url) === path).map(hostAndPort));

const stunServersOf = (urls: readonly string[]): string[] =>
  set(urls.filter((url) => /^stuns?:/i.test(url)).map(hostAndPort));

/** Without the ports, which are drawn for each allocation. Absent: nothing was relayed. */
function relaysOf(evidence: Evidence, path: TurnPath): string[] | undefined {
  const relayed = look(evidence, path).flatMap(({ facts }) => facts.relayed ?? []);
  return relayed.length > 0 ? set(relayed.map((one) => splitAddress(one).address)) : undefined;
}
