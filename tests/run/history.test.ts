/** The folder of earlier runs: what is kept, found and forgotten; and what a check says of it. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { renderRun } from '../../reporters/console.js';
import { openHistory } from '../../run/history.js';
import { withChanges } from '../../run/since.js';
import { healthy, run, wrongAddress } from '../samples.js';

const on = (startedAt: string, ...environments: EnvironmentRun[]): Run => ({ ...run(...environments), startedAt });
const day = (number: number, hour = 0): string => new Date(Date.UTC(2026, 0, number, hour)).toISOString();
const broken: EnvironmentRun = { ...wrongAddress, name: 'staging' };

test('one file for each environment, named by time, name and verdict', async (t) => {
  const directory = join(t.testdir(), 'a', 'b');
  const history = await openHistory(directory);
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

test('a hundred are kept for each environment, the last good one always, and nothing else is touched', async (t) => {
  const directory = t.testdir({ 'notes.txt': 'mine', 'run.json': '{}' });
  const history = await openHistory(directory);
  await history.keep(on(day(1), healthy));
  for (let i = 0; i < 103; i += 1) await history.keep(on(day(2, i), broken));
  const files = await readdir(directory);
  t.equal(files.filter((file) => file.endsWith('.fail.json')).length, 100);
  t.ok(files.includes('2026-01-01T00-00-00.000Z.staging.pass.json'));
  t.ok(files.includes('notes.txt') && files.includes('run.json'));
});

test('a name that is too long for a file is shortened, and found', async (t) => {
  const history = await openHistory(t.testdir());
  const long = { ...healthy, name: 'ä'.repeat(300) };
  await history.keep(on(day(1), long, { ...healthy, name: `${'ä'.repeat(299)}b` }));
  t.equal((await history.lastGood(long.name))?.environments[0]?.name, long.name);
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
