/** What is said between the driver and the page of a participant: plain JSON, both ways. */
import type { ReceivedMedia, SelectedPair } from '../evidence/facts.js';
import type { Path } from '../evidence/run.js';
import type { Bounds } from './page/bounds.js';

/** Who of the two it is. They differ in the colour of their picture and in the pitch of their tone. */
export type Side = 'caller' | 'callee';

/** One participant's part in one exchange. */
export interface Part {
  /** Names the exchange within the page. */
  readonly key: string;
  readonly side: Side;
  /** The only way that media may take. */
  readonly path: Path;
  readonly bounds: Bounds;
  /** Signalling URL, `ws:` or `wss:`. */
  readonly url: string;
  readonly token: string;
  /** Publish picture and tone. */
  readonly publish: boolean;
  /** From the start of this part until it answers with what it has. */
  readonly deadlineMs: number;
}

/**
 * How far it came. `join`: until signalling answered. `connect`: ICE and DTLS. `publish`: until the server took both
 * tracks. `receive`: until the other's picture and tone were decoded.
 */
export type Phase = 'join' | 'connect' | 'publish' | 'receive' | 'done';

/** What one participant saw. Its text comes from a page and, in part, from the server: it is not to be trusted. */
export interface PartReport {
  readonly phase: Phase;
  /** Why it came no further; absent when it did, and when time was up. */
  readonly error?: string;
  /** From the start of this part to the join response, and to the connected transport. */
  readonly joinMs?: number;
  readonly connectMs?: number;
  readonly publishMs?: number;
  /** The selected pair of every transport that it has. */
  readonly selected: SelectedPair[];
  readonly received: ReceivedMedia;
}
