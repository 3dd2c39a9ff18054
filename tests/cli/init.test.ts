/** `init` before and without a deployment; that it writes what holds is in `tests/lab/init.test.ts`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { type Called, cli } from './cli.js';

const url = 'wss://livekit.staging.example.com';
const env = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'a-secret-of-thirty-two-characters' };

async function refused(t: Test, parameters: string[], message: RegExp, called: Called = {}): Promise<void> {
  const { code, stdout, stderr } = await cli(['init', ...parameters], { env, ...called });
  const name = parameters.join(' ');
  t.equal(code, 2, name);
  t.equal(stdout, '', name);
  t.match(stderr, message, name);
  t.notMatch(stderr, /Checking|^ +at /m, 'before anything is looked at');
}

test('what cannot be written is said first, with what to do', async (t) => {
  const there = 'environments:\n  staging: { url: "wss://x.test" }\n';
  const cwd = t.testdir({
    'livekit-doctor.yaml': there,
    'braces.yaml': 'environments: { own: { url: "wss://x.test" } }',
  });
  await refused(t, [url], /already there: --add writes staging as a further environment, --force .* --output FILE/, {
    cwd,
  });
  await refused(t, [url, '--add'], /already has an environment staging: give this one another --name/, { cwd });
  await refused(t, [url, '--add', '--output', 'braces.yaml'], /braces\.yaml has its environments in braces/, { cwd });
  await refused(t, [url, '--output', 'no/own.yaml'], /no\/own\.yaml cannot be written: its directory/, { cwd });
  await refused(t, [url, '--output', '.'], /\. cannot be written: it is a directory/, { cwd });
  t.equal(await readFile(join(cwd, 'livekit-doctor.yaml'), 'utf8'), there);
});

test('without a URL, credentials or a CA it says what it wants', async (t) => {
  const cwd = t.testdir();
  await refused(t, [], /which deployment .* set LIVEKIT_URL/, { cwd });
  await refused(t, ['livekit.example.com'], /the argument is not a URL like wss:\/\/livekit\.example\.com/, { cwd });
  await refused(t, [url], /LIVEKIT_API_SECRET is not set/, { cwd, env: { LIVEKIT_API_KEY: 'key' } });
  await refused(t, [url, '--ca', 'ca.pem'], /--ca: ca\.pem: there is no such file/, { cwd });
  await refused(t, [url, '--name', 'a b'], /--name: expected letters/, { cwd });
  await refused(t, [url, '--project', 'mine'], /either a URL or --project/, { cwd });
  await refused(t, ['--project', 'mine'], /cli-config\.yaml: there is no such file/, { cwd, env: { HOME: cwd } });
  await refused(t, [url, '--depth', 'deep'], /wire, peer, media/, { cwd });
});

test('where nobody can join nothing is written, and the cause is named', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const cwd = t.testdir();
  const { code, stdout, stderr } = await cli(['init', `ws://127.0.0.1:${port}`], { cwd, env });
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(stderr, /signal-port-refused[\s\S]*Nothing was written: nobody could join/);
  t.notOk(existsSync(join(cwd, 'livekit-doctor.yaml')));
  t.notMatch(stderr, env.LIVEKIT_API_SECRET);
});

test('an interrupted one writes nothing, and leaves an older file as it was', async (t) => {
  // Takes connections and keeps silent.
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const cwd = t.testdir({ 'livekit-doctor.yaml': 'older' });
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await cli(['init', `ws://127.0.0.1:${port}`, '--force'], {
    cwd,
    env,
    onProgress: (text, kill) => text.includes('Checking') && kill('SIGINT'),
  });
  t.equal(code, 130, stderr);
  t.equal(await readFile(join(cwd, 'livekit-doctor.yaml'), 'utf8'), 'older');
});
