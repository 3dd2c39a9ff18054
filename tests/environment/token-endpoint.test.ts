/** A token endpoint, asked for real: what it gives, and each way in which it gives nothing. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Environment } from '../../environment/environment.js';
import { mintsTokens, mintToken, obtainToken, TokenEndpointError } from '../../environment/token.js';
import { bearerOf, claimsOf } from '../../environment/token-claims.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { startDnsServer } from '../../fixtures/dns-server.js';
import { trusting } from '../../wire/tcp.js';

const secret = 'a-session-that-nobody-may-see';
const wanted = { room: 'doctor-room', identity: 'doctor-me', publish: true, subscribe: true };
const keys = { apiKey: 'key', apiSecret: 'a-secret-of-at-least-32-characters' };
const base = { name: 'x', url: new URL('wss://livekit.example.com'), claims: {} };
const token = await mintToken({ ...base, auth: keys }, wanted);

async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function ask(url: string, more: Partial<Environment> = {}, asking = {}): Promise<string> {
  const auth = { tokenEndpoint: new URL(url), headers: { Authorization: `Bearer ${secret}` } };
  return mintToken({ ...base, auth, ...more }, wanted, asking);
}

/** What was seen of the endpoint that gave nothing. */
async function failure(t: Test, asked: Promise<string>) {
  const error = await asked.then(
    (given) => new Error(`it gave ${given}`),
    (error: Error) => error,
  );
  if (!(error instanceof TokenEndpointError)) throw error;
  const text = JSON.stringify({ ...error, message: error.message });
  t.notMatch(text, secret, 'no header');
  t.notMatch(text, 'not-to-be-shown', 'nothing of the path, the query and the body');
  t.match(error.message, /^the token endpoint at \S+ \w/);
  return error.facts;
}

t.test('it is asked as the SDKs of LiveKit ask, with the headers of the environment', async (t) => {
  const seen: { method?: string; url?: string; headers?: IncomingHttpHeaders; body?: string } = {};
  const server = createServer(async (request, response) => {
    const { method, url = '', headers } = request;
    Object.assign(seen, { method, url, headers, body: '' });
    for await (const chunk of request) seen.body += chunk;
    response.writeHead(201).end(JSON.stringify({ server_url: 'wss://livekit.example.com', participant_token: token }));
  });
  const port = await listening(t, server);
  t.equal(await ask(`http://127.0.0.1:${port}/api/token?code=1`), token);
  t.match(seen, {
    method: 'POST',
    url: '/api/token?code=1',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', host: `127.0.0.1:${port}` },
  });
  t.same(JSON.parse(seen.body ?? ''), { room_name: 'doctor-room', participant_identity: 'doctor-me' });
  t.ok(mintsTokens({ ...base, auth: { tokenEndpoint: new URL('https://x.test'), headers: {} } }));
});

t.test('the token has several names', async (t) => {
  for (const name of ['participant_token', 'participantToken', 'token', 'accessToken']) {
    const server = createServer((_request, response) => response.end(JSON.stringify({ [name]: token })));
    t.equal(await ask(`http://127.0.0.1:${await listening(t, server)}`), token, name);
  }
});

/** What an endpoint was sent. */
async function sent(t: Test, auth: (origin: string) => Partial<Extract<Environment['auth'], { headers: object }>>) {
  const seen: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string } = { headers: {}, body: '' };
  const server = createServer(async (request, response) => {
    const { method, url = '', headers } = request;
    Object.assign(seen, { method, url, headers });
    for await (const chunk of request) seen.body += chunk;
    response.end(token);
  });
  const origin = `http://127.0.0.1:${await listening(t, server)}`;
  const whole = { tokenEndpoint: new URL(origin), headers: {}, ...auth(origin) };
  const { asked } = await obtainToken({ ...base, auth: whole }, { ...wanted, room: 'a b&c' });
  return { ...seen, asked };
}

