/** What is said between the driver and the page of a participant: plain JSON, both ways. */
import type { DataFacts, ReceivedMedia, Recovery, RoundTrips, SelectedPair, SentMedia } from '../evidence/facts.js';
import type { Path } from '../evidence/run.js';
import type { Bounds } from './page/bounds.js';

/** Who of the two it is. Their pictures and voices say so. */
export type Side = 'caller' | 'callee';

/** One participant's part in one exchange. */
export interface Part {
  /** Names the exchange within the page. */
  readonly key: string;
  readonly side: Side;
  /** The only way that media may take; `any` leaves the choice to the browser and the server, as in a usual call. */
  readonly path: Path | 'any';
  readonly bounds: Bounds;
  /** Signalling URL, `ws:` or `wss:`. */
  readonly url: string;
  readonly token: string;
  /** Publish picture and voice. */
  readonly publish: boolean;
  /** Of the run, 32 bits: what both show and sound like bears it. */
  readonly nonce: number;
  /** How long to measure once both were seen and heard, in milliseconds. */
  readonly measureMs: number;
  /** For joining, from there on for connecting, and from when the other is there for the rest: then it answers with what it has. */
  readonly deadlineMs: number;
}

/**
 * How far it came. `join`: until signalling answered. `connect`: ICE and DTLS. `publish`: until the server took both
 * tracks. `receive`: until the other's picture moved and the other's voice was heard.
 */
export type Phase = 'join' | 'connect' | 'publish' | 'receive' | 'done';

/** What one participant saw. Its text comes from a page and, in part, from the server: it is not to be trusted. */
export interface PartReport {
  readonly phase: Phase;
  /** Why it came no further; absent when it did, and when time was up. */
  readonly error?: string;
  /** From the start of this part: the join response, ICE connected, DTLS done, the client says connected. */
  readonly joinMs?: number;
  readonly iceMs?: number;
  readonly dtlsMs?: number;
  readonly connectMs?: number;
  readonly publishMs?: number;
  readonly firstPacketMs?: number;
  /** The selected pair of every transport that it has. */
  readonly selected: SelectedPair[];
  readonly rtt?: RoundTrips;
  readonly received: ReceivedMedia;
  readonly sent?: SentMedia;
  /** Of what was tried afterwards. */
  readonly recovery?: Recovery;
  readonly data?: DataFacts;
}
