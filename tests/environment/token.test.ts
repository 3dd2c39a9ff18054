import t from 'tap';
import type { Auth, Environment } from '../../environment/environment.js';
import { mintsTokens, mintToken, randomIdentity, randomRoom, tokenLifetimeS } from '../../environment/token.js';

const environment = (auth: Auth): Environment => ({ name: 'x', url: new URL('wss://x.test'), auth, claims: {} });
const minting = environment({ apiKey: 'key', apiSecret: 'a-secret-of-at-least-32-characters' });
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

t.test('a minted token names one room and one identity, and grants nothing that was not asked for', async (t) => {
  const jwt = await mintToken(minting, { room: 'doctor-r', identity: 'doctor-i', publish: false, subscribe: true });
  const [header, payload] = jwt.split('.').map((part, i) => (i < 2 ? decode(part) : part));
  t.equal(header.alg, 'HS256');
  const { exp, nbf, roomConfig, ...claims } = payload;
  t.same(claims, {
    iss: 'key',
    sub: 'doctor-i',
    video: { roomJoin: true, room: 'doctor-r', canPublish: false, canSubscribe: true, canPublishData: false },
  });
  t.same(roomConfig, { emptyTimeout: 10, departureTimeout: 5 });
  t.ok(exp - nbf <= tokenLifetimeS, 'it lives at most 120 s');
  t.ok(exp > Date.now() / 1000, 'and is valid now');
});

t.test('a ready token is handed on as it is', async (t) => {
  const ready = environment({ token: 'ready' });
  t.equal(await mintToken(ready, { room: 'r', identity: 'i', publish: true, subscribe: true }), 'ready');
  t.equal(mintsTokens(ready), false);
  t.equal(mintsTokens(minting), true);
});

t.test('rooms and identities are recognisable and never repeat', (t) => {
  const names = Array.from({ length: 200 }, (_, i) => (i % 2 ? randomRoom() : randomIdentity()));
  t.equal(new Set(names).size, names.length);
  t.ok(names.every((name) => /^doctor-[\w-]{12}$/.test(name)));
  t.end();
});
