/** `check --confirm`: failing told from flapping, by a deployment whose backend gives no token for the first room. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AccessToken } from 'livekit-server-sdk';
import t from 'tap';
import type { Environment } from '../../environment/environment.js';
import type { Run } from '../../evidence/run.js';
import { type Embedded, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { cli, writeConfiguration } from './cli.js';

/** Each run asks for a room of its own, and of the first one it knows nothing. */
async function startFlapping({ environment: { auth } }: Embedded) {
  if (!('apiKey' in auth)) throw new Error('the embedded environment has a key');
  let first: string | undefined;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { room_name: room, participant_identity: identity } = JSON.parse(body) as Record<string, string>;
    first ??= room;
    if (room === first) {
      response.writeHead(503).end();
      return;
    }
    const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: identity ?? '', ttl: '2m' });
    token.addGrant({ roomJoin: true, room: room ?? '', canPublish: true, canSubscribe: true });
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ participant_token: await token.toJwt() }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/token`),
    forget: () => (first = undefined),
    close: () => server.close(),
  };
}

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('what passes when it is repeated is flapping, what fails again is failing', async (t) => {
    const embedded = await startEmbedded();
    const backend = await startFlapping(embedded);
    t.teardown(() => {
      backend.close();
      return embedded.stop();
    });
    const cwd = t.testdir();
    const flapping: Environment = { ...embedded.environment, auth: { tokenEndpoint: backend.url, headers: {} } };
    await writeConfiguration(cwd, flapping);
    const check = (...more: string[]) => cli(['check', 'own', '--depth', 'wire', ...more], { cwd });
    const kept = async () =>
      (await readdir(join(cwd, 'runs'))).sort().map((name) => name.split('.').slice(2).join('.'));

    const without = await check();
    t.equal(without.code, 1, without.stderr);
    t.notMatch(without.stderr, 'again');
    backend.forget();

    const flaps = await check('--confirm', '--history', 'runs', '--save', 'run.json');
    t.equal(flaps.code, 3, flaps.stderr);
    t.match(flaps.stderr, '✗ fail: checked again at once\n');
    t.match(flaps.stderr, 'Both runs of what was checked twice are kept in runs.\n');
    const told = (text: string): string => text.replace(/\s+/g, ' ');
    t.match(
      told(flaps.stdout),
      /Flapping: it failed with token-endpoint-failed at \d\d:\d\d:\d\d UTC, and passed when it was checked again at once\. ~ token-endpoint-failed, only the first time/,
    );
    t.match(flaps.stdout, /\? inconclusive {2}own {2}flapping {2}in /);
    t.same(await kept(), ['own.wire.fail.json', 'own.wire.pass.json'], 'both');
    const run = JSON.parse(await readFile(join(cwd, 'run.json'), 'utf8')) as Run;
    t.match(run.environments[0], { verdict: 'inconclusive', confirmation: { outcome: 'flapping' } });

    const later = await Promise.all([
      cli(['diagnose', 'run.json'], { cwd }),
      cli(['report', 'run.json', '--reporter', 'console'], { cwd }),
      cli(['merge', 'run.json', '--json'], { cwd }),
      cli(['diff', 'run.json', 'run.json'], { cwd }),
    ]);
    t.same(
      later.map(({ code }) => code),
      [3, 0, 0, 0],
      'of a vantage what is seen now counts',
    );
    for (const { stdout } of later.slice(0, 2)) t.match(stdout, /^Flapping: it failed with token-endpoint-failed at/m);
    const merged = JSON.parse(later[2]?.stdout ?? '') as Run;
    t.match(merged.environments[0]?.vantages, [{ verdict: 'inconclusive', confirmation: { outcome: 'flapping' } }]);

    const passes = await check('--confirm', '--json');
    t.equal(passes.code, 0, passes.stderr);
    t.equal((JSON.parse(passes.stdout) as Run).environments[0]?.confirmation, undefined, 'once is enough');

    await embedded.server.stop();
    const fails = await check('--confirm', '--history', 'runs');
    t.equal(fails.code, 1, fails.stderr);
    t.match(
      told(fails.stdout),
      /Confirmed: it failed with ingress-backend-down at \S+ UTC, and again when it was checked again/,
    );
    t.match(fails.stdout, '\nsince the last good run (');
    t.same((await kept()).slice(2), ['own.wire.fail.json', 'own.wire.fail.json']);
  });
}
