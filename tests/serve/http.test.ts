/** Who is answered: names that lead here by somebody else's doing are not. */
import { once } from 'node:events';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import type { Asked } from '../../serve/answers.js';
import { startHttp } from '../../serve/http.js';

async function listening(t: Test, host: string) {
  const asked: string[] = [];
  const answer = async ({ path }: Asked) => {
    asked.push(path);
    return { status: 200, type: 'text/plain', body: 'told' };
  };
  const { urls, stop } = await startHttp([{ host, port: 0 }], answer);
  t.teardown(stop);
  const port = Number(new URL(urls[0] ?? '').port);
  const get = async (path: string, headers: Record<string, string>) => {
    const asking = request({ host: '127.0.0.1', port, path, headers, agent: false }).end();
    const [response] = await once(asking, 'response');
    return { status: response.statusCode as number, body: await text(response) };
  };
  return { asked, get, port };
}

test('on the loopback it answers to addresses and localhost, and to no name that a page could have lead here', async (t) => {
  const { asked, get, port } = await listening(t, '127.0.0.1');
  for (const host of ['127.0.0.1:9799', '[::1]:9799', 'localhost', 'LOCALHOST:1', 'a.localhost', '192.0.2.7']) {
    t.equal((await get('/metrics', { host })).status, 200, host);
  }
  asked.length = 0;
  for (const host of ['evil.example', 'evil.example:9799', '127.0.0.1.evil.example', 'localhost.evil.example', 'x@y']) {
    const { status, body } = await get('/report', { host });
    t.equal(status, 421, host);
    t.match(body, host.split(':')[0] ?? '');
    t.match(body, '--listen');
  }
  t.same(asked, [], 'nothing was done for them');
  const old = createConnection(port, '127.0.0.1');
  old.end('GET /metrics HTTP/1.0\r\n\r\n');
  t.match(await text(old), / 200 OK/, 'HTTP/1.0 names no host');
});

test('it answers to the name that it listens by', async (t) => {
  const { get } = await listening(t, '127.1');
  t.equal((await get('/', { host: '127.1:9799' })).status, 200);
  t.equal((await get('/', { host: '127.2:9799' })).status, 421);
});

test('on every address it is reached by names that it cannot know', async (t) => {
  const { get } = await listening(t, '0.0.0.0');
  t.equal((await get('/metrics', { host: 'livekit-doctor.monitoring.svc:9799' })).status, 200);
});

test('a page of another site begins no check', async (t) => {
  const { asked, get } = await listening(t, '127.0.0.1');
  t.equal((await get('/probe?environment=own', { 'sec-fetch-site': 'cross-site' })).status, 403);
  t.same(asked, []);
  for (const site of ['none', 'same-origin']) {
    t.equal((await get('/probe?environment=own', { 'sec-fetch-site': site })).status, 200, site);
  }
  t.equal((await get('/', { 'sec-fetch-site': 'cross-site' })).status, 200, 'a link to the page');
});
