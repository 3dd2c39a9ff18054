/**
 * The script that people write with Playwright: two pages, `room.connect`, wait until a picture of the other is there;
 * once as it comes, and once by relay, the only way that livekit-client can be told to take. `plain.ts FILE`, with the
 * environment in FILE. Prints an array of `PlainCall` as JSON.
 */
import type * as LiveKit from 'livekit-client';
import type { Page } from 'playwright';
import { openStage } from './browser.js';

export interface PlainCall {
  readonly policy: 'all' | 'relay';
  readonly connected: boolean;
  readonly ms: number;
  /** Of the exception. */
  readonly words?: string;
}

declare const LivekitClient: typeof LiveKit;

/** Playwright's own default for a whole test. */
const mostMs = 30_000;

async function join(page: Page, url: string, token: string, policy: PlainCall['policy']): Promise<void> {
  await page.evaluate(
    async ({ url, token, policy }) => {
      const room = new LivekitClient.Room();
      room.on(LivekitClient.RoomEvent.TrackSubscribed, (track) => {
        const element = track.attach();
        if (track.kind !== 'video') return;
        element.id = 'theirs';
        document.body.append(element);
      });
      await room.connect(url, token, { rtcConfig: { iceTransportPolicy: policy } });
      await room.localParticipant.enableCameraAndMicrophone();
    },
    { url, token, policy },
  );
}

const seen = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => {
      const video = document.querySelector<HTMLVideoElement>('video#theirs');
      return video && video.videoWidth > 0 && video.currentTime > 0;
    },
    undefined,
    { timeout: mostMs },
  );

const [config = ''] = process.argv.slice(2);
const stage = await openStage(config);
const calls: PlainCall[] = [];
try {
  for (const policy of ['all', 'relay'] as const) {
    const began = performance.now();
    const context = await stage.browser.newContext({ permissions: ['camera', 'microphone'] });
    try {
      const pages = await Promise.all([context.newPage(), context.newPage()]);
      for (const page of pages) {
        page.setDefaultTimeout(mostMs);
        await page.goto(stage.pageUrl);
        await join(page, stage.url, await stage.token(), policy);
      }
      await Promise.all(pages.map(seen));
      calls.push({ policy, connected: true, ms: performance.now() - began });
    } catch (error) {
      const [words = ''] = (error as Error).message.split('\n');
      calls.push({ policy, connected: false, ms: performance.now() - began, words });
    }
    await context.close();
  }
  process.stdout.write(JSON.stringify(calls));
} finally {
  await stage.close();
}
process.exit(0);
