/** What stands between the vantage and the internet, as far as UDP shows it. */

/** One destination that was asked from the shared socket for the address that it sees (STUN Binding, RFC 8489 §3). */
export interface NatDestination {
  /** `media`: an advertised candidate, checked with the session's password. `turn`, `stun`: a bare Binding request. */
  kind: 'media' | 'turn' | 'stun';
  /** As the server or the operator names it. */
  host: string;
  /** `ip:port` that was asked. */
  destination: string;
  /** The address of this machine that packets to it leave from, and the socket's port, `ip:port`. */
  local?: string;
  sent: number;
  /** XOR-MAPPED-ADDRESS, `ip:port`. */
  mapped?: string;
  /** Of the first answer. */
  rttMs?: number;
  /** No answer came, and it was asked so often and waited for so long that this is silence. */
  silent?: true;
  /** `ip:port`, where the answer came from another address or port than the one that was asked. */
  answeredFrom?: string;
  /** STUN error code, when the answer was an error response. */
  errorCode?: number;
}

/** `nat:ipv4`, `nat:ipv6`: one unconnected UDP socket asks several destinations (RFC 5780 §4.3). */
export interface NatFacts {
  family: 4 | 6;
  destinations: NatDestination[];
  /** Whose STUN servers were asked: the environment's, those of the join response, or livekit-server's own default list. */
  stun: 'claimed' | 'offered' | 'default' | 'none';
  /** Names of STUN servers that no resolver has an address of this family for. */
  unresolved: string[];
}

/** One socket that was left idle. */
export interface IdleTrial {
  idleMs: number;
  /** `ip:port` that the far side saw before it was idle. */
  mapped: string;
  /** What was sent from outside to that address after the idle time came in. Absent: not tried. */
  cameIn?: boolean;
  /** `ip:port` that the far side saw afterwards. */
  mappedAfter?: string;
}

/** `nat-binding`: how long a UDP mapping lives while nothing is sent (RFC 4787 §4.3, RFC 5780 §4.6), IPv4 only. */
export interface NatBindingFacts {
  askedMs: number;
  /**
   * `inbound`: a TURN relay sent to the mapping after the idle time. `mapped-port`: only the mapped port before and after
   * was compared, which proves that a mapping is gone where the port changed, and nothing where it did not.
   */
  method: 'inbound' | 'mapped-port';
  /** The TURN URL that sent, or `ip:port` that was asked for the mapped port. */
  by: string;
  trials: IdleTrial[];
}
