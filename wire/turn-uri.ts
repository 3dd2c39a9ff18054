/** TURN and STUN URIs (RFC 7064 §3.1, RFC 7065 §3.1): `turns:host[:port][?transport=udp|tcp]`. */
export interface TurnUri {
  readonly scheme: 'stun' | 'stuns' | 'turn' | 'turns';
  /** Lower case, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `tls` for `turns` over TCP; DTLS (`turns` over UDP) is not used by LiveKit and gives undefined. */
  readonly transport: 'udp' | 'tcp' | 'tls';
}

const uri = /^(stuns?|turns?):(\[[0-9a-f:.%]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/** Undefined for anything that is not such a URI. */
export function turnUri(text: string): TurnUri | undefined {
  const match = text.length > 512 ? null : uri.exec(text);
  if (!match) return undefined;
  const scheme = (match[1] as string).toLowerCase() as TurnUri['scheme'];
  const secure = scheme.endsWith('s');
  const port = match[3] === undefined ? (secure ? 5349 : 3478) : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  const asked = match[4]?.toLowerCase() ?? (secure ? 'tcp' : 'udp');
  if (secure && asked === 'udp') return undefined;
  const host = (match[2] as string)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return { scheme, host, port, transport: secure ? 'tls' : (asked as 'udp' | 'tcp') };
}
