/** The folder of earlier runs: what is kept, found and forgotten; and what a check says of it. */
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { renderRun } from '../../reporters/console.js';
import { openHistory } from '../../run/history.js';
import { withChanges } from '../../run/since.js';
import { trendRunOf, withTrend } from '../../run/trend.js';
import { healthy, run, wrongAddress } from '../samples.js';

const on = (startedAt: string, ...environments: EnvironmentRun[]): Run => ({ ...run(...environments), startedAt });
const day = (number: number, hour = 0): string => new Date(Date.UTC(2026, 0, number, hour)).toISOString();
const now = () => Date.UTC(2026, 1, 1);
const open = (directory: string) => openHistory(directory, { now });
const broken: EnvironmentRun = { ...wrongAddress, name: 'staging' };

test('one file for each environment, named by time, name and verdict', async (t) => {
  const directory = join(t.testdir(), 'a', 'b');
  const history = await open(directory);
  await history.keep(on(day(1), healthy, { ...healthy, name: 'a.example.com:8443/x' }));
  await history.keep(on(day(2), broken));
  t.same((await readdir(directory)).sort(), [
    '2026-01-01T00-00-00.000Z.a%2Eexample%2Ecom%3A8443%2Fx.pass.json',
    '2026-01-01T00-00-00.000Z.staging.pass.json',
    '2026-01-02T00-00-00.000Z.staging.fail.json',
  ]);
  t.same(await history.lastGood('staging'), on(day(1), healthy));
  t.same(await history.newest('staging'), on(day(2), broken));
  t.equal(await history.lastGood('staging', day(1)), undefined, 'none that is earlier');
  t.equal(await history.lastGood('stag'), undefined);
  t.same((await history.environments()).sort(), ['a.example.com:8443/x', 'staging']);
});

test('what is old is forgotten, but for the last good one, and nothing else is touched', async (t) => {
  const directory = t.testdir({ 'notes.txt': 'mine', 'run.json': '{}' });
  await (await open(directory)).keep(on(day(1), healthy));
  for (let i = 1; i < 30; i += 1) await (await open(directory)).keep(on(day(i, 1), broken));
  t.equal((await readdir(directory)).length, 32, 'all of them are young');
  const later = await openHistory(directory, { keepMs: 10 * 86_400_000, now: () => Date.UTC(2026, 0, 30) });
  await later.keep(on(day(29, 20), broken, { ...broken, name: 'other' }));
  const files = await readdir(directory);
  t.equal(files.filter((file) => file.endsWith('.staging.fail.json')).length, 11);
  t.ok(files.includes('2026-01-01T00-00-00.000Z.staging.pass.json'));
  t.ok(files.includes('notes.txt') && files.includes('run.json'));
});

test('runs of another depth are another history, in the same folder', async (t) => {
  const directory = t.testdir();
  const wire = { ...healthy, asked: { ...healthy.asked, depth: 'wire' as const } };
  const calls = await openHistory(directory, { depth: 'media', now });
  await calls.keep(on(day(1), healthy));
  const sockets = await openHistory(directory, { depth: 'wire', now });
  await sockets.keep(on(day(2), wire));
  t.ok((await readdir(directory)).includes('2026-01-02T00-00-00.000Z.staging.wire.pass.json'));
  t.equal((await calls.lastGood('staging'))?.startedAt, day(1));
  t.equal((await sockets.lastGood('staging'))?.startedAt, day(2));
  t.equal((await (await open(directory)).newest('staging'))?.startedAt, day(2), 'of any');
  t.same(
    (await sockets.trend('staging')).map(({ startedAt }) => startedAt),
    [day(2)],
  );
});

test('what a writer that was killed had begun is swept away, and what is being written is not', async (t) => {
  const name = '2026-01-01T00-00-00.000Z.staging.pass.json';
  const directory = t.testdir({ [`${name}.0123abcd.tmp`]: '{', [`${name}.99999999.tmp`]: '{', 'mine.tmp': '' });
  await utimes(join(directory, `${name}.0123abcd.tmp`), 0, 0);
  await open(directory);
  t.same((await readdir(directory)).sort(), [`${name}.99999999.tmp`, 'mine.tmp']);
});

test('a name that is too long for a file is shortened, and found', async (t) => {
  const history = await open(t.testdir());
  const long = { ...healthy, name: 'ä'.repeat(300) };
  await history.keep(on(day(1), long, { ...healthy, name: `${'ä'.repeat(299)}b` }));
  t.equal((await history.lastGood(long.name))?.environments[0]?.name, long.name);
});

