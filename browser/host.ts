/**
 * The process in which a browser is driven. Loading Playwright keeps a thread busy for 0.3 s, in which a run measures
 * round trips of milliseconds; and when the run dies, however it dies, this one ends the browser. Orders come over IPC.
 */
import { createRequire } from 'node:module';
import type { Browser } from 'playwright';
import type { Answer, Order } from './host-protocol.js';
import { canSandbox, type LaunchOptions, launchArguments } from './launch.js';
import { type PageServer, servePage } from './page-server.js';
import { openPage, type Participants, participants, permissions } from './participants.js';
import { removeDirectory } from './remove-directory.js';

/** To be there at all, to leave the rooms and to close, a browser gets this long each at the end. */
const patienceMs = 1200;

/** Whoever started us made it, for the profile and whatever else Chromium and Playwright leave when they end badly. */
const directory = process.argv[2] as string;
const clear = (): void => removeDirectory(directory);
process.on('exit', clear);
Object.assign(process.env, { TMPDIR: directory, TMP: directory, TEMP: directory });

const server: Promise<PageServer> = servePage();
// Not imported: that would first search its 6 MB for the names of exports, which takes as long again as half of it.
const playwright: typeof import('playwright') = createRequire(import.meta.url)('playwright');
let launching: Promise<void> | undefined;
let browser: Browser | undefined;
let pair: Participants | undefined;

function send(answer: Answer): void {
  // Nobody listens any more when the run has died, and then `disconnect` follows.
  if (process.connected) process.send?.(answer);
}

async function launch(options: LaunchOptions): Promise<void> {
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
  const startMs = performance.now();
  browser = await start(canSandbox()).catch((error: Error) => {
    // Containers and some distributions give ordinary users no namespaces to make one of.
    if (canSandbox() && /sandbox/i.test(error.message)) return start(false);
    throw error;
  });
  // Once more, so as to come after what Playwright does when the process exits: it kills the browser.
  process.on('exit', clear);
  const launchedMs = performance.now();
  const open = async (served: PageServer, opened: Browser) =>
    openPage(await opened.newContext({ permissions, viewport: { width: 320, height: 180 } }), served);
  const served = await server;
  const [caller, callee] = await Promise.all([open(served, browser), open(served, browser)]);
  pair = participants({ caller, callee });
  const endMs = performance.now();
  send({
    kind: 'launched',
    launched: {
      name: 'chromium',
      version: browser.version(),
      launchMs: launchedMs - startMs,
      pagesMs: endMs - launchedMs,
    },
  });
}

async function carryOut(order: Order): Promise<void> {
  if (order.kind === 'launch') {
    launching = launch(order.options).catch((error: Error) => send({ kind: 'launch-failed', message: error.message }));
  } else if (order.kind === 'stop') {
    await pair?.stop(order.key);
  } else {
    const { key } = order.exchange;
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

/** Playwright kills what is left of the browser when the process exits. */
async function end(): Promise<void> {
  await within(launching);
  await within(pair?.leave());
  await within(browser?.close());
  process.exit();
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
process.on('disconnect', () => void end());
process.on('message', (order: Order) => void carryOut(order));
// The run may have died before we listened.
if (!process.connected) void end();
