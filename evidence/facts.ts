/**
 * What each probe reports under `facts`: plain values, no opinions, no secrets. An absent field means "not seen".
 * Times are milliseconds, addresses are without brackets, hosts are lower case without a trailing dot.
 */
import type { Observation, Path } from './run.js';

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
  /** The zone's own server was asked, because the resolvers disagreed or knew nothing. */
  authority?: true;
  /** Asked without DNSSEC validation (CD=1, RFC 4035 §3.2.2), because the resolver had failed. */
  checkingDisabled?: true;
  /** Smallest TTL in seconds. */
  ttlS?: number;
  rttMs?: number;
  /** Why no answer came: `timeout`, `refused`, `malformed`. */
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

export interface IceServerFacts {
  /** RFC 7064/7065 URI, one per entry. */
  url: string;
  hasCredential: boolean;
}

export interface CandidateFacts {
  protocol: 'udp' | 'tcp';
  address: string;
  port: number;
  /** `host`, `srflx`, `prflx`, `relay` (RFC 8839 §5.1). */
  type: string;
  tcpType?: string;
  priority: number;
}

export interface HttpFacts {
  status: number;
  /** At most 200 characters, printable. */
  body: string;
  server?: string;
  location?: string;
  contentType?: string;
  /** The `Date` header as ISO 8601. */
  date?: string;
}

/** What became of asking the environment's token endpoint, where that gave no token. */
export interface TokenEndpointFacts {
  host: string;
  port: number;
  /**
   * Before an answer: `name` (no address), `refused`, `unreachable` (no connection in time), `tls`, `timeout` (connected,
   * but no whole answer in time), `closed`, `not-http`. By the answer: `status` (not 2xx), `redirect`, `too-large`,
   * `not-json`, `no-token` (none of its usual names), `not-a-token` (there, but no JWT).
   */
  reason:
    | 'name'
    | 'refused'
    | 'unreachable'
    | 'tls'
    | 'timeout'
    | 'closed'
    | 'not-http'
    | 'status'
    | 'redirect'
    | 'too-large'
    | 'not-json'
    | 'no-token'
    | 'not-a-token';
  /** The system's or OpenSSL's code: `ECONNRESET`, `CERT_HAS_EXPIRED`… */
  error?: string;
  status?: number;
  contentType?: string;
  /** Host of the `Location` header. */
  redirectsTo?: string;
  /** Names of the JSON object that came, at most 8. */
  keys?: string[];
}

/** `signal` */
export interface SignalFacts {
  host: string;
  port: number;
  secure: boolean;
  address?: string;
  /** `GET /`, which LiveKit answers with `OK`. */
  health?: HttpFacts;
  /** The answer to the websocket upgrade when it was not 101. */
  refusal?: HttpFacts;
  /** Where there was no token to join with, so that the websocket was not tried. */
  tokenEndpoint?: TokenEndpointFacts;
  upgraded: boolean;
  /** From sending the upgrade to its answer, whatever that was. */
  answeredMs?: number;
  /** From the join response. */
  join?: {
    serverVersion: string;
    edition: string;
    protocol: number;
    region: string;
    nodeId: string;
    iceServers: IceServerFacts[];
    /** What the token allows (ParticipantPermission). */
    permission?: { canPublish: boolean; canSubscribe: boolean; canPublishData: boolean };
    /** ICE lite (RFC 8445 §2.5) was offered. */
    iceLite: boolean;
    candidates: CandidateFacts[];
  };
  /** Why the websocket ended before a join response: close code and reason, printable. */
  closed?: { code: number; reason: string };
  /** The server's clock minus ours from `Date`, middle of the exchange; resolution 1 s. */
  clockSkewMs?: number;
}

/** `idle`: a signalling connection that was held open, and when it was cut, each time that it was tried. */
export interface IdleFacts {
  askedMs: number;
  cuts: { ageMs: number; code: number; reason: string }[];
}

/** `load`: how busy this machine was during the run. */
export interface LoadFacts {
  /** How late timers of ours were, 99th percentile and worst. */
  lagP99Ms: number;
  lagMostMs: number;
  /** CPU seconds that this process used, per second of the run. */
  cpuShare: number;
  cores: number;
  /** Share of the last 10 s in which something waited for a processor (Linux PSI `cpu some avg10`), in percent. */
  cpuPressurePercent?: number;
}

/** Why an address is checked: the server offers it, or it is one at which the media could be instead. */
export type Origin = 'advertised' | 'claimed' | 'signal-host' | 'turn-host';

/** `ice-udp:ADDRESS:PORT`, `ice-tcp:ADDRESS:PORT`: an authenticated STUN binding request (RFC 8445 §7.2.2). */
export interface IceFacts {
  address: string;
  port: number;
  origin: Origin;
  /** Which advertised candidate this stands for when it is not advertised itself, `ip:port`. */
  insteadOf?: string;
  sent: number;
  received: number;
  /** Of the first answered check. */
  rttMs?: number;
  /** XOR-MAPPED-ADDRESS, `ip:port`. */
  mapped?: string;
  /** STUN error code of the answer, when it was an error response (which proves the path all the same). */
  errorCode?: number;
  /** TCP only: how long the connection took. */
  connectMs?: number;
  /** TCP only: what came instead of STUN, printable, at most 200. */
  plaintext?: string;
}

