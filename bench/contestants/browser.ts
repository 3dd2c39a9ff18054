/** What a program in a browser needs of an environment: Chromium that trusts what a public CA's browser would, and tokens. */
import { createHash } from 'node:crypto';
import { connect } from 'node:tls';
import { AccessToken } from 'livekit-server-sdk';
import { type Browser, chromium } from 'playwright';
import { findBrowser, missingBrowser } from '../../browser/executable.js';
import { canSandbox, launchArguments } from '../../browser/launch.js';
import { servePage } from '../../browser/page-server.js';
import { hostOf } from '../../environment/host.js';
import { randomIdentity, randomRoom } from '../../environment/token.js';
import { environmentWithKey } from './environment.js';

export interface Stage {
  /** Of the deployment. */
  readonly url: string;
  readonly browser: Browser;
  /** Of a page that has livekit-client as `LivekitClient`. */
  readonly pageUrl: string;
  /** All for the same room. */
  token(): Promise<string>;
  close(): Promise<void>;
}

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

/** `config`: a file with one environment that has an API key. */
export async function openStage(config: string): Promise<Stage> {
  const { auth, url, claims } = await environmentWithKey(config);
  const room = randomRoom();
  const hosts = [hostOf(url), ...(claims.turn?.host ? [claims.turn.host] : [])];
  const trustedKeys = (await Promise.all(hosts.map((host) => verifiedKey(host, 443)))).flat();
  const found = findBrowser();
  if (!found) throw new Error(missingBrowser());
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
  return {
    url: url.href,
    browser,
    pageUrl: served.url,
    token: () => {
      const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: randomIdentity(), ttl: '15m' });
      token.addGrant({ room, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true });
      return token.toJwt();
    },
    close: async () => {
      await browser.close();
      await served.close();
    },
  };
}
