/** What is said between the probe `peer` and the process in which its participants live. */
import type { Bounds } from '../browser/page/bounds.js';
import type { SelectedPair, TransportFacts } from '../evidence/facts.js';
import type { Path } from '../evidence/run.js';
import type { IceServer } from './shared.js';

/** To the process: bring two participants together by one path. Holds secrets, so it goes over IPC alone. */
export interface Meet {
  readonly kind: 'meet';
  /** Tells orders apart. */
  readonly key: string;
  readonly path: Path;
  readonly url: string;
  /** Of the signalling host. */
  readonly addresses: readonly string[];
  readonly ca?: string;
  readonly tokens: Record<Side, string>;
  /** Where a connection may go. */
  readonly bounds: Bounds;
  /** The relay of a relayed path, by address. */
  readonly turn?: IceServer;
  /** For joining, and as much again from there on. */
  readonly deadlineMs: number;
}

/** To the process: answer with what there is. */
export interface Stop {
  readonly kind: 'stop';
  readonly key: string;
}

export type Side = 'caller' | 'callee';

/**
 * How far it came. `join`: until signalling answered both. `connect`: ICE and DTLS of both. `echo`: until
 * what the caller sent had come back.
 */
export type Phase = 'join' | 'connect' | 'echo' | 'done';

/** From the process. Times are milliseconds since it took up the order. */
export interface Met {
  readonly kind: 'met';
  readonly key: string;
  readonly path: Path;
  readonly phase: Phase;
  /** Why it came no further; absent when it did, and when time was up. From the library or the server: not trusted. */
  readonly error?: string;
  readonly reachedMs: Partial<Record<Phase, number>>;
  readonly echo?: { sentBytes: number; receivedBytes: number; equal: boolean; rttMs: number };
  readonly selected: Partial<Record<Side, SelectedPair[]>>;
  readonly transports: Partial<Record<Side, TransportFacts[]>>;
  /** Both waited for DTLS for so long that it was not waited for any longer. */
  readonly stalled?: boolean;
}

/** From the process, once: it can take orders, or why it never will. */
export interface Ready {
  readonly kind: 'ready';
  readonly error?: string;
}
