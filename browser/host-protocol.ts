/** What is said over IPC between a run and the process in which its browsers are driven. */

import type { PartReport } from './exchange.js';
import type { FoundBrowser } from './executable.js';
import type { FirefoxOptions } from './firefox.js';
import type { LaunchOptions } from './launch.js';
import type { BrowserName, BySide, Exchange } from './participants.js';

/** Which browser to start beside the Chromium, and how. */
export type OtherLaunch =
  | { readonly browser: 'firefox'; readonly options: FirefoxOptions }
  | { readonly browser: 'webkit'; readonly options: Pick<FoundBrowser, 'executable'> };

export type Order =
  | { readonly kind: 'launch'; readonly browser: 'chromium'; readonly options: LaunchOptions }
  | ({ readonly kind: 'launch' } & OtherLaunch)
  | { readonly kind: 'exchange'; readonly exchange: Exchange }
  | { readonly kind: 'stop'; readonly key: string };

/** What a browser says of itself, and how long it took to be there and to have its pages open. */
export interface Launched {
  readonly name: BrowserName;
  readonly version: string;
  readonly launchMs: number;
  readonly pagesMs: number;
}

/** What a Chromium that is being started waits for: Playwright to be loaded, itself to answer, its pages to open. */
export type LaunchStage = 'driver' | 'launch' | 'pages';

export type Answer =
  | { readonly kind: 'stage'; readonly stage: LaunchStage }
  | { readonly kind: 'launched'; readonly browser: BrowserName; readonly launched: Launched }
  | { readonly kind: 'launch-failed'; readonly browser: BrowserName; readonly message: string }
  | { readonly kind: 'exchanged'; readonly key: string; readonly reports: BySide<PartReport> }
  | { readonly kind: 'exchange-failed'; readonly key: string; readonly message: string };
