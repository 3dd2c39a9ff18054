/** Mistakes at the command line: one line that says what, why and what to do, and exit code 2. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { cli, main } from './cli.js';

async function refused(t: Test, parameters: string[], message: RegExp, called = {}): Promise<void> {
  const { code, stdout, stderr } = await cli(parameters, called);
  const name = parameters.join(' ');
  t.equal(code, 2, name);
  t.equal(stdout, '', name);
  t.match(stderr, message, name);
  t.notMatch(stderr, /^ +at /m, 'no stack trace');
}

test('what does not exist is named, with what was probably meant', async (t) => {
  const cwd = t.testdir({
    'livekit-doctor.yaml': `environments: { staging: { url: "wss://x.test", auth: { token: "\${TOKEN}" } } }`,
    'run.json': '{ "schemaVersion": 1 }',
    'broken.json': '{ "schemaVersion": 1,',
  });
  const at = { cwd, env: { TOKEN: 'x' } };
  await refused(t, ['chek'], /unknown command 'chek'[\s\S]*check/);
  await refused(t, ['check', '--jsn'], /unknown option '--jsn'[\s\S]*--json/);
  await refused(t, ['check', '--depth', 'deep'], /wire, peer, media/);
  await refused(t, ['check', 'stagin'], /staging/, at);
  await refused(t, ['check', 'staging'], /TOKEN/, { cwd });
  await refused(t, ['check', 'staging', '--path', 'upd'], /no path "upd", did you mean "udp"/, at);
  await refused(t, ['check', 'staging', '--only', 'ice-upd'], /no probe "ice-upd", did you mean "ice-udp"/, at);
  await refused(t, ['check', 'staging', '--idle', '90'], /'--idle <duration>' argument '90'.*lacks a unit: 90s/, at);
  await refused(t, ['check', 'staging', '--idle', 'soon'], /Expected a duration like 90s, 1m30s or 500ms/, at);
  await refused(t, ['check', 'staging', '--only', 'idle'], /"idle" wants to know how long: add --idle/, at);
  await refused(t, ['check', 'staging', '--reporter', 'jsn'], /no reporter "jsn", did you mean "json"/, at);
  await refused(t, ['check', 'staging', '--save', 'no/run.json'], /no\/run\.json cannot be written/, at);
  await refused(t, ['check', '--config', 'other.yaml'], /other\.yaml: there is no such file/, at);
  await refused(t, ['check', 'wss://livekit.example.com'], /LIVEKIT_API_KEY/, { cwd });
  await refused(t, ['check', 'staging', '--vantage', ' '], /--vantage: expected a name, like office/, at);
  await refused(t, ['check', 'staging'], /LIVEKIT_DOCTOR_VANTAGE: at most 100 characters/, {
    cwd,
    env: { TOKEN: 'x', LIVEKIT_DOCTOR_VANTAGE: 'x'.repeat(101) },
  });
  await refused(t, ['merge', 'run.json'], /run\.json is not a valid run: tool: /, at);
  await refused(t, ['merge', 'missing.json'], /missing\.json cannot be read: there is no such file/, at);
  await refused(t, ['merge', '.'], /passed over: run\.json is not a valid run[\s\S]*no run document in \./, at);
  await refused(
    t,
    ['merge', 'run.json', '--quorum', 'most'],
    /a number of vantages from 1 on, "majority" or "any"/,
    at,
  );
  await refused(t, ['diagnose', 'missing.json'], /missing\.json cannot be read: there is no such file/, at);
  await refused(t, ['diagnose', 'broken.json'], /broken\.json:1:22 is not JSON/, at);
  await refused(t, ['diagnose', 'run.json'], /run\.json is not a valid run: tool: /, at);
  await refused(t, ['explain', 'udp-filterd'], /did you mean udp-filtered\?/);
  await refused(t, ['check', 'embedded'], /livekit-doctor setup/, {
    env: { LIVEKIT_SERVER_BIN: '/nowhere/livekit-server' },
  });
});

test('a secret in the wrong place is not repeated', async (t) => {
  const { code, stdout, stderr } = await cli(['check', 'wss://user:sesame-open@livekit.example.com']);
  t.equal(code, 2);
  t.notMatch(stdout + stderr, 'sesame');
});

test('help and version go to standard output', async (t) => {
  const help = await cli(['--help']);
  t.equal(help.code, 0);
  for (const command of ['check', 'wait', 'diagnose', 'diff', 'explain', 'init', 'lab', 'merge', 'setup'])
    t.match(help.stdout, new RegExp(`^ +${command} `, 'm'));
  t.match(help.stdout, /0 pass, 1 fail, 2 usage/);
  t.match((await cli(['check', '--help'])).stdout, /--fail-on[\s\S]*--idle 2m/);
  t.match((await cli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  t.equal((await cli([])).code, 2);
});

test('explain prints a page, or one line for each code', async (t) => {
  const all = (await cli(['explain'])).stdout.trimEnd().split('\n');
  t.ok(all.length > 15);
  for (const line of all) t.match(line, /^[a-z\d-]+ {2,}\S.{10,}/);
  const page = await cli(['explain', 'media-address-wrong']);
  t.equal(page.code, 0);
  t.match(page.stdout, 'node_ip');
  t.notMatch(page.stdout, '\u001b', 'no colours off a terminal');
  t.notMatch(page.stdout, '```', 'no markup');
  const coloured = await cli(['explain', 'media-address-wrong'], { env: { FORCE_COLOR: '1' } });
  t.ok(coloured.stdout.includes('\u001b['));
});

test('a reader that has read enough is no error', async (t) => {
  const script = `"${process.execPath}" "${main}" explain | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  child.stderr.on('data', (text) => {
    said += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  t.match(said, /^[a-z\d-]+ .*\n0\n$/);
});

test('a bug of ours is no verdict on the deployment', async (t) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  // As soon as the command line listens for it; no later than the run ends, if it never does.
  const bug =
    'setInterval(()=>{if(process.listenerCount("uncaughtException"))throw(Error("a~bug~with~eyJhbGciOiJIUzI1NiJ9"))},1)';
  const env = {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}`,
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'a-secret-of-thirty-two-characters',
  };
  const { code, stderr } = await cli(['check', `ws://127.0.0.1:${port}`, '--depth', 'wire'], { env });
  t.equal(code, 3);
  t.match(stderr, 'something went wrong inside livekit-doctor');
  t.match(stderr, 'a~bug~with~[redacted]');
});

test('a set-up that is interrupted goes on with nothing else', async (t) => {
  // What would hand out a browser keeps silent.
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const folder = t.testdir({
    'livekit-server': '#!/bin/sh\necho livekit-server version 1.13.5\n',
    'apt-get': '#!/bin/sh\necho "$@" >> "$0.called"\nexit 1\n',
    browsers: {},
  });
  for (const name of ['livekit-server', 'apt-get']) await chmod(join(folder, name), 0o755);
  const { code, stderr } = await cli(['setup'], {
    env: {
      PATH: folder,
      LIVEKIT_SERVER_BIN: join(folder, 'livekit-server'),
      LIVEKIT_DOCTOR_BROWSER: undefined,
      PLAYWRIGHT_BROWSERS_PATH: join(folder, 'browsers'),
      PLAYWRIGHT_DOWNLOAD_HOST: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    onProgress: (text, kill) => text.includes('downloading Chromium') && kill('SIGINT'),
  });
  // Where a browser was installed beside PATH there is nothing to interrupt.
  t.equal(code, stderr.includes('downloading Chromium') ? 130 : 0, stderr);
  t.notMatch(stderr, 'cannot be had');
  t.notOk(existsSync(join(folder, 'apt-get.called')));
});

test('an interrupted or failing run leaves an older file as it was', async (t) => {
  const cwd = t.testdir();
  await writeFile(join(cwd, 'run.json'), 'older');
  await refused(t, ['diagnose', 'run.json', '--save', 'run.json'], /run\.json is not JSON/, { cwd });
});

test('what is usual is said with its unit', async (t) => {
  for (const command of ['check', 'wait', 'merge', 'serve', 'watch']) {
    const { stdout } = await cli([command, '--help']);
    t.match(stdout, 'Usage:', command);
    t.notMatch(stdout, /default: \d{4,}/, command);
  }
});
