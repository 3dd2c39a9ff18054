/** Browsers with participants in them, driven from a process of their own. */
import { printable } from '../evidence/text.js';
import type { PartReport } from './exchange.js';
import { type HostProcess, startHost } from './host-process.js';
import type { Answer, Launched, LaunchStage, Order, OtherLaunch } from './host-protocol.js';
import type { LaunchOptions } from './launch.js';
import { type BySide, type Exchange, otherMs, stages } from './participants.js';

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
  /** How far it has come. */
  readonly stage: LaunchStage;
  /** Leaves the rooms, ends the browser and removes its profile, whatever goes on in it. May be called again. */
  close(): Promise<void>;
}

/** Asked to answer at once a browser gets this long, and after its own deadline so much longer. Milliseconds. */
const patienceMs = 1500;
const lateMs = 2000;

type LaunchOrder = Extract<Order, { kind: 'launch' }>;

let prepared: { readonly host: HostProcess; chromium?: Prelaunched } | undefined;

interface Prelaunched {
  readonly options: LaunchOptions;
  readonly launched: Promise<Launched>;
}

/**
 * Loads what drives a browser ahead of time, for a run that will want one: it takes 0.4 s, which can pass while other
 * things are waited for. Keeps nobody from ending; `discardPrepared` ends it if it was not used. With `options` the
 * Chromium is started as well, for a run that will want just this one.
 */
export function prepareBrowser(options?: LaunchOptions): void {
  prepared ??= { host: startHost() };
  if (!options || prepared.chromium) return;
  const launched = launch(prepared.host, { kind: 'launch', browser: 'chromium', options });
  launched.catch(() => {});
  prepared.chromium = { options, launched };
}

/** Resolves when what was prepared and not used is gone. */
export async function discardPrepared(): Promise<void> {
  const unused = prepared;
  prepared = undefined;
  await unused?.host.close();
}

export function startBrowser(options: LaunchOptions): StartedBrowser {
  const { host, chromium } = takePrepared(options);
  host.hold();
  const launching = chromium?.launched ?? launch(host, { kind: 'launch', browser: 'chromium', options });
  const ready = launching.then(
    (launched): MediaBrowser => ({
      ...launched,
      exchange: (one, signal) => exchange(host, one, signal),
      startOther: (other) => launch(host, { kind: 'launch', ...other }),
    }),
  );
  // Nobody may wait for it any more when it fails.
  ready.catch(() => {});
  return {
    ready,
    get stage() {
      return host.stage;
    },
    close: () => host.close(),
  };
}

/** What was prepared, unless it has ended, or is a Chromium that would meet another deployment. */
function takePrepared(options: LaunchOptions): NonNullable<typeof prepared> {
  const { host, chromium } = prepared ?? {};
  prepared = undefined;
  const suits = !chromium || JSON.stringify(chromium.options) === JSON.stringify(options);
  if (host?.connected && suits) return { host, ...(chromium && { chromium }) };
  void host?.close();
  return { host: startHost() };
}

async function launch(host: HostProcess, order: LaunchOrder): Promise<Launched> {
  const answer = await host.ask(order);
  if (answer.kind !== 'launched') throw refusal(answer);
  return answer.launched;
}

async function exchange(host: HostProcess, one: Exchange, signal: AbortSignal): Promise<BySide<PartReport>> {
  const order: Order = { kind: 'exchange', exchange: one };
  const giveUp = (): void => host.abandon(order, 'the browser does not answer');
  const mostMs = stages * one.deadlineMs + (one.afterwards ? one.afterwards.deadlineMs + otherMs : 0);
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
  const errors = lines.flatMap((line) => /\[err\] (.+)/.exec(line)?.[1] ?? []);
  // The script that starts it may grumble first.
  const said = [
    errors.find((line) => /fatal|error|cannot|failed/i.test(line)) ?? errors[0],
    // Killed, for want of memory above all.
    lines.map((line) => /signal=SIG\w+/.exec(line)?.[0]).find((signal) => signal && signal !== 'signal=SIGKILL'),
  ];
  return new Error(printable([lines[0], ...said].filter(Boolean).join(': '), 300));
}
