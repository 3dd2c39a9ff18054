/** Which candidates and ICE servers belong to a path. Pure: it runs in the page and in tests alike. */
import type { PairEnd } from '../../evidence/facts.js';
import type { Path } from '../../evidence/run.js';
import { type Bounds, isWithin } from './bounds.js';

/** Whose candidate it is: the server's (`remote`) or the page's own. */
export type Origin = 'local' | 'remote';

/** `any`: no path is forced, and only the bounds hold. */
export type Way = Path | 'any';

export function isRelayed(path: Way): boolean {
  return path.startsWith('turn-');
}

/**
 * Whether a candidate (RFC 8839 §5.1, with or without `a=`) may take part when only `path` is allowed. An empty line
 * marks the end of the candidates and always may.
 *
 * Both sides' candidates must be held back: a server that knows a UDP candidate of ours reaches it with its own checks.
 */
export function belongs(path: Way, origin: Origin, line: string, bounds?: Bounds): boolean {
  const [, , protocol = '', , address = '', , , type = ''] = line.replace(/^a=/, '').split(' ');
  if (!protocol) return true;
  const transport = protocol.toLowerCase();
  // What is behind a relay is the relay's to reach.
  if (bounds && origin === 'remote' && !isRelayed(path) && !isWithin(bounds, address)) return false;
  if (path === 'any') return true;
  // A relay is reached in the way that its URL says; from there on it is UDP (RFC 8656 §2.1).
  if (isRelayed(path)) return transport === 'udp' && (origin === 'remote' || type === 'relay');
  return transport === path && (origin === 'remote' || type !== 'relay');
}

/** A server offers a handful, some of them again in each description; ten thousand would be an attack. */
const mostEnds = 64;

/** Whether a candidate is at one of the first `mostEnds` transport addresses that were asked about. */
export function firstEnds(): (line: string) => boolean {
  const known = new Set<string>();
  return (line) => {
    const [, , protocol, , address, port] = line.split(' ');
    const end = `${protocol} ${address} ${port}`;
    if (known.size < mostEnds) known.add(end);
    return known.has(end);
  };
}

/** The description with none but these of its candidates. */
export function withCandidates(sdp: string, may: (line: string) => boolean): string {
  return (
    sdp
      // Browsers take a line feed alone for the end of a line too.
      .split(/\r?\n/)
      .filter((line) => !line.startsWith('a=candidate:') || may(line))
      .join('\r\n')
  );
}

/** The path that a TURN URI (RFC 7065) stands for. */
export function pathOfUrl(url: string): Path | undefined {
  const [, scheme, query] = /^(turns?):[^?]*(?:\?transport=(\w+))?$/.exec(url) ?? [];
  if (scheme === 'turns') return query === 'udp' ? undefined : 'turn-tls';
  if (scheme === 'turn') return query === 'tcp' ? 'turn-tcp' : 'turn-udp';
  return undefined;
}

/**
 * The configuration with which only `path` can come about: one TURN URL and nothing but relays, or no server at all.
 * The URL is the one within the bounds; else, as another node of the deployment has another address, one like it.
 */
export function narrowed(path: Way, configuration: RTCConfiguration, bounds?: Bounds): RTCConfiguration {
  if (path === 'any') return { ...configuration, iceServers: within(configuration, bounds) };
  if (!isRelayed(path)) return { ...configuration, iceTransportPolicy: 'all', iceServers: [] };
  const servers = oneUrlEach(configuration);
  const alike = servers.filter(({ urls }) => pathOfUrl(urls) === path);
  const server = bounds
    ? (alike.find(({ urls }) => urls === bounds.turnUrl) ?? alike.find(({ urls }) => isWithin(bounds, hostOf(urls))))
    : alike[0];
  return { ...configuration, iceTransportPolicy: 'relay', iceServers: server ? [server] : [] };
}

function oneUrlEach({ iceServers = [] }: RTCConfiguration): (RTCIceServer & { urls: string })[] {
  return iceServers.flatMap((server) => [server.urls].flat().map((urls) => ({ ...server, urls })));
}

/** TURN servers that were seen to work, or are where the bounds allow. */
function within(configuration: RTCConfiguration, bounds?: Bounds): RTCIceServer[] {
  return oneUrlEach(configuration).filter(
    ({ urls }) =>
      pathOfUrl(urls) !== undefined && (!bounds || bounds.turnUrls?.includes(urls) || isWithin(bounds, hostOf(urls))),
  );
}

function hostOf(url: string): string {
  return /^turns?:(?:\[([^\]]*)\]|([^:?]*))/.exec(url)?.slice(1).find(Boolean) ?? '';
}

/**
 * The path that a selected pair took, by what the statistics say of our end of it; undefined if they do not say. Only
 * what a relay carries has a `relayProtocol`: where the server sees the relay's packets come from another address than
 * it relays at, our end is `prflx`, and no less relayed.
 */
export function pathOfPair({ candidateType, protocol, relayProtocol }: PairEnd): Path | undefined {
  if (relayProtocol === 'udp' || relayProtocol === 'tcp' || relayProtocol === 'tls') return `turn-${relayProtocol}`;
  return candidateType !== 'relay' && !relayProtocol && (protocol === 'udp' || protocol === 'tcp')
    ? protocol
    : undefined;
}
