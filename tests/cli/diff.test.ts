/** `diff` through the command line, on recorded runs: exact lines, nothing where nothing changed, exit codes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Run } from '../../evidence/run.js';
import { openHistory } from '../../run/history.js';
import { cli } from './cli.js';

const cwd = fileURLToPath(new URL('../../fixtures/runs/pairs/', import.meta.url));
const at = { cwd };

t.test('a deployment that has changed: problems first, what is about the vantage apart', async (t) => {
  const { code, stdout, stderr } = await cli(['diff', 'media-address.before.json', 'media-address.after.json'], at);
  t.equal(code, 0, stderr);
  t.equal(
    stdout,
    `cloud-kubernetes  wss://livekit.staging.example.com/
  ✗ verdict pass → fail
  ✗ media-address-wrong: The server tells participants to send media to 203.0.113.77, where nothing
    answers, but the media answers at 203.0.113.20.
  ✗ reach of udp and tcp ok → failed
  · certificate of livekit.staging.example.com replaced (expires 2027-01-20 as before)
  · advertised media address 203.0.113.20 → 203.0.113.77
  · STUN servers global.stun.twilio.com:3478, stun.l.google.com:19302, stun1.l.google.com:19302 →
    192.0.2.78:3478
  · another node answered, or the same one was started anew: ND_f3H5T62rUobd → ND_bBDuYd275KQr

where and by what it was checked
  · resolvers of this vantage 198.51.100.53 → 192.0.2.9, 198.51.100.53
`,
  );
  t.match(stderr, /^media-address\.before\.json → media-address\.after\.json: 2026-11-21 \d\d:\d\d UTC → 2026/);
});

t.test('two healthy runs of one environment: nothing, and 0', async (t) => {
  for (const name of ['healthy.media', 'healthy.port-range']) {
    const files = [`${name}.before.json`, `${name}.after.json`];
    const { code, stdout, stderr } = await cli(['diff', ...files, '--exit-code'], at);
    t.equal(stdout, '', name);
    t.equal(code, 0);
    t.match(stderr, 'Nothing has changed.');
  }
});

t.test('--json and --exit-code, for programs', async (t) => {
  const files = ['round-trip.before.json', 'round-trip.after.json'];
  const { code, stdout } = await cli(['diff', ...files, '--json', '--exit-code'], at);
  t.equal(code, 1);
  const { compared, changes } = JSON.parse(stdout);
  t.match(compared, [{ runs: files.join(' → '), before: /^2026-/, after: /^2026-/ }]);
  t.same(changes[0], {
    environment: 'plain',
    about: 'deployment',
    kind: 'round-trip',
    what: 'media',
    before: 14,
    after: 53,
    effect: 'worse',
    text: 'round trip to media +39 ms (14 → 53 ms)',
  });
});

t.test('only where it was checked from is no change of the deployment', async (t) => {
  const before = JSON.parse(await readFile(join(cwd, 'healthy.media.before.json'), 'utf8')) as Run;
  const moved = { ...before, vantage: { ...before.vantage, mapped: { udp: '192.0.2.200:1' } } };
  const files = { 'a.json': JSON.stringify(before), 'b.json': JSON.stringify(moved) };
  const { code, stdout } = await cli(['diff', 'a.json', 'b.json', '--exit-code'], { cwd: t.testdir(files) });
  t.match(stdout, /^where and by what it was checked\n {2}· this vantage is seen as \S+ → 192\.0\.2\.200\n$/);
  t.equal(code, 0);
});

t.test('a history folder: the last good run and the newest, or a file', async (t) => {
  const directory = t.testdir();
  const history = await openHistory(join(directory, 'runs'));
  const load = async (name: string, startedAt: string): Promise<Run> => ({
    ...(JSON.parse(await readFile(join(cwd, name), 'utf8')) as Run),
    startedAt,
  });
  await history.keep(await load('turn-dropped.before.json', '2026-11-01T00:00:00.000Z'));
  await history.keep(await load('media-address.before.json', '2026-11-01T00:00:00.000Z'));
  const failed = await load('turn-dropped.after.json', '2026-11-03T00:00:00.000Z');
  await history.keep(failed);
  const newest = await cli(['diff', '--history', 'runs'], { cwd: directory });
  t.equal(newest.code, 0, newest.stderr);
  t.match(newest.stdout, /^plain {2}wss:[\s\S]* · TURN\/TLS no longer offered\n/);
  t.notMatch(newest.stdout, 'cloud-kubernetes');
  t.match(newest.stderr, 'plain, last good run → newest run: 2026-11-01 00:00 UTC → 2026-11-03 00:00 UTC');
  t.match(newest.stderr, 'cloud-kubernetes: no earlier run that passed is kept in runs');

  const file = join(cwd, 'turn-dropped.after.json');
  const named = await cli(['diff', '--history', 'runs', file, '--json'], { cwd: directory });
  t.ok(JSON.parse(named.stdout).changes.some(({ kind }: { kind: string }) => kind === 'offered'));
});

t.test('mistakes: one line, and 2', async (t) => {
  const directory = t.testdir({ empty: {}, 'no.json': '{}' });
  const refused = async (parameters: string[], message: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await cli(['diff', ...parameters], { cwd: directory });
    t.equal(code, 2, parameters.join(' '));
    t.equal(stdout, '');
    t.match(stderr, message);
    t.notMatch(stderr, /^ +at /m, 'no stack trace');
  };
  await refused([], /compares two runs: name an earlier and a later file, or a folder with --history/);
  await refused(['a.json', 'b.json'], /a\.json cannot be read: there is no such file/);
  await refused(['no.json', 'no.json'], /no\.json is JSON, but not a run/);
  await refused(['--history', 'nowhere'], /there is no folder nowhere/);
  await refused(['--history', 'empty'], /no run is kept in empty/);
  await refused(['--history', 'empty', 'a.json', 'b.json'], /one run at most/);
});
