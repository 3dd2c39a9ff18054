/** Checks of the addresses for media. */
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