/** A TURN error response: `401 Unauthorized`. */
export interface TurnError {
  step: 'allocate' | 'permission' | 'channel' | 'refresh';
  code: number;
  reason: string;
}

/** `turn-udp:HOST:PORT`, `turn-tcp:…`, `turn-tls:…`: one URL of the join response, alone. */
export interface TurnFacts {
  url: string;
  host: string;
  address: string;
  port: number;
  transport: 'udp' | 'tcp' | 'tls';
  realm?: string;
  software?: string;
  /** XOR-RELAYED-ADDRESS and XOR-MAPPED-ADDRESS, `ip:port`. */
  relayed?: string;
  mapped?: string;
  lifetimeS?: number;
  error?: TurnError;
  /** Checks through the relay to the SFU's UDP candidates. */
  relayedChecks: { candidate: string; rttMs?: number; sent: number }[];
  connectMs?: number;
  tlsMs?: number;
  allocateMs?: number;
  /** What came instead of TURN, printable, at most 200. */
  plaintext?: string;
}

/** One end of a selected candidate pair, from the statistics (W3C webrtc-stats §8.16). */
export interface PairEnd {
  candidateType: string;
  protocol: string;
  address?: string;
  port?: number;
  /** Only for a local relay candidate: `udp`, `tcp` or `tls`, and the TURN URL. */
  relayProtocol?: string;
  url?: string;
}
export interface SelectedPair {
  local: PairEnd;
  remote: PairEnd;
  rttMs?: number;
}

/** `peer:PATH`: two participants in Node, ICE + DTLS + an echo over a data channel. */
export interface PeerFacts {
  path: Path;
  /** From the first connect to the echo received. */
  totalMs?: number;
  joinMs?: number;
  echo?: { sentBytes: number; receivedBytes: number; rttMs: number };
  /** By participant. */
  selected?: Partial<Record<'caller' | 'callee', SelectedPair[]>>;
}

export interface ReceivedMedia {
  /** From the start of the participant's connect. */
  firstFrameMs?: number;
  firstAudioMs?: number;
  framesDecoded: number;
  frameWidth?: number;
  frameHeight?: number;
  videoBytes: number;
  audioBytes: number;
  /** Sum of squared sample values × seconds (webrtc-stats `totalAudioEnergy`): above 0 means that sound was heard. */
  audioEnergy: number;
  packetsLost: number;
  jitterMs?: number;
}

export interface ParticipantFacts {
  connectMs?: number;
  selected: SelectedPair[];
  received: ReceivedMedia;
}

/** `browser` */
export interface BrowserFacts {
  /** `chromium` */
  name?: string;
  version?: string;
  /** Named by LIVEKIT_DOCTOR_BROWSER, downloaded by Playwright, or the system's own. */
  origin?: 'variable' | 'playwright' | 'system';
  /** Until it answered, and from there until both pages were open. */
  launchMs?: number;
  pagesMs?: number;
}

/** `media:PATH`: two participants in two browser contexts, each publishing and each decoding the other. */
export interface MediaFacts {
  path: Path;
  browser?: { name: string; version: string };
  caller?: ParticipantFacts;
  callee?: ParticipantFacts;
}

/** `vantage`: what can be known of this machine without asking the deployment. */
export interface VantageFacts {
  /** Interfaces other than loopback carry an address. */
  hasNetwork: boolean;
  addresses: string[];
  resolvers: string[];
}

export interface FactsByProbe {
  vantage: VantageFacts;
  dns: DnsFacts;
  tls: TlsFacts;
  address: AddressFacts;
  signal: SignalFacts;
  idle: IdleFacts;
  load: LoadFacts;
  'ice-udp': IceFacts;
  'ice-tcp': IceFacts;
  'turn-udp': TurnFacts;
  'turn-tcp': TurnFacts;
  'turn-tls': TurnFacts;
  peer: PeerFacts;
  browser: BrowserFacts;
  media: MediaFacts;
}

/** An observation that looked and saw (`ok` or `failed`): its facts have the shape that its probe promises. */
export type Seen<P extends keyof FactsByProbe> = Omit<Observation, 'facts' | 'state'> & {
  probe: P;
  state: 'ok' | 'failed';
  facts: FactsByProbe[P];
};

/** The observations of one probe that looked and saw, in the order in which they were made. */
export function seen<P extends keyof FactsByProbe>(observations: Iterable<Observation>, probe: P): Seen<P>[] {
  const found: Seen<P>[] = [];
  for (const observation of observations) {
    if (observation.probe === probe && (observation.state === 'ok' || observation.state === 'failed')) {
      found.push(observation as unknown as Seen<P>);
    }
  }
  return found;
}
