/** What participants experience, in Node and in a browser. */
import type { Path } from '../run.js';

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

/** How far one transport came: ICE, then DTLS on the pair that ICE chose. */
export interface TransportFacts {
  /** RTCIceConnectionState and RTCDtlsTransportState (W3C webrtc §5.6.2, §5.5.1). */
  iceState: string;
  dtlsState: string;
  /** Whether this end answers the DTLS handshake (`server`) or begins it. */
  dtlsRole?: string;
  /** What ICE chose; absent before it has. */
  pair?: SelectedPair;
  /** STUN checks on that pair, the first and those that keep it alive, and the answers to them. */
  checks?: { sent: number; answered: number };
  /** All that is not STUN: DTLS records and media. */
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
  /** For how long ICE was connected and DTLS was not, without the time in which the process was paused. */
  dtlsWaitMs?: number;
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
  /** By participant, also of one that failed: every transport that it made. */
  transports?: Partial<Record<'caller' | 'callee', TransportFacts[]>>;
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
