/**
 * livekit-client's own `ConnectionCheck` in headless Chromium, as LiveKit's test page runs it: `official.ts FILE`, with
 * the environment in FILE. For a vantage of the lab. Prints an array of `OfficialCheck` as JSON.
 */
import type * as LiveKit from 'livekit-client';
import { openStage } from './browser.js';

export interface OfficialCheck {
  readonly name: string;
  readonly status: 'success' | 'failed' | 'skipped' | 'running';
  readonly ms: number;
  readonly logs: readonly { readonly level: string; readonly message: string }[];
}

declare const LivekitClient: typeof LiveKit;

/** No check may take longer than this; the slowest that was seen took 35 s. */
const mostCheckMs = 60_000;

const [config = ''] = process.argv.slice(2);
const stage = await openStage(config);
try {
  const context = await stage.browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.goto(stage.pageUrl);
  const checks = await page.evaluate(
    async ({ url, token, mostCheckMs }) => {
      const statuses = ['idle', 'running', 'skipped', 'success', 'failed'] as const;
      const checker = new LivekitClient.ConnectionCheck(url, token);
      const checks = {
        websocket: () => checker.checkWebsocket(),
        webrtc: () => checker.checkWebRTC(),
        turn: () => checker.checkTURN(),
        reconnect: () => checker.checkReconnect(),
        'publish audio': () => checker.checkPublishAudio(),
        'publish video': () => checker.checkPublishVideo(),
        'connection protocol': () => checker.checkConnectionProtocol(),
      };
      const seen = [];
      for (const [name, check] of Object.entries(checks)) {
        const startMs = performance.now();
        const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), mostCheckMs));
        const info = await Promise.race([check(), late]);
        const status = info ? statuses[info.status] : 'running';
        seen.push({ name, status, ms: performance.now() - startMs, logs: info?.logs ?? [] });
      }
      return seen;
    },
    { url: stage.url, token: await stage.token(), mostCheckMs },
  );
  process.stdout.write(JSON.stringify(checks));
} finally {
  await stage.close();
}
process.exit(0);