t.test('a request of another shape, with the room and the identity in it', async (t) => {
  const json = await sent(t, (origin) => ({
    tokenEndpoint: new URL(`${origin}/rooms/{room}/token?as={identity}`),
    method: 'PUT',
    headers: { 'Content-Type': 'application/vnd.acme+json', 'X-Who': 'me={identity}' },
    body: { roomName: '{room}', users: [{ id: '{identity}', n: 2, nobody: null }], '{room}': true },
  }));
  t.match(json, {
    method: 'PUT',
    url: '/rooms/a%20b%26c/token?as=doctor-me',
    headers: { 'content-type': 'application/vnd.acme+json', 'x-who': 'me=doctor-me' },
  });
  t.same(JSON.parse(json.body), {
    roomName: 'a b&c',
    users: [{ id: 'doctor-me', n: 2, nobody: null }],
    '{room}': true,
  });
  t.same(json.asked, { room: 'a b&c', identity: 'doctor-me' });

  const form = await sent(t, () => ({ body: 'room={room}&scope=call' }));
  t.match(form, { method: 'POST', body: 'room=a%20b%26c&scope=call', asked: { room: 'a b&c' } });
  t.equal(form.headers['content-type'], 'application/x-www-form-urlencoded');
  t.notOk('identity' in (form.asked ?? {}), 'who is not told cannot be said to have ignored it');

  const bare = await sent(t, () => ({ method: 'GET' }));
  t.match(bare, { method: 'GET', body: '', asked: {} });
  t.notOk(bare.headers['content-type'] ?? bare.headers['content-length']);
});

t.test('where the token is in the answer, and where it says that the server is', async (t) => {
  const from = async (answer: unknown, places: { tokenAt?: string; serverUrlAt?: string } = {}) => {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    const server = createServer((_request, response) => response.end(text));
    const auth = { tokenEndpoint: new URL(`http://127.0.0.1:${await listening(t, server)}`), headers: {}, ...places };
    return obtainToken({ ...base, auth }, wanted);
  };
  const url = 'wss://user:pw@lk.example.com:443/sfu/?key=1';
  t.match((await from({ token, server_url: url })).answer, { status: 200, serverUrl: 'wss://lk.example.com/sfu' });
  t.match(await from({ data: [{ 'a/b': token }] }, { tokenAt: '/data/0/a~1b' }), { token });
  t.match(await from({ data: { jwt: token, to: url } }, { tokenAt: 'data.jwt', serverUrlAt: 'data.to' }), {
    token,
    answer: { serverUrl: 'wss://lk.example.com/sfu' },
  });
  t.match(await from({ token, at: 'nonsense' }, { serverUrlAt: 'at' }), { answer: { serverUrl: 'nonsense' } });
  t.notOk('serverUrl' in ((await from({ token, url: '/rooms/1' })).answer ?? {}), 'a word that may mean anything');
  for (const alone of [`${token}\n`, JSON.stringify(token)]) t.equal((await from(alone)).token, token);
  t.match(await failure(t, from({ data: {} }, { tokenAt: 'data.jwt.x' }).then(String)), {
    reason: 'no-token',
    keys: ['data'],
    lookedFor: 'data.jwt.x',
  });
  t.match(await failure(t, from({ toString: 1 }, { tokenAt: 'constructor.name' }).then(String)), {
    reason: 'no-token',
  });
});

t.test('what a token says of itself', async (t) => {
  const said = (claims: object) => claimsOf(`x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`);
  t.match(claimsOf(token), { issuer: 'key', identity: 'doctor-me', room: 'doctor-room', joins: true, livesS: 120 });
  t.same(said({}), { joins: false, grants: [], refuses: [] }, 'it never ends, and nothing is granted');
  t.same(said({ nbf: 1000, iat: 900, exp: 4600, video: { roomJoin: true, room: '', canUpdateOwnMetadata: true } }), {
    joins: true,
    grants: [],
    refuses: [],
    expiresAtS: 4600,
    livesS: 3600,
  });
  const wide = { roomAdmin: true, roomCreate: true, roomList: false, hidden: 'yes', canPublish: false, room: 7 };
  t.same(said({ sub: 'me\n', video: wide, sip: { admin: true, call: true } }), {
    identity: 'me',
    joins: false,
    grants: ['roomAdmin', 'roomCreate', 'sipAdmin', 'sipCall'],
    refuses: ['canPublish'],
  });
  for (const none of ['', 'a.b.c', 'not-a-token', `x.${Buffer.from('5').toString('base64url')}.x`]) {
    t.equal(claimsOf(none), undefined);
  }
});

t.test('whom a token is for', async (t) => {
  t.same(bearerOf(token), { room: 'doctor-room', identity: 'doctor-me' });
  t.same(bearerOf('a.b.c'), {});
  t.same(bearerOf(`x.${Buffer.from('{"sub":5,"video":null}').toString('base64url')}.x`), {});
});

