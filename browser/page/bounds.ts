/**
 * Where a peer connection may go at all. The server is not trusted: it could hand out addresses of its visitors' own
 * networks. Pure, and without a library, because it runs in the page.
 */

/** Kinds of address in which a deployment can live. All others (link-local, multicast, …) are refused. */
export type AddressKind = 'public' | 'private' | 'carrier' | 'loopback' | 'loopback6' | 'unique-local';

export interface Bounds {
  /** The TURN URL that was seen to work. */
  readonly turnUrl?: string;
  /** For a call that may take any path: all of them. */
  readonly turnUrls?: readonly string[];
  /** Addresses that somebody other than the server vouches for. */
  readonly addresses: readonly string[];
  readonly kinds: readonly AddressKind[];
}

/** Without leading zeros: `012` is ten to what resolves names (inet_aton(3)), and no number to what reads addresses. */
const decimal = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** RFC 1918, RFC 6598, RFC 4193, RFC 4291; undefined for a kind that is refused, and for what is no address. */
function addressKind(address: string): AddressKind | undefined {
  const bytes = decimal.exec(address)?.slice(1).map(Number);
  if (bytes) return kind4(bytes);
  const text = address.toLowerCase();
  if (!/^[0-9a-f:]*:[0-9a-f:]*$/.test(text)) return undefined;
  if (text === '::1') return 'loopback6';
  if (/^f[cd]/.test(text)) return 'unique-local';
  // 6to4 and, among the IETF's assignments 2001::/23, Teredo carry an IPv4 address, which could be any.
  return /^[23]/.test(text) && !/^(2002|2001:0*1?[0-9a-f]{0,2}|3fff):/.test(text) ? 'public' : undefined;
}

function kind4(bytes: readonly number[]): AddressKind | undefined {
  const [a = 0, b = 0, c = 0] = bytes;
  if (bytes.some((byte) => byte > 255)) return undefined;
  if (a === 127) return 'loopback';
  if (a === 10 || (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32)) return 'private';
  if (a === 100 && b >= 64 && b < 128) return 'carrier';
  // This network, link-local, IETF assignments, 6to4 relays, benchmarks; multicast and reserved.
  const refused =
    a === 0 ||
    (a === 169 && b === 254) ||
    (a === 192 && b === 0 && c === 0) ||
    (a === 192 && b === 88 && c === 99) ||
    (a === 198 && (b === 18 || b === 19)) ||
    a >= 224;
  return refused ? undefined : 'public';
}

export function isWithin(bounds: Bounds, address: string): boolean {
  const kind = addressKind(address);
  return bounds.addresses.includes(address) || (kind !== undefined && bounds.kinds.includes(kind));
}

/** What an operator's own addresses allow: these, everything public, and the kinds of private network they are in. */
export function boundsOf(vouched: { readonly signal: readonly string[]; readonly claimed: readonly string[] }): Bounds {
  const kinds = vouched.signal.map(addressKind).filter((kind) => kind !== undefined);
  return { addresses: [...vouched.signal, ...vouched.claimed], kinds: [...new Set<AddressKind>(['public', ...kinds])] };
}
