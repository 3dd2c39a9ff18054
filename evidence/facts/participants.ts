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
