/** Kinds of addresses, for rules that compare where something is with where it can be reached from. */
import ipaddr from 'ipaddr.js';

const notRouted = new Set(['private', 'carrierGradeNat', 'uniqueLocal', 'loopback', 'linkLocal', 'unspecified']);

/**
 * Nobody on the internet can reach it: RFC 1918, RFC 6598, RFC 4193, loopback, link-local. Documentation ranges
 * (RFC 5737) count as public, since they stand for public ones wherever they are used.
 */
export function isPrivate(address: string): boolean {
  return ipaddr.isValid(address) && notRouted.has(ipaddr.process(address).range());
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

export function isIpv6(address: string): boolean {
  return address.includes(':');
}

/** Address and port of `ip:port` or `[v6]:port`. */
export function splitAddress(value: string): { address: string; port: number } {
  const colon = value.lastIndexOf(':');
  return { address: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
}
