/** TURN, URL by URL. */
/** A TURN error response: `401 Unauthorized`. */
export interface TurnError {
  step: 'allocate' | 'permission' | 'channel' | 'refresh';
  code: number;
  reason: string;
}

/** A check through the relay to a UDP candidate of the SFU. */
export interface RelayedCheck {
  candidate: string;
  /** Of the answered check, sent in a Send indication. */
  rttMs?: number;
  sent: number;
  /** Of the answered check that was sent as ChannelData (RFC 8656 §12). */
  channelRttMs?: number;
}

/**
 * What TURN was asked for in another way, because the URL did not do: another port of the same address, or the same
 * port without TLS or with TLS inside TLS. Credentials are never sent there, and certificates are not verified.
 */
export interface TurnLook {
  port: number;
  over: 'tcp' | 'tls' | 'tls-in-tls';
  /** `turn`: a TURN server answered. `silent`: a connection or a handshake came about, and nothing after it. */
  heard: 'turn' | 'not-turn' | 'silent' | 'closed' | 'no-handshake' | 'refused' | 'unreachable';
  /** Of the TURN server that answered; `livekit` is LiveKit's own. */
  realm?: string;
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
  /** Of time-limited credentials (`timestamp:name`): when they expire, and our clock when they were used. ISO 8601. */
  credentialsExpireAt?: string;
  usedAt?: string;
  /** XOR-RELAYED-ADDRESS and XOR-MAPPED-ADDRESS, `ip:port`. */
  relayed?: string;
  mapped?: string;
  lifetimeS?: number;
  error?: TurnError;
  relayedChecks: RelayedCheck[];
  connectMs?: number;
  tlsMs?: number;
  allocateMs?: number;
  /** What came instead of TURN, printable, at most 200. */
  plaintext?: string;
  /** Only where TURN did not answer. */
  looks?: TurnLook[];
}
