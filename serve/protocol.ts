/** What the exporter and the processes that check for it say to each other. */
import type { Depth, Run } from '../evidence/run.js';

/** What a command line means: the same words as those of `check`. */
export interface Wanted {
  readonly names: readonly string[];
  readonly projects?: readonly string[];
  readonly config?: string;
  readonly cwd: string;
}

/** Where runs are kept. */
export interface Keeping {
  readonly directory: string;
  readonly keepMs: number;
}

export type Order =
  /** Answered by `loaded` or `refused`. */
  | { readonly kind: 'load'; readonly wanted: Wanted }
  /** Answered by `checked` or `broken`, of the same id. `environment`: as `packed` made it. */
  | {
      readonly kind: 'check';
      readonly id: number;
      readonly environment: string;
      readonly depth: Depth;
      readonly version: string;
      /** What this place is called. Absent: by its host. */
      readonly vantage?: string;
      readonly keeping?: Keeping;
    }
  /** What is opened is closed, then it is `broken`. */
  | { readonly kind: 'cancel'; readonly id: number };

export type Answer =
  | { readonly kind: 'loaded'; readonly environments: readonly Served[]; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string }
  | {
      readonly kind: 'checked';
      readonly id: number;
      /** Without pictures. */
      readonly run: Run;
      /** The whole document, as JSON in gzip. */
      readonly document: Uint8Array;
      /** Why it could not be kept. */
      readonly notKept?: string;
      readonly usage: Usage;
    }
  | { readonly kind: 'broken'; readonly id: number; readonly message: string };

/** Of the process that answers. */
export interface Usage {
  readonly rssBytes: number;
  /** Absent: not known on this platform. */
  readonly openFiles?: number;
}

/** An environment that is checked again and again. */
export interface Served {
  readonly name: string;
  readonly url: string;
  /** Periods in milliseconds; a depth that is absent is not checked by itself. */
  readonly periods: Readonly<Partial<Record<Depth, number>>>;
  /** The environment with its secrets, as JSON; nobody but the processes that check reads it. */
  readonly packed: string;
}
