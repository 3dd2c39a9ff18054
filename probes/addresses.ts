/** In which order the addresses of a name are used. */
import { isIP } from 'node:net';

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/**
 * Without repetition: first the families that this machine has an address of (RFC 6724 rule 1 avoids what cannot be
 * reached), then IPv4. `own` are the machine's addresses other than loopback.
 */
export function usable(addresses: readonly string[], own: readonly string[]): string[] {
  const families = new Set(own.map(isIP));
  const rank = (address: string): number =>
    (isLoopback(address) || families.size === 0 || families.has(isIP(address)) ? 0 : 10) + isIP(address);
  return [...new Set(addresses)].sort((a, b) => rank(a) - rank(b));
}
