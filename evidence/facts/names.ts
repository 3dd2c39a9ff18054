/** Names, addresses, certificates and TLS. */
/** Which name or port of the deployment something belongs to. */
export type Role = 'signal' | 'turn';

export interface DnsAnswer {
  /** `ip:port` of the resolver asked, `[v6]:port` for IPv6. */
  resolver: string;
  transport: 'udp' | 'tcp';
  type: 'A' | 'AAAA';
  /** RFC 1035 §4.1.1 name: `NOERROR`, `NXDOMAIN`, `SERVFAIL`…; absent when no answer came. */
  rcode?: string;
  addresses: string[];
  /** Canonical names on the way, in order. */
  cnames: string[];
  /** The zone's own server was asked: the resolvers disagreed or knew nothing, or it was asked first (`zoneFirst`). */
  authority?: true;
  /** Asked without DNSSEC validation (CD=1, RFC 4035 §3.2.2), because the resolver had failed. */
  checkingDisabled?: true;
  /** Smallest TTL in seconds. */
  ttlS?: number;
  rttMs?: number;
  /** Why no answer came: `timeout`, `refused`, `unreachable`, `malformed`, `truncated`. */
  failure?: string;
}

/** `dns:NAME` */
export interface DnsFacts {
  name: string;
  role: Role;
  /** Where the addresses come from. A literal address and `localhost` ask nobody. */
  source: 'resolver' | 'hosts-file' | 'literal';
  answers: DnsAnswer[];
  /** What the later probes use: families that this machine has an address of first, then IPv4, without repetition. */
  addresses: string[];
}

export interface CertificateFacts {
  subject: string;
  issuer: string;
  subjectAltNames: string[];
  /** ISO 8601. */
  validFrom: string;
  validTo: string;
  serialNumber: string;
  /** SHA-256 of the whole certificate, hex. */
  fingerprint256: string;
  /** Base64 SHA-256 of the SubjectPublicKeyInfo: what a browser is told to accept. */
  spkiSha256: string;
  isCa: boolean;
  /** Where it says that its issuer's certificate is (caIssuers, RFC 5280 §4.2.2.1); public authorities always say so. */
  issuerUrl?: string;
}

/** `tls:HOST:PORT` */
export interface TlsFacts {
  role: Role;
  host: string;
  address: string;
  port: number;
  /** `TLSv1.3` */
  protocol?: string;
  cipher?: string;
  /** ALPN protocol that the server chose, absent if none. */
  alpn?: string;
  /** As the server sent it, leaf first. */
  chain: CertificateFacts[];
  /** OpenSSL's code when the chain does not verify: `CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN`… */
  chainError?: string;
  /** Set when the leaf does not carry the name (RFC 6125). */
  nameError?: string;
  connectMs?: number;
  handshakeMs?: number;
  /** Bytes that came instead of a handshake, as printable text, at most 200. */
  plaintext?: string;
  /** When the chain did not verify: the peer's `Date` (ISO 8601), from an unverified connection, and ours then. */
  peerDate?: string;
  ourDate?: string;
  /** When the chain or the name did not verify: the leaf that is shown to a client without SNI. */
  withoutSni?: { fingerprint256: string };
  /** When the handshake was refused: the newest older version that the server does accept, `TLSv1.1`. */
  olderProtocol?: string;
  /** When the handshake stalled: whether an exchange of small packets only was answered (by an alert). */
  smallHello?: 'answered' | 'silent';
}

/** `address:IP:PORT`: a TCP connection to a further address of the signalling host. */
export interface AddressFacts {
  host: string;
  address: string;
  port: number;
  connectMs?: number;
}
