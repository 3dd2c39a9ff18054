/** Signalling: HTTP, tokens, and what the join response says. */
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

/** `token`: what a token that somebody else minted says of itself, and how it came. Never the token. */
export interface TokenFacts {
  /** `ready`: it stands in the environment. */
  source: 'endpoint' | 'ready';
  /** Of the endpoint. */
  answer?: EndpointAnswerFacts;
  /** What the request to the endpoint said, where it said it. */
  asked?: { room?: string; identity?: string };
  /** Absent: it is no JWT. */
  claims?: TokenClaims;
}

/** Read without looking at the signature. */
export interface TokenClaims {
  /** The API key. */
  issuer?: string;
  identity?: string;
  /** The one that it is for; absent: whichever. */
  room?: string;
  /** `roomJoin` */
  joins: boolean;
  /** Of the `video` and `sip` grants, what reaches further than taking part in one room: `roomAdmin`, `sipCall`… */
  grants: string[];
  /** `canPublish`, `canSubscribe`, `canPublishData`, where they are false. */
  refuses: string[];
  /** Seconds since 1970, and from its beginning to there; absent: it never ends. */
  expiresAtS?: number;
  livesS?: number;
}

/** An answer of the environment's token endpoint with a token in it. */
export interface EndpointAnswerFacts {
  host: string;
  port: number;
  status: number;
  /** From the connection on to the last byte, in whole milliseconds. */
  answerMs: number;
  /** Where a client shall connect to: scheme, host, port and path. */
  serverUrl?: string;
}

/** What became of asking the environment's token endpoint, where that gave no token. */
export interface TokenEndpointFacts {
  host: string;
  port: number;
  /** Of the request; absent: POST. */
  method?: string;
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
  /** Where the environment says that the token is. */
  lookedFor?: string;
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
