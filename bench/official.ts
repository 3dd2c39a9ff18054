/**
 * livekit-client's own `ConnectionCheck` in headless Chromium, as LiveKit's test page runs it: `official.ts FILE`, with
 * the environment in FILE. For a vantage of the lab. Prints an array of `OfficialCheck` as JSON.
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:tls';
import type * as LiveKit from 'livekit-client';
import { AccessToken } from 'livekit-server-sdk';
import { chromium } from 'playwright';
import { findBrowser } from '../browser/executable.js';
import { canSandbox, launchArguments } from '../browser/launch.js';
import { servePage } from '../browser/page-server.js';
import { hostOf } from '../environment/host.js';
import { loadEnvironments } from '../environment/load.js';
import { randomIdentity, randomRoom } from '../environment/token.js';

export interface OfficialCheck {
  readonly name: string;
  readonly status: 'success' | 'failed' | 'skipped' | 'running';
  readonly ms: number;
  readonly logs: readonly { readonly level: string; readonly message: string }[];
}

declare const LivekitClient: typeof LiveKit;

/** No check may take longer than this; the slowest that was seen took 35 s. */
const mostCheckMs = 60_000;

/** Of the leaf, only where the whole chain and the name are fine; else Chromium sees what a public CA's browser would. */
function verifiedKey(host: string, port: number): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, timeout: 3000 });
    const end = (keys: string[]): void => {
      socket.destroy();
      resolve(keys);
    };
    socket.once('secureConnect', () => {
      const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
      end(key ? [createHash('sha256').update(key).digest('base64')] : []);
    });
    socket.once('error', () => end([]));
    socket.once('timeout', () => end([]));
  });
}

const [config = ''] = process.argv.slice(2);
const [environment] = await loadEnvironments({ arguments: [], config, cwd: process.cwd(), env: process.env });
if (!environment || typeof environment === 'string' || !('apiKey' in environment.auth)) {
  throw new Error('the environment has no API key');
}
const { auth, url, claims } = environment;
const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: randomIdentity(), ttl: '15m' });
token.addGrant({ room: randomRoom(), roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true });
const hosts = [hostOf(url), ...(claims.turn?.host ? [claims.turn.host] : [])];
const trustedKeys = (await Promise.all(hosts.map((host) => verifiedKey(host, 443)))).flat();

const found = findBrowser();
if (!found) throw new Error('there is no Chromium');
const served = await servePage();
const browser = await chromium.launch({
  executablePath: found.executable,
  chromiumSandbox: canSandbox(),
  args: [
    ...launchArguments({ names: [], trustedKeys }),
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
});
try {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.goto(served.url);
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
    { url: url.href, token: await token.toJwt(), mostCheckMs },
  );
  process.stdout.write(JSON.stringify(checks));
} finally {
  await browser.close();
  await served.close();
}
process.exit(0);
