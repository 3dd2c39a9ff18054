/** Which STUN servers outside the deployment may be asked, and where they are. */
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { hostOf } from '../environment/host.js';
import type { NatFacts } from '../evidence/facts.js';
import { askDns, parseDnsServer, recordsOf } from '../wire/dns.js';
import type { TransportAddress } from '../wire/stun.js';
import { turnUri } from '../wire/turn-uri.js';
import { addressesOf, isAllowed, trusted } from './allowed-address.js';
import type { Known } from './probe.js';

export interface StunServer {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** livekit-server hands these out where nothing else is configured (mediatransportutil `pkg/rtcconfig/config.go`). */
const livekitDefaults: readonly StunServer[] = [
  { host: 'global.stun.twilio.com', port: 3478 },
  { host: 'stun.l.google.com', port: 19302 },
  { host: 'stun1.l.google.com', port: 19302 },
];

const mostServers = 4;
const mostAddresses = 2;

const serversOf = (uris: readonly string[]): StunServer[] =>
  uris.flatMap((text) => {
    const uri = turnUri(text);
    return uri?.scheme === 'stun' ? [{ host: uri.host, port: uri.port }] : [];
  });

/** What the operator claims, and if it is nothing; else what the deployment tells its clients to ask. */
export function stunServers(known: Known): { from: NatFacts['stun']; servers: readonly StunServer[] } {
  const claimed = known.environment.claims.stun?.servers;
  if (claimed) {
    const servers = serversOf(claimed.map((server) => `stun:${server}`)).slice(0, mostServers);
    return { from: servers.length > 0 ? 'claimed' : 'none', servers };
  }
  const offered = serversOf((known.shared.iceServers ?? []).map(({ url }) => url)).slice(0, mostServers);
  return { from: offered.length > 0 ? 'offered' : 'none', servers: offered };
}

/**
 * What livekit-server would tell its clients to ask if it had no TURN: for a public deployment whose operator does not
 * say which servers to ask, and for nobody else.
 */
export function defaultServers(known: Known): readonly StunServer[] {
  if (known.environment.claims.stun) return [];
  const signal = addressesOf(known, hostOf(known.environment.url));
  return signal.some(isPublic) ? livekitDefaults : [];
}

const isPublic = (address: string): boolean => isAllowed(address, { signal: [], claimed: [] });

/**
 * The addresses of one family at which a server may be asked, from whichever of the environment's resolvers knows first.
 * Empty where none knows, or where the addresses are neither public nor claimed. Never rejects.
 */
export async function locate(
  { host, port }: StunServer,
  family: 4 | 6,
  known: Known,
  signal: AbortSignal,
): Promise<TransportAddress[]> {
  const { resolvers, claims } = known.environment;
  const isClaimed = claims.stun !== undefined;
  const allowed = (address: string): boolean =>
    isIP(address) === family && (isClaimed || isAllowed(address, { ...trusted(known), signal: [] }));
  const at = (addresses: readonly string[]): TransportAddress[] =>
    addresses
      .filter(allowed)
      .slice(0, mostAddresses)
      .map((address) => ({ address, port }));
  if (isIP(host)) return at([host]);
  const type = family === 6 ? 'AAAA' : 'A';
  const asks = (resolvers ?? getServers()).map(async (resolver) => {
    const replies = await askDns({ name: host, type, server: parseDnsServer(resolver), signal });
    const answers = replies.flatMap(({ message }) => (message ? recordsOf(message, host) : []));
    const found = at(answers.flatMap((record) => (record.type === type ? [String(record.data)] : [])));
    if (found.length === 0) throw new Error(`${resolver} knows no address of ${host}`);
    return found;
  });
  return Promise.any(asks).catch(() => []);
}
