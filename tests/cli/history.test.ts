/** `check --history` and `--baseline` against a real server: kept, compared where something is wrong that was not. */
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Run } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { cli, writeConfiguration } from './cli.js';

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('a check that fails says what changed since the last good one', async (t) => {
    const embedded = await startEmbedded();
    t.teardown(() => embedded.stop());
    const cwd = t.testdir();
    await writeConfiguration(cwd, embedded.environment);
    const check = (...more: string[]) => cli(['check', 'own', '--depth', 'wire', ...more], { cwd });

    const good = await check('--history', 'runs', '--save', 'good.json');
    t.equal(good.code, 0, good.stderr);
    t.notMatch(good.stdout, 'since the');
    t.match(await readdir(join(cwd, 'runs')), [/^\d{4}-.*Z\.own\.wire\.pass\.json$/]);

    await embedded.server.stop();
    const bad = await check('--history', 'runs');
    t.equal(bad.code, 1, bad.stderr);
    t.match(bad.stdout, /\nsince the last good run \((just now|\d+ (seconds?|minutes?) ago)\)\n {2}✗ reach of udp/);
    const files = await readdir(join(cwd, 'runs'));
    t.equal(files.length, 2);
    const kept = JSON.parse(await readFile(join(cwd, 'runs', files.sort()[1] ?? ''), 'utf8')) as Run;
    t.equal(kept.environments[0]?.since?.run, 'last-good');
    t.same(
      kept.environments[0]?.trend?.map(({ verdict }) => verdict),
      ['pass', 'fail'],
    );
    t.ok(kept.environments[0]?.since?.changes.some(({ what }) => what === 'ingress-backend-down'));

    const named = await check('--baseline', 'good.json', '--json');
    const run = JSON.parse(named.stdout) as Run;
    t.equal(run.environments[0]?.since?.run, 'baseline');
    const again = await cli(['diff', '--history', 'runs', '--exit-code'], { cwd });
    t.equal(again.code, 1);
    t.match(again.stdout, / ✗ ingress-backend-down: /);
  });

  t.test(
    'a baseline that cannot be read and a folder that cannot be written to are known before the check',
    async (t) => {
      const cwd = t.testdir({ file: '', 'run.json': '{}', locked: {} });
      const refused = async (parameters: string[], message: RegExp): Promise<void> => {
        const { code, stdout, stderr } = await cli(['check', 'embedded', ...parameters], { cwd });
        t.equal(code, 2, stderr);
        t.equal(stdout, '');
        t.match(stderr, message);
        t.notMatch(stderr, /Starting|^ +at /m);
      };
      await refused(['--baseline', 'none.json'], /none\.json cannot be read: there is no such file/);
      await refused(['--baseline', 'run.json'], /run\.json is JSON, but not a run/);
      await refused(['--history', 'file'], /--history file: it is not a folder/);
      if (process.getuid?.() === 0) return;
      await chmod(join(cwd, 'locked'), 0o500);
      await refused(['--history', 'locked'], /--history locked: it cannot be written to/);
    },
  );
}
