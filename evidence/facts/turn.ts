/** TURN, URL by URL. */
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
