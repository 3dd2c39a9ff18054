/** Browsers with participants in them, driven from a process of their own. */
import { printable } from '../evidence/text.js';
import type { PartReport } from './exchange.js';
import { type HostProcess, startHost } from './host-process.js';
import type { Answer, Launched, Order, OtherLaunch } from './host-protocol.js';
import type { LaunchOptions } from './launch.js';
import { type BySide, type Exchange, otherMs } from './participants.js';

export interface MediaBrowser extends Launched {
  /** Answers by the exchange's deadline, or when `signal` aborts. Rejects when a browser of it is gone, or never was. */
  exchange(exchange: Exchange, signal: AbortSignal): Promise<BySide<PartReport>>;
  /**
   * Starts another browser beside it, for exchanges with a caller there; each once. It ends with this one. Rejects with
   * what the browser or Playwright said when it does not start.
   */
  startOther(launch: OtherLaunch): Promise<Launched>;
}

export interface StartedBrowser {
  /** Both pages are open. Rejects with what Chromium or Playwright said when it does not start. */
  readonly ready: Promise<MediaBrowser>;
  /** Leaves the rooms, ends the browser and removes its profile, whatever goes on in it. May be called again. */
  close(): Promise<void>;
}

/** Asked to answer at once a browser gets this long, and after its own deadline so much longer. Milliseconds. */
const patienceMs = 1500;
const lateMs = 2000;

let prepared: HostProcess | undefined;

/**
 * Loads what drives a browser ahead of time, for a run that will want one: it takes 0.4 s, which can pass while other
 * things are waited for. Keeps nobody from ending; `discardPrepared` ends it if it was not used.
 */
export function prepareBrowser(): void {
  prepared ??= startHost();
}

/** Resolves when what was prepared and not used is gone. */
export async function discardPrepared(): Promise<void> {
  const unused = prepared;
  prepared = undefined;
  await unused?.close();
}

export function startBrowser(options: LaunchOptions): StartedBrowser {
  const host = prepared?.connected ? prepared : startHost();
  prepared = undefined;
  host.hold();
  const launch = async (order: Extract<Order, { kind: 'launch' }>): Promise<Launched> => {
    const answer = await host.ask(order);
    if (answer.kind !== 'launched') throw refusal(answer);
    return answer.launched;
  };
  const ready = launch({ kind: 'launch', browser: 'chromium', options }).then(
    (launched): MediaBrowser => ({
      ...launched,
      exchange: (one, signal) => exchange(host, one, signal),
      startOther: (other) => launch({ kind: 'launch', ...other }),
    }),
  );
  // Nobody may wait for it any more when it fails.
  ready.catch(() => {});
  return { ready, close: () => host.close() };
}

async function exchange(host: HostProcess, one: Exchange, signal: AbortSignal): Promise<BySide<PartReport>> {
  const order: Order = { kind: 'exchange', exchange: one };
  const giveUp = (): void => host.abandon(order, 'the browser does not answer');
  const mostMs = one.deadlineMs + (one.afterwards ? one.afterwards.deadlineMs + otherMs : 0);
  let timer = setTimeout(giveUp, mostMs + lateMs);
  const stop = (): void => {
    host.tell({ kind: 'stop', key: one.key });
    clearTimeout(timer);
    timer = setTimeout(giveUp, patienceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const answering = host.ask(order);
    if (signal.aborted) stop();
    const answer = await answering;
    if (answer.kind !== 'exchanged') throw refusal(answer);
    return answer.reports;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Playwright's errors go on for pages: its own words, command line, what the browser said, stack. */
function refusal(answer: Answer): Error {
  const lines = 'message' in answer ? answer.message.split('\n') : [];
  const said = lines.map((line) => /\[err\] (.+)/.exec(line)?.[1]).find((line) => line !== undefined);
  return new Error(printable([lines[0], said].filter(Boolean).join(': '), 300));
}
