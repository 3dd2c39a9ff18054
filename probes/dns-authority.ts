/** What the zone's own servers say of a name, beside what the resolvers remember of it. */
import { isIP } from 'node:net';
import { hostOf } from '../environment/host.js';
import type { DnsAnswer } from '../evidence/facts.js';
import { askDns, type DnsReply, parseDnsServer } from '../wire/dns.js';
import { isAllowed, trusted } from './allowed-address.js';
import type { Known } from './probe.js';

const mostZones = 6;
const mostServers = 4;

export interface Authority {
  /** `ip:53`, `[v6]:53`. */
  readonly resolver: string;
  /** To questions for the name's addresses. */
  readonly replies: readonly DnsReply[];
}

/** Only asked when the resolvers know nothing or contradict each other. */
export async function askAuthority(
  name: string,
  answers: readonly DnsAnswer[],
  known: Known,
  signal: AbortSignal,
): Promise<Authority[]> {
  const working = answers.find(({ rcode }) => rcode === 'NOERROR' || rcode === 'NXDOMAIN')?.resolver;
  const isKnown = answers.some(({ addresses }) => addresses.length > 0);
  if (!working || (isKnown && agree(answers))) return [];
  const mayBeAsked = policy(name, working, known);
  const servers = (await authorities(name, working, signal)).filter(mayBeAsked);
  return Promise.all(
    servers.map(async (address) => ({
      resolver: isIP(address) === 6 ? `[${address}]:53` : `${address}:53`,
      replies: await askDns({ name, type: 'A', server: { address, port: 53 }, signal }),
    })),
  );
}

const agree = (answers: readonly DnsAnswer[]): boolean =>
  new Set(
    answers.filter(({ type, rcode }) => type === 'A' && rcode).map(({ addresses }) => [...addresses].sort().join()),
  ).size < 2;

/**
 * Where its servers are is the zone's word, and for a name that the LiveKit server made up that could be anybody's
 * zone. Only for the operator's own names they may be in a private network, if the resolver is in one.
 */
export function policy(name: string, resolver: string, known: Known): (address: string) => boolean {
  const { url, claims } = known.environment;
  const { signal, claimed } = trusted(known);
  const isOwn = name === hostOf(url) || name === claims.turn?.host;
  const own = isOwn ? [parseDnsServer(resolver).address] : [];
  return (address) => isAllowed(address, { signal: [...signal, ...own], claimed });
}

/** The zone's own servers, found through a resolver that works, closest ancestor first. */
async function authorities(name: string, resolver: string, signal: AbortSignal): Promise<string[]> {
  const ask = async (of: string, type: 'A' | 'NS'): Promise<string[]> => {
    const replies = await askDns({ name: of, type, server: parseDnsServer(resolver), signal });
    const records = replies.at(-1)?.message?.answers ?? [];
    return records
      .flatMap((record) => (record.type === type ? [String(record.data).toLowerCase()] : []))
      .slice(0, mostServers);
  };
  for (
    let zone = name, depth = 0;
    zone.includes('.') && depth < mostZones;
    zone = zone.slice(zone.indexOf('.') + 1), depth += 1
  ) {
    const servers = await ask(zone, 'NS');
    if (servers.length === 0) continue;
    const addresses = await Promise.all(servers.map((server) => ask(server, 'A')));
    return addresses.flat().slice(0, mostServers);
  }
  return [];
}
