/** The tokens with which an agent is sent for: what each grants, how long it lives, and that nobody else makes any. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { tokenLifetimeS } from '../../environment/token.js';
import { redactor } from '../../evidence/redaction.js';
import { dispatchService } from '../../probes/agent-dispatch.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const decoded = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

t.test('each call has a token of its own, for what it does in one room, and for two minutes', async (t) => {
  const seen: { method: string; token: string }[] = [];
  const server = createServer(({ url = '', headers: { authorization = '' } }, response) => {
    seen.push({ method: url.replace(/.*livekit\./, ''), token: authorization.replace('Bearer ', '') });
    response.writeHead(200, { 'content-type': 'application/protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = new URL(`ws://127.0.0.1:${port}`);
  const auth = { apiKey: 'key', apiSecret: 'a-secret-of-at-least-32-characters' };
  const clean = redactor();
  const service = await dispatchService(
    { name: 'x', url, auth, claims: {} },
    { host: '127.0.0.1', port, secure: false, address: '127.0.0.1' },
    'doctor-r',
    clean,
  );
  const { signal } = new AbortController();
  await service.dispatch('copilot', signal);
  await service.jobs('AD_1', signal);
  await service.clean('AD_1', signal);
  t.same([...new Set(seen.map(({ method }) => method))].sort(), [
    'AgentDispatchService/CreateDispatch',
    'AgentDispatchService/DeleteDispatch',
    'AgentDispatchService/ListDispatch',
    'RoomService/DeleteRoom',
  ]);
  for (const { method, token } of seen) {
    const { video, exp, nbf, iat, iss, ...more } = decoded(token);
    const wanted = method.startsWith('RoomService') ? { roomCreate: true } : { roomAdmin: true, room: 'doctor-r' };
    t.same(video, wanted, method);
    t.same(more, {}, 'it is nobody, and says nothing else');
    t.equal(iss, 'key');
    t.ok(exp - (nbf ?? iat) <= tokenLifetimeS, 'it lives at most 120 s');
    t.notMatch(clean.text(`token ${token}`), token, 'and is known as a secret');
  }
});

t.test('nobody else makes tokens', async (t) => {
  const folders = 'browser cli diagnosis environment evidence init probes reporters run serve wire'.split(' ');
  const making = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .filter((name) => /new AccessToken\(|createHmac\('sha256'/.test(readFileSync(join(root, name), 'utf8'))),
  );
  t.same(making.sort(), ['environment/token.ts', 'probes/agent-dispatch.ts']);
});
