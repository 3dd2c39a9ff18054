/** Two participants, each in a page of its own, as Playwright drives them. */
import type { BrowserContext, Page } from 'playwright';
import type { Exercise, Path } from '../evidence/run.js';
import type { Part, PartReport, Side } from './exchange.js';
import type { Bounds } from './page/bounds.js';
// For what hangs on `globalThis` in the page.
import type {} from './page/participant.js';
import type { PageServer } from './page-server.js';

const sides: readonly Side[] = ['caller', 'callee'];
export type BySide<T> = Readonly<Record<Side, T>>;
/** In which a caller may be, while the callee is in Chromium. */
export const otherBrowsers = ['firefox', 'webkit'] as const;
export type OtherBrowser = (typeof otherBrowsers)[number];
export type BrowserName = 'chromium' | OtherBrowser;

/** To join, to connect, to meet the other. */
export const stages = 3;

/** One meeting of the two in a room, on one path. */
export interface Exchange {
  /** Unique among the exchanges of the same participants. */
  readonly key: string;
  readonly path: Path | 'any';
  readonly bounds: Bounds;
  /** Signalling URL. */
  readonly url: string;
  readonly tokens: BySide<string>;
  /** Default: both are in Chromium. There is one page in each other browser, which is the caller's. */
  readonly browsers?: { readonly caller: BrowserName; readonly callee: 'chromium' };
  /** Of the run, 32 bits. */
  readonly nonce: number;
  /** How long to measure once both were seen and heard, in milliseconds. */
  readonly measureMs: number;
  /** Who publishes picture and tone. Default: both. */
  readonly publish?: BySide<boolean>;
  /** For each of the stages of a part, so that both answer with what they have after three times this at the latest. */
  readonly deadlineMs: number;
  /** What is tried once they see and hear each other, and how long that may take. */
  readonly afterwards?: { readonly exercise: Exercise; readonly deadlineMs: number };
}

export interface Participants {
  /** Rejects only when a page is gone. Both have left the room, or are about to, when it resolves. */
  exchange(exchange: Exchange): Promise<BySide<PartReport>>;
  /** Makes a running exchange answer with what it has. */
  stop(key: string): Promise<void>;
  /** Leaves every room, whatever goes on in it. */
  leave(): Promise<void>;
}

/** What a person grants who joins a call. Without it Chromium hides its addresses behind names (mDNS). */
export const permissions = ['camera', 'microphone'];

/** Opens a participant's page in a context that was made with `permissions`, or for another browser than Chromium with its own. */
export async function openPage(context: BrowserContext, server: PageServer): Promise<Page> {
  const page = await context.newPage();
  await page.goto(server.url);
  return page;
}

/**
 * Joins two pages that `openPage` opened. They can take part in many exchanges at once. `stays`: nobody leaves before
 * `leave`, so that what failed can still be looked at.
 */
export function participants(pages: BySide<Page>, { stays = false } = {}): Participants {
  const inBoth = async (act: (page: Page) => Promise<unknown>): Promise<void> => {
    await Promise.allSettled(sides.map((side) => act(pages[side])));
  };
  return {
    async exchange({ tokens, publish, afterwards, browsers: _, ...common }) {
      const take = (side: Side): Promise<PartReport> => {
        const part: Part = { ...common, side, token: tokens[side], publish: publish?.[side] ?? true };
        return pages[side].evaluate((one) => globalThis.doctor.take(one), part);
      };
      try {
        const [caller, callee] = await Promise.all([take('caller'), take('callee')]);
        const met = { caller, callee };
        return afterwards && sides.every((side) => met[side].phase === 'done')
          ? await goOn(pages, common.key, afterwards, met)
          : met;
      } finally {
        if (!stays) void inBoth((page) => page.evaluate((key) => globalThis.doctor.leave(key), common.key));
      }
    },
    stop: (key) => inBoth((page) => page.evaluate((one) => globalThis.doctor.stop(one), key)),
    leave: () => inBoth((page) => page.evaluate(() => globalThis.doctor.leaveAll())),
  };
}

/** For the other side to be there again, once the one that was interrupted is. Milliseconds. */
export const otherMs = 5000;

async function goOn(
  { caller, callee }: BySide<Page>,
  key: string,
  { exercise, deadlineMs }: NonNullable<Exchange['afterwards']>,
  met: BySide<PartReport>,
): Promise<BySide<PartReport>> {
  if (exercise === 'data') {
    const [first, second] = await Promise.all(
      [caller, callee].map((page) => page.evaluate((one) => globalThis.doctor.data(one), key)),
    );
    return { caller: { ...met.caller, data: first }, callee: { ...met.callee, data: second } };
  }
  await callee.evaluate((one) => globalThis.doctor.mark(one), key);
  const order = { key, exercise, deadlineMs };
  const first = await caller.evaluate(
    (one) => globalThis.doctor.exercise(one.key, one.exercise, one.deadlineMs),
    order,
  );
  const second = await callee.evaluate((one) => globalThis.doctor.recovery(one.key, one.otherMs), { key, otherMs });
  return { caller: { ...met.caller, recovery: first }, callee: { ...met.callee, recovery: second } };
}
