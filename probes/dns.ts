/** `dns`: what the environment's resolvers answer for the signalling host and for every TURN host. */
import { getServers } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostOf } from '../environment/host.js';
import type { DnsAnswer, DnsFacts, Role } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { askDns, type DnsReply, parseDnsServer, recordsOf } from '../wire/dns.js';
import { turnUri } from '../wire/turn-uri.js';
import { usable } from './addresses.js';
import { type Authority, askAuthority } from './dns-authority.js';
import { zoneDenies } from './dns-zone.js';
import type { Known, Outcome, Probe, Target, Tools } from './probe.js';
import { ownAddresses } from './vantage.js';

interface Name extends Target {
  readonly name: string;
  readonly role: Role;
}

const mostNames = 16; // a hostile join response may list thousands

function names(known: Known): Name[] {
  const found = new Map<string, Role>([[hostOf(known.environment.url), 'signal']]);
  // Not STUN's: without TURN the server names public ones, which are not the deployment's.
  const turnHosts = (known.shared.iceServers ?? []).map(({ url }) => {
    const uri = turnUri(url);
    return uri?.scheme.startsWith('turn') ? uri.host : undefined;
  });
  for (const host of [known.environment.claims.turn?.host, ...turnHosts]) {
    if (host && !isIP(host) && !found.has(host) && found.size < mostNames) found.set(host, 'turn');
  }
  return [...found].map(([name, role]) => ({ id: `dns:${name}`, name, role }));
}

/** Addresses of a name in the hosts file, which comes before DNS on every system. */
function inHostsFile(name: string): string[] {
  try {
    return readFileSync('/etc/hosts', 'utf8')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
      .filter(([, ...hosts]) => hosts.some((host) => host.toLowerCase() === name))
      .map(([address]) => address as string)
      .filter((address) => isIP(address) > 0);
  } catch {
    return [];
  }
}

function answer(name: string, resolver: string, type: 'A' | 'AAAA', reply: DnsReply): DnsAnswer {
  const { message, transport, failure } = reply;
  const none = (why: string): DnsAnswer => ({ resolver, transport, type, addresses: [], cnames: [], failure: why });
  if (!message) return none(failure ?? 'malformed');
  // What was cut off may be all of it, so it is no answer (RFC 2181 §9).
  if (message.flag_tc) return none('truncated');
  const records = recordsOf(message, name);
  const ttls = records.flatMap((record) => ('ttl' in record && record.ttl !== undefined ? [record.ttl] : []));
  return {
    resolver,
    transport,
    type,
    rcode: (message as { rcode?: string }).rcode ?? 'NOERROR',
    addresses: records.flatMap((record) => (record.type === type ? [String(record.data)] : [])).slice(0, 32),
    cnames: records.flatMap((record) => (record.type === 'CNAME' ? [printable(String(record.data))] : [])).slice(0, 16),
    ...(ttls.length > 0 && { ttlS: Math.min(...ttls) }),
    rttMs: reply.rttMs,
  };
}

function failureOf(name: string, answers: readonly DnsAnswer[]): Failure {
  // What a resolver said when it was told not to check is not its answer.
  const rcodes = new Set(answers.flatMap(({ rcode, checkingDisabled }) => (rcode && !checkingDisabled ? [rcode] : [])));
  // An empty answer for one type beside a failure for the other is no word on whether there is an address.
  const failed = [...rcodes].filter((rcode) => rcode !== 'NOERROR');
  const asked = [...new Set(answers.map((one) => one.resolver))].join(', ');
  if (rcodes.has('NXDOMAIN')) return { kind: 'nxdomain', message: `${name} does not exist, says ${asked}` };
  if (rcodes.size > 0 && failed.length === 0)
    return { kind: 'no-address', message: `${name} exists but has no address` };
  if (failed.length > 0) return { kind: 'servfail', message: `${asked} answered ${failed.join(', ')} for ${name}` };
  return { kind: 'no-answer', message: `no resolver answered for ${name} (${asked || 'none is configured'})` };
}

function result(facts: DnsFacts): Outcome {
  return facts.addresses.length > 0
    ? { state: 'ok', facts: { ...facts } }
    : { state: 'failed', facts: { ...facts }, failure: failureOf(facts.name, facts.answers) };
}

function ofAuthority(name: string, asked: readonly Authority[]): DnsAnswer[] {
  return asked.flatMap(({ resolver, replies }) =>
    replies.map((reply): DnsAnswer => {
      const type = reply.message?.questions?.[0]?.type === 'AAAA' ? 'AAAA' : 'A';
      return { ...answer(name, resolver, type, reply), authority: true };
    }),
  );
}

async function askResolver(
  name: string,
  resolver: string,
  type: 'A' | 'AAAA',
  signal: AbortSignal,
): Promise<DnsAnswer[]> {
  const server = parseDnsServer(resolver);
  const replies = await askDns({ name, type, server, signal });
  const answers = replies.map((reply) => answer(name, resolver, type, reply));
  if (answers.at(-1)?.rcode !== 'SERVFAIL') return answers;
  // RFC 4035 §3.2.2: what a validating resolver withholds, it gives to a client that checks for itself.
  const unchecked = await askDns({ name, type, server, signal, checkingDisabled: true });
  return [
    ...answers,
    ...unchecked.map((reply): DnsAnswer => ({ ...answer(name, resolver, type, reply), checkingDisabled: true })),
  ];
}

async function observe({ name, role }: Name, { known, signal }: Tools): Promise<Outcome> {
  const facts = { name, role, answers: [] };
  if (isIP(name)) return result({ ...facts, source: 'literal', addresses: [name] });
  const claimed = known.environment.resolvers;
  if (!claimed) {
    const local = inHostsFile(name);
    // RFC 6761 §6.3: localhost is never asked of a resolver.
    const addresses = local.length === 0 && /(^|\.)localhost$/.test(name) ? ['127.0.0.1', '::1'] : local;
    if (addresses.length > 0) return result({ ...facts, source: 'hosts-file', addresses });
  }
  const resolvers = claimed ?? getServers();
  if (known.asked.zoneFirst) {
    const denials = await zoneDenies(name, resolvers, known, signal);
    if (denials.length > 0) {
      return result({ name, role, source: 'resolver', answers: ofAuthority(name, denials), addresses: [] });
    }
  }
  const asks = resolvers.flatMap((resolver) =>
    (['A', 'AAAA'] as const).map((type) => askResolver(name, resolver, type, signal)),
  );
  const cached = (await Promise.all(asks)).flat();
  const authority = await askAuthority(name, cached, known, signal);
  const answers = [...cached, ...ofAuthority(name, authority)];
  // An answer that failed validation, or that no cache has yet, is not what a client would use.
  const usual = answers.filter(({ authority, checkingDisabled }) => !authority && !checkingDisabled);
  const addresses = usable(
    usual.flatMap((one) => one.addresses),
    ownAddresses(),
  );
  return result({ name, role, source: 'resolver', answers, addresses });
}

export const dns: Probe<Name> = { name: 'dns', depth: 'wire', deadlineMs: 4000, targets: names, observe };
