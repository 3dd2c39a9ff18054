/** `dns`: what the environment's resolvers answer for the signalling host and for every TURN host. */
import { getServers } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { DnsAnswer, DnsFacts, Role } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { askDns, type DnsReply, parseDnsServer } from '../wire/dns.js';
import { turnUri } from '../wire/turn-uri.js';
import type { Known, Outcome, Probe, Target, Tools } from './probe.js';

interface Name extends Target {
  readonly name: string;
  readonly role: Role;
}

const mostNames = 16; // a hostile join response may list thousands

/** Lower case, without brackets and trailing dot. */
export function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function names(known: Known): Name[] {
  const found = new Map<string, Role>([[hostOf(known.environment.url), 'signal']]);
  const turnHosts = (known.shared.iceServers ?? []).map((server) => turnUri(server.url)?.host);
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

function answer(resolver: string, type: 'A' | 'AAAA', reply: DnsReply): DnsAnswer {
  const { message, transport, failure } = reply;
  if (!message) return { resolver, transport, type, addresses: [], cnames: [], failure: failure ?? 'malformed' };
  const records = message.answers ?? [];
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
  const rcodes = new Set(answers.map((one) => one.rcode).filter(Boolean));
  const asked = [...new Set(answers.map((one) => one.resolver))].join(', ');
  if (rcodes.has('NXDOMAIN')) return { kind: 'nxdomain', message: `${name} does not exist, says ${asked}` };
  if (rcodes.has('NOERROR')) return { kind: 'no-address', message: `${name} exists but has no address` };
  if (rcodes.size > 0) return { kind: 'servfail', message: `${asked} answered ${[...rcodes].join(', ')} for ${name}` };
  return { kind: 'no-answer', message: `no resolver answered for ${name} (${asked || 'none is configured'})` };
}

function result(facts: DnsFacts): Outcome {
  return facts.addresses.length > 0
    ? { state: 'ok', facts: { ...facts } }
    : { state: 'failed', facts: { ...facts }, failure: failureOf(facts.name, facts.answers) };
}

async function observe({ name, role }: Name, { known, signal }: Tools): Promise<Outcome> {
  const known0 = { name, role, answers: [] };
  if (isIP(name)) return result({ ...known0, source: 'literal', addresses: [name] });
  const claimed = known.environment.resolvers;
  if (!claimed) {
    const local = inHostsFile(name);
    // RFC 6761 §6.3: localhost is never asked of a resolver.
    const addresses = local.length === 0 && /(^|\.)localhost$/.test(name) ? ['127.0.0.1', '::1'] : local;
    if (addresses.length > 0) return result({ ...known0, source: 'hosts-file', addresses });
  }
  const asks = (claimed ?? getServers()).flatMap((resolver) =>
    (['A', 'AAAA'] as const).map(async (type) => {
      const replies = await askDns({ name, type, server: parseDnsServer(resolver), signal });
      return replies.map((reply) => answer(resolver, type, reply));
    }),
  );
  const answers = (await Promise.all(asks)).flat();
  const addresses = [...new Set(answers.flatMap((one) => one.addresses))];
  addresses.sort((a, b) => isIP(a) - isIP(b));
  return result({ name, role, source: 'resolver', answers, addresses });
}

export const dns: Probe<Name> = { name: 'dns', depth: 'wire', deadlineMs: 4000, targets: names, observe };
