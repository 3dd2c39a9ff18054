/**
 * What a zone's own servers say of a name before any resolver is asked for it. A resolver remembers that a name was
 * missing for as long as the zone's SOA says (RFC 2308 §5), often for many minutes: whoever asks it too early keeps
 * everybody who shares it from a name that was made a moment later.
 */
import { isIP } from 'node:net';
import { askDns, type DnsReply, parseDnsServer } from '../wire/dns.js';
import { within } from '../wire/within.js';
import { type Authority, policy } from './dns-authority.js';
import type { Known } from './probe.js';

/** Where port 53 of other networks is closed nobody answers, and the resolvers must do. */
const patienceMs = 800;
const mostServers = 4;
const mostReferrals = 5;

type Message = NonNullable<DnsReply['message']>;
type Ask = (name: string, type: 'A' | 'AAAA' | 'NS', server: string) => Promise<Message | undefined>;

/**
 * The answers of those servers that know no address, as long as there is one such server; empty: every one knows an
 * address, a resolver has one of its own (a record that only exists in this network), or nobody could be asked.
 */
export async function zoneDenies(
  name: string,
  resolvers: readonly string[],
  known: Known,
  signal: AbortSignal,
): Promise<Authority[]> {
  // What has no dot is no name of the DNS.
  if (!name.includes('.')) return [];
  return within(patienceMs, signal, async (limit) => {
    const local = Promise.all(
      resolvers.map((resolver) => askLast({ name, type: 'A', resolver, signal: limit, recursionDesired: false })),
    );
    const denials = await askZone(name, resolvers, known, limit);
    const isLocal = denials.length > 0 && (await local).some((reply) => hasAddress(reply?.message));
    return isLocal ? [] : denials;
  });
}

async function askZone(
  name: string,
  resolvers: readonly string[],
  known: Known,
  signal: AbortSignal,
): Promise<Authority[]> {
  const ask: Ask = async (of, type, resolver) => (await askLast({ name: of, type, resolver, signal }))?.message;
  const start = await topServers(name, resolvers, ask);
  if (!start) return [];
  const { resolver } = start;
  const mayBeAsked = policy(name, resolver, known);
  let servers = start.servers;
  for (let referrals = 0; referrals < mostReferrals; referrals += 1) {
    const asked = servers.filter(mayBeAsked).slice(0, mostServers);
    const replies = await Promise.all(asked.map((address) => askServer(name, address, signal)));
    const own = replies.filter(({ replies }) => replies.at(-1)?.message?.flag_aa);
    if (own.length > 0) return own.filter(({ replies }) => !replies.some(({ message }) => hasAddress(message)));
    const referral = replies.map(({ replies }) => replies.at(-1)?.message).find(isReferral);
    if (!referral) return [];
    servers = await serversOf(referral, resolver, ask);
  }
  return [];
}

/**
 * The servers of the name's domain, not of a level below: to ask a resolver for one that does not exist yet would make
 * it remember that nothing is below it (RFC 8020).
 */
async function topServers(name: string, resolvers: readonly string[], ask: Ask) {
  const labels = name.split('.');
  for (const resolver of resolvers) {
    for (const zone of [labels.slice(-2).join('.'), labels.at(-1) ?? '', '.']) {
      const message = await ask(zone, 'NS', resolver);
      if (!message) break;
      const servers = await serversOf(message, resolver, ask);
      if (servers.length > 0) return { resolver, servers };
    }
  }
  return undefined;
}

/** Their addresses: from the same message where it has them, else from the resolver. */
async function serversOf(message: Message, resolver: string, ask: Ask): Promise<string[]> {
  const records = [...(message.answers ?? []), ...(message.authorities ?? [])];
  const hosts = records.flatMap((record) => (record.type === 'NS' ? [String(record.data).toLowerCase()] : []));
  const glue = (message.additionals ?? []).flatMap((record) =>
    record.type === 'A' && hosts.includes(record.name.toLowerCase()) ? [record.data] : [],
  );
  if (glue.length > 0) return glue;
  const found = await Promise.all(hosts.slice(0, mostServers).map((host) => ask(host, 'A', resolver)));
  return found.flatMap((one) => (one?.answers ?? []).flatMap((record) => (record.type === 'A' ? [record.data] : [])));
}

/** For IPv4 and, where the name exists without, for IPv6. */
async function askServer(name: string, address: string, signal: AbortSignal): Promise<Authority> {
  const resolver = isIP(address) === 6 ? `[${address}]:53` : `${address}:53`;
  const first = await askLast({ name, type: 'A', resolver, signal });
  const exists = first?.message?.flag_aa && rcodeOf(first.message) === 'NOERROR' && !hasAddress(first.message);
  const second = exists ? await askLast({ name, type: 'AAAA', resolver, signal }) : undefined;
  return { resolver, replies: [first, second].filter((reply) => reply !== undefined) };
}

async function askLast({
  resolver,
  ...question
}: Omit<Parameters<typeof askDns>[0], 'server'> & { resolver: string }): Promise<DnsReply | undefined> {
  return (await askDns({ ...question, server: parseDnsServer(resolver) })).at(-1);
}

const rcodeOf = (message: Message): string => (message as { rcode?: string }).rcode ?? 'NOERROR';

/** Or a canonical name, which leads to another zone that is not asked here. */
function hasAddress(message: Message | undefined): boolean {
  return (message?.answers ?? []).some(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME');
}

function isReferral(message: Message | undefined): message is Message {
  const isEmpty = message && (message.answers ?? []).length === 0 && rcodeOf(message) === 'NOERROR';
  return isEmpty === true && (message.authorities ?? []).some(({ type }) => type === 'NS');
}
