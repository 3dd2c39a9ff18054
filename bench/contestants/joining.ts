/**
 * What the server itself takes for a join: from the request on a connection that stands to the first message of the
 * session, three times. `joining.ts FILE`, with the environment in FILE. Prints a `Joining` as JSON.
 */
import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { AccessToken } from 'livekit-server-sdk';
import { hostOf } from '../../environment/host.js';
import { randomIdentity, randomRoom } from '../../environment/token.js';
import { environmentWithKey } from './environment.js';

export interface Joining {
  /** Of the TCP connection, which is about one round trip. */
  readonly connectMs: number;
  /** The first one since the server started, and the quickest of two more; a round trip is part of each. */
  readonly firstMs: number;
  readonly nextMs: number;
}

const [config = ''] = process.argv.slice(2);
const { url, auth } = await environmentWithKey(config);
const host = hostOf(url);

const { address } = await lookup(host);
const mostMs = 10_000;

async function join(): Promise<{ connectMs: number; joinMs: number }> {
  const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: randomIdentity(), ttl: '5m' });
  token.addGrant({ room: randomRoom(), roomJoin: true });
  const path = `/rtc?protocol=16&access_token=${await token.toJwt()}`;
  const beganMs = performance.now();
  let connectMs = 0;
  const socket = connect({ host: address, port: 443, servername: host, ALPNProtocols: ['http/1.1'] });
  socket.setTimeout(mostMs, () => socket.destroy(new Error(`nothing came for ${mostMs} ms`)));
  socket.once('connect', () => {
    connectMs = performance.now() - beganMs;
  });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from(path.slice(-16)).toString('base64'),
  };
  const askedMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    const asking = request({ host, path, headers, createConnection: () => socket });
    asking.once('upgrade', (_, session, first: Buffer) => {
      if (first.length > 0) resolve();
      else session.once('data', () => resolve()).once('error', reject);
    });
    asking.once('response', ({ statusCode }) => reject(new Error(`no session, but status ${statusCode}`)));
    asking.once('error', reject);
    asking.end();
  });
  const joinMs = performance.now() - askedMs;
  socket.on('error', () => {}).destroy();
  return { connectMs, joinMs };
}

const first = await join();
const next = [await join(), await join()];
const joining: Joining = {
  connectMs: Math.min(...[first, ...next].map(({ connectMs }) => connectMs)),
  firstMs: first.joinMs,
  nextMs: Math.min(...next.map(({ joinMs }) => joinMs)),
};
process.stdout.write(JSON.stringify(joining), () => process.exit(0));
