/** What is said over IPC between a run and the process in which its browser is driven. */
import type { PartReport } from './exchange.js';
import type { LaunchOptions } from './launch.js';
import type { BySide, Exchange } from './participants.js';

export type Order =
  | { readonly kind: 'launch'; readonly options: LaunchOptions }
  | { readonly kind: 'exchange'; readonly exchange: Exchange }
  | { readonly kind: 'stop'; readonly key: string };

/** What Chromium says of itself, and how long it took to be there and to have both pages open. */
export interface Launched {
  readonly name: string;
  readonly version: string;
  readonly launchMs: number;
  readonly pagesMs: number;
}

export type Answer =
  | { readonly kind: 'launched'; readonly launched: Launched }
  | { readonly kind: 'launch-failed'; readonly message: string }
  | { readonly kind: 'exchanged'; readonly key: string; readonly reports: BySide<PartReport> }
  | { readonly kind: 'exchange-failed'; readonly key: string; readonly message: string };
