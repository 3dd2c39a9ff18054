/** Checks of the addresses for media. */
/**
 * Why it is checked: the server offers it, or it is where the media could be instead. That is another address
 * (`claimed`, `cluster`, `signal-host`, `turn-host`) or, at the advertised one, another port: one that is claimed, or one nearby.
 */
export type Origin =
  | 'advertised'
  | 'claimed'
  | 'cluster'
  | 'signal-host'
  | 'turn-host'
  | 'claimed-port'
  | 'neighbouring-port';

/**
 * Several flows to one candidate, each from a port of its own and each checked until it was certain: a load balancer
 * chooses a node per flow. Those that were neither answered nor ended by the peer were silent.
 */
export interface IceFlows {
  tried: number;
  answered: number;
  /** Refused (RST, ICMP port unreachable), or accepted and closed without an answer. */
  refused?: number;
}

/**
 * Authenticated checks that were padded to these sizes: bytes of the UDP payload, ascending, sent over flows that the
 * candidate answers. The answers are small, so this is about the way to the server alone. A size that is in no list was
 * still on its way when the check ended.
 */
export interface IceSizes {
  /** The first is that of the check without padding. */
  answeredBytes: number[];
  /** Sent at least 14 times without an answer. */
  silentBytes: number[];
  /** This machine would not send them (EMSGSIZE), which says nothing about the way. */
  notSent: number[];
}

/**
 * Checks over flows that were answered, each counted up to its answer: `lost` of `sent` were not answered, and one that was
 * sent later over the same flow was. So it is about packets, whatever the round-trip time.
 */
export interface IceLoss {
  sent: number;
  lost: number;
}

/** `ice-udp:ADDRESS:PORT`, `ice-tcp:ADDRESS:PORT`: an authenticated STUN binding request (RFC 8445 §7.2.2). */
export interface IceFacts {
  address: string;
  port: number;
  origin: Origin;
  /** Which advertised candidate this stands for when it is not advertised itself, `ip:port`. */
  insteadOf?: string;
  /** Checks without padding, of all flows together. */
  sent: number;
  received: number;
  /** Of the first answered check. */
  rttMs?: number;
  /** XOR-MAPPED-ADDRESS, `ip:port`. */
  mapped?: string;
  /** STUN error code of the answer, when it was an error response (which proves the path all the same). */
  errorCode?: number;
  /** Advertised candidates only; absent where the check was stopped before it was certain. */
  flows?: IceFlows;
  /** UDP only, of an advertised candidate that answers. */
  sizes?: IceSizes;
  /** UDP only, of an advertised candidate that answers. */
  loss?: IceLoss;
  /** TCP only: how long the connection took. */
  connectMs?: number;
  /** TCP only: what came instead of STUN, printable, at most 200. */
  plaintext?: string;
  /**
   * TCP only, where connections were accepted and checks stayed silent: a STUN request without USERNAME made the peer
   * close its connection, without a word. That is what livekit-server does at its port for media.
   */
  closesUnnamed?: boolean;
}
