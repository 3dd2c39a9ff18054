/** `report` through the command line: saved runs in any format, exit codes, and what it refuses. */
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { loadRun } from '../../evidence/load.js';
import { openHistory } from '../../run/history.js';
import { cli } from './cli.js';

const recorded = (name: string): string => fileURLToPath(new URL(`../../fixtures/runs/${name}.json`, import.meta.url));

t.test('a saved run on the terminal, with 0 whatever its verdict', async (t) => {
  const { code, stdout, stderr } = await cli(['report', recorded('media-address-wrong')]);
  t.equal(code, 0, stderr);
  t.match(stdout, /✗ error {2}media-address-wrong/);
});

t.test('a file, and nothing on the terminal', async (t) => {
  const cwd = t.testdir();
  const { code, stdout, stderr } = await cli(
    ['report', recorded('media-address-wrong'), '--reporter', 'html=report.html', '--reporter', 'json=again.json'],
    { cwd },
  );
  t.same([code, stdout, stderr], [0, '', '']);
  t.match(await readFile(join(cwd, 'report.html'), 'utf8'), '<h1>helm-port-range fails</h1>');
  const again = JSON.parse(await readFile(join(cwd, 'again.json'), 'utf8'));
  t.same(again, JSON.parse(await readFile(recorded('media-address-wrong'), 'utf8')), 'as it was judged then');
});

t.test('what somebody began to write there who was killed is swept away', async (t) => {
  const [abandoned, recent] = ['report.html.0123abcd.tmp', 'report.html.99999999.tmp'];
  const cwd = t.testdir({ [abandoned]: '<', [recent]: '<', 'other.html.0123abcd.tmp': '' });
  for (const name of [abandoned, 'other.html.0123abcd.tmp']) await utimes(join(cwd, name), 0, 0);
  const { code } = await cli(['report', recorded('udp-filtered'), '--reporter', 'html=report.html'], { cwd });
  t.equal(code, 0);
  t.same((await readdir(cwd)).sort(), ['other.html.0123abcd.tmp', 'report.html', recent]);
});

t.test('several runs stand side by side, where a format can', async (t) => {
  const cwd = t.testdir();
  const files = [recorded('udp-filtered'), recorded('udp-blocked-at-vantage')];
  const { code } = await cli(['report', ...files, '--reporter', 'html=report.html'], { cwd });
  t.equal(code, 0);
  t.match(await readFile(join(cwd, 'report.html'), 'utf8'), 'cloud-kubernetes, side by side');
  const one = await cli(['report', ...files, '--reporter', 'json'], { cwd });
  t.equal(one.code, 2);
  t.equal(one.stderr, 'livekit-doctor: the report json could not be made: it shows one run only\n');
});

t.test('--history shows its course over the kept runs of the same depth, until then', async (t) => {
  const cwd = t.testdir();
  const history = await openHistory(join(cwd, 'runs'));
  const run = await loadRun(recorded('media-address-wrong'));
  const before = (days: number): string => new Date(Date.parse(run.startedAt) - days * 86_400_000).toISOString();
  for (const days of [2, 1, -1]) await history.keep({ ...run, startedAt: before(days) });
  const [environment] = run.environments;
  if (!environment) throw new Error('the run has an environment');
  const asked = { ...environment.asked, depth: 'peer' as const };
  await history.keep({ ...run, startedAt: before(1.5), environments: [{ ...environment, asked, verdict: 'pass' }] });
  const parameters = ['report', recorded('media-address-wrong'), '--reporter', 'html=report.html'];
  t.equal((await cli([...parameters, '--history', 'runs'], { cwd })).code, 0);
  t.match(
    await readFile(join(cwd, 'report.html'), 'utf8'),
    /Fails with <code>media-address-wrong<\/code>.* in all 3 runs that are kept/,
  );
  const { code, stderr } = await cli([...parameters, '--history', 'none'], { cwd });
  t.equal(code, 2);
  t.equal(stderr, 'livekit-doctor: --history: there is no folder none\n');
});

t.test('what cannot be read is said on one line', async (t) => {
  for (const [parameters, said] of [
    [['report', 'nowhere.json'], /nowhere\.json cannot be read: there is no such file/],
    [['report', recorded('healthy'), '--reporter', 'htm'], /there is no reporter "htm", did you mean "html"/],
    [['report'], /missing required argument 'runs'/],
  ] as const) {
    const { code, stderr } = await cli([...parameters], { cwd: t.testdir() });
    t.equal(code, 2);
    t.match(stderr, said);
    t.notMatch(stderr, /\n {4}at /);
  }
});

t.test('facts that no probe would write are told as what is wrong with the document', async (t) => {
  const damaged = fileURLToPath(new URL('../../fixtures/fuzz/cases/run/89660bbfebeb.bin', import.meta.url));
  const { code, stdout, stderr } = await cli(['diagnose', damaged]);
  t.same([code, stdout], [2, '']);
  t.match(stderr, /89660bbfebeb\.bin: an observation holds facts that this version does not understand \(words: .*\)/);
  t.notMatch(stderr, /\n\s+at /);
});