test('the course of an environment over its kept runs, oldest first', async (t) => {
  const directory = t.testdir({ 'notes.txt': 'mine' });
  const history = await open(directory);
  await history.keep(on(day(1), healthy, { ...healthy, name: 'other' }));
  await history.keep(on(day(2), broken));
  t.same(await history.trend('staging'), [
    { startedAt: day(1), verdict: 'pass', durationMs: 2310, codes: [], rttMs: { udp: 1.5, tcp: 2.1 } },
    {
      startedAt: day(2),
      verdict: 'fail',
      durationMs: 2310,
      codes: ['media-address-wrong'],
      rttMs: { tcp: 2.1 },
    },
  ]);
  t.same(await history.trend('stag'), []);

  const newest = await withTrend(on(day(3), healthy), history.trend);
  t.same(
    newest.environments[0]?.trend?.map(({ startedAt, verdict }) => [startedAt, verdict]),
    [
      [day(1), 'pass'],
      [day(2), 'fail'],
      [day(3), 'pass'],
    ],
  );
  t.same(
    (await withTrend(on(day(2), healthy), history.trend)).environments[0]?.trend?.map(({ startedAt }) => startedAt),
    [day(1), day(2)],
    'of an older run: until then',
  );
  const first = on(day(0), healthy);
  t.same(await withTrend(first, history.trend), first, 'nothing is known');

  // What a kept run tells of those before it is enough, and what nobody can read is left out.
  await history.keep(newest);
  const kept = (await readdir(directory)).sort();
  const fileOn = (number: number): string =>
    kept.find((file) => file.startsWith(day(number).slice(0, 10)) && file.includes('.staging.')) ?? '';
  await writeFile(join(directory, fileOn(1)), 'not a run');
  await writeFile(join(directory, `${day(4).replaceAll(':', '-')}.staging.pass.json`), '{}');
  const reopened = await open(directory);
  t.same(
    (await reopened.trend('staging')).map(({ startedAt }) => startedAt),
    [day(1), day(2), day(3)],
  );
  await rm(join(directory, fileOn(1)));
  await reopened.keep(on(day(5), broken));
  t.same(
    (await reopened.trend('staging')).map(({ startedAt }) => startedAt),
    [day(2), day(3), day(5)],
    'of what is kept now',
  );
});

test('a course has a hundred runs at most', async (t) => {
  const before = Array.from({ length: 100 }, (_, i) => trendRunOf(on(day(1, i), healthy), healthy));
  const { environments } = await withTrend(on(day(9), healthy), async () => before);
  t.equal(environments[0]?.trend?.length, 100);
  t.equal(environments[0]?.trend?.at(-1)?.startedAt, day(9));
});

test('what changed is said where something is wrong that was not, and only there', async (t) => {
  const good = on(day(1), healthy, { ...healthy, name: 'production' });
  const bad = on(day(3), broken, { ...healthy, name: 'production' });
  const told = await withChanges(bad, 'last-good', () => good);
  const [staging, production] = told.environments;
  t.equal(production?.since, undefined);
  t.equal(staging?.since?.startedAt, day(1));
  t.ok(staging?.since?.changes.some(({ text }) => text === 'reach of udp ok → failed'));
  t.same(await withChanges(bad, 'last-good', () => undefined), bad, 'nothing is known');
  t.same(await withChanges(bad, 'last-good', () => bad), bad, 'nothing is new');
  t.same(await withChanges(good, 'last-good', () => bad), good, 'nothing is wrong');

  const text = renderRun(told, { columns: 90, colour: false });
  t.match(
    text,
    `since the last good run (2 days ago)
  ✗ reach of udp ok → failed
`,
  );
  t.match(
    renderRun(await withChanges(bad, 'baseline', () => good), { columns: 90, colour: false }),
    'since the baseline (2 days ago)',
  );
  t.equal(text.match(/since the last/g)?.length, 1);
});

test('where nothing else changed, that is said', async (t) => {
  const good = on(day(1), healthy);
  const worse = on(day(1, 5), { ...healthy, verdict: 'fail' });
  t.match(
    renderRun(await withChanges(worse, 'last-good', () => good), { columns: 90, colour: false }),
    'Since the last good run (5 hours ago) nothing has changed that could be seen, but for what\nwas found.',
  );
});

test('a folder that cannot be had is an error before anything is done', async (t) => {
  const directory = t.testdir();
  await writeFile(join(directory, 'file'), '');
  await t.rejects(openHistory(join(directory, 'file')), { code: 'EEXIST' });
  await t.rejects(openHistory(join(directory, 'file', 'in')), { code: 'ENOTDIR' });
});
