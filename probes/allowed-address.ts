/**
 * Which addresses may be probed at all. The server is not trusted: it could hand out addresses of its visitors' own
 * networks, and a doctor that sends packets wherever it is told to would be a tool for attacking them.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { hostOf } from '../environment/host.js';
import type { DnsFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { mediaAddresses } from './cluster.js';
import type { Known } from './probe.js';

/** What is not the server's word: where the operator sent us, and what the operator says should be there. */
export interface Trusted {
  /** To which the host of the environment's URL resolved. */
  readonly signal: readonly string[];
  readonly claimed: readonly string[];
}

/** RFC 5737 and RFC 3849: routed nowhere, so they stand for public addresses wherever they are used. */
const documentation = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((range) =>
  ipaddr.parseCIDR(range),
);

/** Ranges in which being in the same one as the signalling host means being in the environment's own network. */
const shared = new Set(['private', 'uniqueLocal', 'carrierGradeNat', 'loopback']);

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

/** An IPv4 address inside an IPv6 one (RFC 4291 §2.5.5, RFC 6052 §2.1) is where the packet ends up, so it decides. */
function parse(address: string): Parsed | undefined {
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'rfc6052') return parsed;
  return ipaddr.fromByteArray(parsed.toByteArray().slice(12));
}

const rangeOf = (address: Parsed): string => ipaddr.subnetMatch(address, { unicast: documentation }, address.range());

/** Public, claimed, equal to an address of the signalling host, or in the same kind of private network as one. */
export function isAllowed(address: string, { signal, claimed }: Trusted): boolean {
  const wanted = parse(address);
  if (!wanted) return false;
  const range = rangeOf(wanted);
  if (range === 'unicast') return true;
  const same = (other: string): boolean => parse(other)?.toString() === wanted.toString();
  if (signal.some(same) || claimed.some(same)) return true;
  return (
    shared.has(range) &&
    signal.some((other) => {
      const parsed = parse(other);
      return parsed !== undefined && parsed.kind() === wanted.kind() && rangeOf(parsed) === range;
    })
  );
}

/** The addresses of a name, as far as they are known; an address stands for itself. */
export function addressesOf(known: Known, host: string): readonly string[] {
  if (isIP(host)) return [host];
  const facts = known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined;
  return facts?.addresses ?? [];
}

/** What this environment's operator vouches for. A TURN host counts only if the claims name it. */
export function trusted(known: Known): Trusted {
  const { url, claims } = known.environment;
  const claimed = [claims.dns?.signal, claims.media?.address, claims.turn?.address];
  return {
    signal: addressesOf(known, hostOf(url)),
    claimed: [
      ...claimed.filter((address) => address !== undefined),
      ...mediaAddresses(known),
      ...(claims.turn?.host ? addressesOf(known, claims.turn.host) : []),
    ],
  };
}

/** Why an address of the server's choosing is left alone; undefined where it may be probed. */
export function refusal(known: Known, address: string): Failure | undefined {
  if (isAllowed(address, trusted(known))) return undefined;
  const message = `${address} is neither public, nor claimed, nor in the network of the signalling host`;
  return { kind: 'address-not-allowed', message };
}
