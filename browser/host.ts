/**
 * The process in which browsers are driven. Loading Playwright keeps a thread busy for 0.3 s, in which a run measures
 * round trips of milliseconds; and when the run dies, however it dies, this one ends the browsers. Orders come over IPC.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright';
import type { Answer, LaunchStage, Order, OtherLaunch } from './host-protocol.js';
import { canSandbox, type LaunchOptions, launchArguments } from './launch.js';
import { type PageServer, servePage } from './page-server.js';
import { type BrowserName, openPage, type Participants, participants, permissions } from './participants.js';
import { removeDirectory } from './remove-directory.js';

/** To be there at all and to leave the rooms, a browser gets this long each at the end. */
const patienceMs = 1200;
/** A Chromium that is not ready by then hangs: on two busy cores it takes 2 s. */
const hangsMs = 8000;

/** Made by us, who outlive whoever started us, for the profile and whatever else Chromium and Playwright leave when they end badly. */
const directory = process.argv[2] as string;
const clear = (): void => removeDirectory(directory);
process.on('exit', clear);
/** Why nothing can be started here. */
let unusable: string | undefined;
try {
  mkdirSync(directory, { mode: 0o700 });
} catch (error) {
  unusable = (error as Error).message;
}
Object.assign(process.env, { TMPDIR: directory, TMP: directory, TEMP: directory });

const server: Promise<PageServer> = servePage();
// Not imported: that would first search its 6 MB for the names of exports, which takes as long again as half of it.
const playwright: typeof import('playwright') = createRequire(import.meta.url)('playwright');
/** Of each browser that was asked for. */
const launching: Promise<void>[] = [];
/** Chromium's page for whom the other browsers call. */
let callee: Page | undefined;
const stages: readonly LaunchStage[] = ['driver', 'launch', 'pages'];
let reached: LaunchStage = 'driver';
/** By the caller's browser; the callee's is Chromium. */
const pairs: Partial<Record<BrowserName, Participants>> = {};

function send(answer: Answer): void {
  // Nobody listens any more when the run has died, and then `disconnect` follows.
  if (process.connected) process.send?.(answer);
}

/** Never back: another one may begin beside one that has come further. */
function reach(stage: LaunchStage): void {
  if (stages.indexOf(stage) <= stages.indexOf(reached)) return;
  reached = stage;
  send({ kind: 'stage', stage });
}

interface Opened {
  readonly browser: Browser;
  readonly caller: Page;
  readonly callee: Page;
  /** When it was there, without its pages. */
  readonly launchedMs: number;
}

async function openChromium(options: LaunchOptions): Promise<Opened> {
  const start = (chromiumSandbox: boolean): Promise<Browser> =>
    playwright.chromium.launch({
      executablePath: options.executable,
      args: launchArguments(options),
      chromiumSandbox,
      // The run says when: a terminal sends its signals to us too.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  reach('launch');
  const browser = await start(canSandbox()).catch((error: Error) => {
    // Containers and some distributions give ordinary users no namespaces to make one of.
    if (canSandbox() && /sandbox/i.test(error.message)) return start(false);
    throw error;
  });
  const launchedMs = performance.now();
  reach('pages');
  const served = await server;
  // A context each: within one Chromium opens its websockets to an address one after the other (RFC 6455 §4.1), so that
  // the last of eight participants would come too late where the round trip is long.
  const open = async (): Promise<Page> =>
    openPage(await browser.newContext({ permissions, viewport: { width: 320, height: 180 } }), served);
  const [caller, callee] = await Promise.all([open(), open()]);
  return { browser, caller, callee, launchedMs };
}

async function launchChromium(options: LaunchOptions): Promise<void> {
  const startMs = performance.now();
  const opened = await firstOpened(() => openChromium(options));
  callee = opened.callee;
  pairs.chromium = participants(opened);
  sendLaunched('chromium', opened.browser.version(), [startMs, opened.launchedMs]);
}

/** Where one hangs at its start another one is tried beside it, and the first to be ready stays. The other ends with us at the latest. */
async function firstOpened(open: () => Promise<Opened>): Promise<Opened> {
  const first = open();
  const early = await Promise.race([first, sleep(hangsMs)]);
  if (early) return early;
  const both = [first, open()];
  const opened = await Promise.any(both).catch(({ errors }: AggregateError) => Promise.reject(errors[0]));
  const closeOther = ({ browser }: Opened): Promise<void> | undefined =>
    browser === opened.browser ? undefined : browser.close();
  for (const one of both) one.then(closeOther).catch(() => {});
  return opened;
}

async function startOther({ browser, options }: OtherLaunch): Promise<{ context: BrowserContext; version: string }> {
  if (browser === 'webkit') return (await import('./webkit.js')).launchWebkit(playwright, options);
  const { launchFirefox } = await import('./firefox.js');
  return launchFirefox(playwright, options, { directory, variables: process.env });
}

async function launchOther(other: OtherLaunch): Promise<void> {
  const startMs = performance.now();
  const { context, version } = await startOther(other);
  const launchedMs = performance.now();
  // A Firefox comes with a page, and another window would cost it a quarter of a second.
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto((await server).url);
  if (!callee) throw new Error('there is no Chromium to call');
  pairs[other.browser] = participants({ caller: page, callee });
  sendLaunched(other.browser, version, [startMs, launchedMs]);
}

function sendLaunched(name: BrowserName, version: string, [startMs, launchedMs]: readonly [number, number]): void {
  const launched = { name, version, launchMs: launchedMs - startMs, pagesMs: performance.now() - launchedMs };
  send({ kind: 'launched', browser: name, launched });
}

async function launch(order: Extract<Order, { kind: 'launch' }>): Promise<void> {
  if (unusable !== undefined) return send({ kind: 'launch-failed', browser: order.browser, message: unusable });
  const work = order.browser === 'chromium' ? launchChromium(order.options) : launchOther(order);
  return work.catch(({ message }: Error) => send({ kind: 'launch-failed', browser: order.browser, message }));
}

async function carryOut(order: Order): Promise<void> {
  if (order.kind === 'launch') {
    launching.push(launch(order));
  } else if (order.kind === 'stop') {
    await Promise.all(Object.values(pairs).map((pair) => pair.stop(order.key)));
  } else {
    const { key, browsers } = order.exchange;
    const pair = pairs[browsers?.caller ?? 'chromium'];
    try {
      if (!pair) throw new Error('the browser is not there');
      send({ kind: 'exchanged', key, reports: await pair.exchange(order.exchange) });
    } catch (error) {
      send({ kind: 'exchange-failed', key, message: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function within(work: Promise<unknown> | undefined): Promise<void> {
  await Promise.race([work?.catch(() => {}), new Promise((resolve) => setTimeout(resolve, patienceMs))]);
}

/**
 * Playwright kills the browsers when the process exits: to close by themselves would take Chromium 0.15 s, and Firefox
 * far longer.
 */
async function end(): Promise<void> {
  await within(Promise.all(launching));
  await within(Promise.all(Object.values(pairs).map((pair) => pair.leave())));
  // Once more, so as to come after what Playwright does then: what it has not killed yet might still write.
  process.off('exit', clear).on('exit', clear);
  process.exit();
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
process.on('disconnect', () => void end());
process.on('message', (order: Order) => void carryOut(order));
// The run may have died before we listened.
if (!process.connected) void end();
