/** The little of SDP that ICE needs (RFC 8839 §5, RFC 8866). Total: malformed input gives undefined, never throws. */

export interface IceDescription {
  readonly ufrag: string;
  readonly password: string;
  /** `a=ice-lite` (RFC 8839 §5.3). */
  readonly lite: boolean;
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly type: string;
  readonly tcpType?: string;
  readonly priority: number;
}

const mostCandidates = 64; // a server offers a handful; ten thousand would be an attack
const longestSdp = 200_000;

const candidateLine =
  /^(?:a=)?candidate:[\w+/]{1,32} \d{1,3} (udp|tcp) (\d{1,10}) ([\w.:%-]{1,255}) (\d{1,5}) typ (\w{1,16})(.*)$/i;

/** RFC 8839 §5.1, with or without `a=`. */
function parseCandidate(line: string): Candidate | undefined {
  const match = line.length > 1024 ? null : candidateLine.exec(line.trim());
  if (!match) return undefined;
  const [, protocol = '', priority, address = '', port, type = '', rest = ''] = match;
  const portNumber = Number(port);
  if (portNumber > 65_535) return undefined;
  const tcpType = / tcptype (active|passive|so)\b/.exec(rest)?.[1];
  return {
    protocol: protocol.toLowerCase() as 'udp' | 'tcp',
    address: address.toLowerCase(),
    port: portNumber,
    type: type.toLowerCase(),
    ...(tcpType && { tcpType }),
    priority: Number(priority),
  };
}

/** The first ICE credentials and all candidates; undefined without credentials or over 200 kB. */
export function parseIce(sdp: string): IceDescription | undefined {
  if (sdp.length > longestSdp) return undefined;
  const lines = sdp.split(/\r?\n/);
  const value = (prefix: string): string | undefined =>
    lines
      .find((line) => line.startsWith(prefix))
      ?.slice(prefix.length, prefix.length + 256)
      .trim();
  const ufrag = value('a=ice-ufrag:');
  const password = value('a=ice-pwd:');
  if (!ufrag || !password) return undefined;
  const candidates: Candidate[] = [];
  for (const line of lines) {
    if (!line.startsWith('a=candidate:') || candidates.length >= mostCandidates) continue;
    const candidate = parseCandidate(line);
    if (candidate) candidates.push(candidate);
  }
  return { ufrag, password, lite: lines.includes('a=ice-lite'), candidates };
}

export interface OurEnd {
  readonly ufrag: string;
  readonly password: string;
  /** `AA:BB:…`, SHA-256. */
  readonly fingerprint: string;
}

/**
 * An answer (RFC 3264 §6) that accepts the data channels of an offer and nothing else. As the `active` side of DTLS
 * (RFC 8842 §5.3) we are the one who would begin the handshake, so a session that is only checked stays quiet.
 */
export function answerFor(offer: string, us: OurEnd): string {
  const lines = offer.slice(0, longestSdp).split(/\r?\n/);
  const media: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) media.push([]);
    media.at(-1)?.push(line);
  }
  const mids: string[] = [];
  const sections = media.slice(0, 32).flatMap((section) => {
    const [kind = '', , ...profile] = (section[0] ?? '').slice(2).split(' ');
    const mid = section.find((line) => line.startsWith('a=mid:'))?.slice(6) ?? '0';
    if (kind !== 'application') return [`m=${kind} 0 ${profile.join(' ')}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`];
    mids.push(mid);
    return [
      `m=application 9 ${profile.join(' ')}`,
      'c=IN IP4 0.0.0.0',
      `a=mid:${mid}`,
      'a=sendrecv',
      `a=ice-ufrag:${us.ufrag}`,
      `a=ice-pwd:${us.password}`,
      `a=fingerprint:sha-256 ${us.fingerprint}`,
      'a=setup:active',
      'a=sctp-port:5000',
    ];
  });
  const session = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`];
  return `${[...session, ...sections].join('\r\n')}\r\n`;
}

/** From the JSON of an RTCIceCandidateInit; undefined for anything else. */
export function candidateInit(json: string): Candidate | undefined {
  try {
    const init: unknown = JSON.parse(json);
    const line = (init as { candidate?: unknown } | null)?.candidate;
    return typeof line === 'string' ? parseCandidate(line) : undefined;
  } catch {
    return undefined;
  }
}