const answers: Record<string, { answer: RequestListener; facts: object }> = {
  'an error': {
    answer: (_request, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('not-to-be-shown'),
    facts: { reason: 'status', status: 500, contentType: 'text/plain' },
  },
  'who are you': {
    answer: (_request, response) => response.writeHead(401).end(),
    facts: { reason: 'status', status: 401 },
  },
  'a page with the status of success': {
    answer: (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    facts: { reason: 'not-json', status: 200, contentType: 'text/html' },
  },
  'a redirect, which is not followed': {
    answer: ({ url = '' }, response) =>
      url.includes('login')
        ? response.end(JSON.stringify({ token }))
        : response.writeHead(302, { location: '/login?to=not-to-be-shown' }).end(),
    facts: { reason: 'redirect', status: 302, redirectsTo: '127.0.0.1' },
  },
  'another shape': {
    answer: (_request, response) => response.end(JSON.stringify({ data: { jwt: token }, 'a\u001b[31m': 1 })),
    facts: { reason: 'no-token', status: 200, keys: ['data', 'a [31m'] },
  },
  'JSON that is no object': {
    answer: (_request, response) => response.end('null'),
    facts: { reason: 'no-token', keys: [] },
  },
  'something else where the token should be': {
    answer: (_request, response) => response.end(JSON.stringify({ token: 'not-to-be-shown\r\nX: y' })),
    facts: { reason: 'not-a-token', keys: ['token'] },
  },
  'an answer without an end': {
    answer: (_request, response) => {
      const more = () => response.write('x'.repeat(16_384), (error) => error || more());
      more();
    },
    facts: { reason: 'too-large', status: 200 },
  },
  'half an answer': {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"token":', () => response.destroy());
    },
    facts: { reason: 'closed', status: 200 },
  },
};

for (const [name, { answer, facts }] of Object.entries(answers)) {
  t.test(`it gives ${name}`, async (t) => {
    const port = await listening(t, createServer(answer));
    const seen = await failure(t, ask(`http://127.0.0.1:${port}/api?code=not-to-be-shown`));
    t.match(seen, { host: '127.0.0.1', port, ...facts });
  });
}

t.test('it cannot be reached', async (t) => {
  const gone = createTcp();
  const dead = await new Promise<number>((resolve) =>
    gone.listen(0, '127.0.0.1', () => resolve((gone.address() as AddressInfo).port)),
  );
  await new Promise((resolve) => gone.close(resolve));
  t.match(await failure(t, ask(`http://127.0.0.1:${dead}`)), { reason: 'refused', error: 'ECONNREFUSED' });
  t.match(await failure(t, ask('http://nowhere.invalid')), { host: 'nowhere.invalid', port: 80, reason: 'name' });
  const patience = new AbortController();
  const silent = createTcp((socket) => socket.once('data', () => patience.abort()));
  const asked = ask(`http://127.0.0.1:${await listening(t, silent)}`, {}, { signal: patience.signal });
  t.match(await failure(t, asked), { reason: 'timeout' });
  const noHttp = createTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.match(await failure(t, ask(`http://127.0.0.1:${await listening(t, noHttp)}`)), { reason: 'not-http' });
  const hangsUp = createTcp((socket) => socket.destroy());
  t.match(await failure(t, ask(`http://127.0.0.1:${await listening(t, hangsUp)}`)), { reason: 'closed' });
});

t.test('by TLS that is verified, at the address that the environment has resolvers for', async (t) => {
  const authority = await makeCertificate({ ca: true });
  const leaf = await makeCertificate({ names: ['app.doctor.test'], issuer: authority });
  const server = createHttps({ key: leaf.privateKey, cert: leaf.chain }, (_request, response) =>
    response.end(JSON.stringify({ token })),
  );
  const port = await listening(t, server);
  const records = new Map(['app', 'other'].map((name) => [`${name}.doctor.test`, [{ type: 'A', data: '127.0.0.1' }]]));
  const dns = await startDnsServer({ address: '127.0.0.1', zone: 'test', records: records as never });
  t.teardown(() => dns.stop());
  const resolvers = [`127.0.0.1:${dns.port}`];
  const trusted = { secureContext: trusting(authority.certificate) };
  t.equal(await ask(`https://app.doctor.test:${port}`, { resolvers }, trusted), token);
  t.match(await failure(t, ask(`https://app.doctor.test:${port}`, { resolvers })), {
    reason: 'tls',
    error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
  t.match(await failure(t, ask(`https://other.doctor.test:${port}`, { resolvers }, trusted)), {
    reason: 'tls',
    error: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});
