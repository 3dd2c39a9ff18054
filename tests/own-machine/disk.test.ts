/** No disk left, folders that are read-only, an output that takes nothing: what was there stays, and no half is written. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadRun } from '../../evidence/load.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { cli, writeConfiguration } from '../cli/cli.js';
import { codesOf, disk, environmentIn, fill, folder, makeReadOnly, noAlarm, onOwnMachine, shell } from './machine.js';

const wire = ['check', 'own', '--depth', 'wire'];

if (await onOwnMachine(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());

  async function home(t: Test): Promise<{ cwd: string; out: string }> {
    const cwd = await folder(t);
    await mkdir(join(cwd, 'out'));
    await writeConfiguration(cwd, embedded.environment);
    return { cwd, out: join(cwd, 'out') };
  }

  t.test('no space left where reports and the history are kept', async (t) => {
    const { cwd, out } = await home(t);
    await disk(t, out, 400_000);
    await mkdir(join(out, 'runs'));
    const reports = ['--save', 'out/run.json', '--reporter', 'junit=out/junit.xml', '--history', 'out/runs'];
    const good = await cli([...wire, ...reports], { cwd });
    noAlarm(t, good);
    const [kept = ''] = await readdir(join(out, 'runs'));
    await fill(out);

    const result = await cli([...wire, ...reports, '--reporter', 'html=out/report.html'], { cwd });
    noAlarm(t, result);
    t.match(result.stdout, / own +in /, 'the verdict is told all the same');
    if (good.code === 0) t.equal(result.code, 2, 'what could not be written is no pass');
    for (const what of [
      'the report html=out/report.html could not be made',
      'the report json=out/run.json could not be made',
      'the run could not be kept in out/runs',
    ]) {
      t.match(result.stderr, `${what}: ENOSPC: no space left on device`);
    }
    t.same((await readdir(out)).sort(), ['filled', 'junit.xml', 'run.json', 'runs'], 'nothing that was only begun');
    t.same(await readdir(join(out, 'runs')), [kept]);
    await loadRun(join(out, 'run.json'));
    await loadRun(join(out, 'runs', kept));
    t.match(await readFile(join(out, 'junit.xml'), 'utf8'), /<\/testsuites>\s*$/);
  });

  t.test('folders that are read-only are refused before the check', async (t) => {
    const { cwd, out } = await home(t);
    await makeReadOnly(t, out);
    for (const [more, message] of [
      [['--save', 'out/run.json'], 'out/run.json cannot be written: its directory may not be written to'],
      [['--history', 'out'], '--history out: it cannot be written to (EROFS)'],
    ] as const) {
      const result = await cli([...wire, ...more], { cwd });
      noAlarm(t, result);
      t.equal(result.code, 2);
      t.equal(result.stdout, '');
      t.match(result.stderr, message);
    }
  });

  t.test('no folder for temporary files', async (t) => {
    const { cwd, out } = await home(t);
    await makeReadOnly(t, out);
    const env = { TMPDIR: out };
    const embeddedToo = await cli(['check', 'embedded'], { cwd, env: { ...env, LIVEKIT_DOCTOR_NAMESPACE: '1' } });
    noAlarm(t, embeddedToo);
    t.equal(embeddedToo.code, 3);
    t.match(embeddedToo.stderr, 'this machine has a file system that is read-only: EROFS');

    const result = await cli(['check', 'own', '--path', 'udp', '--json'], { cwd, env });
    noAlarm(t, result);
    t.equal(result.code, 3);
    const found = environmentIn(result);
    t.ok(codesOf(found).includes('browser-missing'));
    const missing = found.findings.find(({ code }) => code === 'browser-missing');
    t.match(missing, { cause: /EROFS: read-only file system/, fix: /TMPDIR/ });
  });

  t.test('standard output that takes nothing', async (t) => {
    const { cwd, out } = await home(t);
    const result = await cli([...wire, '--json', '--save', 'out/run.json', '--history', 'out/runs'], {
      cwd,
      through: shell('exec > /dev/full'),
    });
    noAlarm(t, result);
    t.not(result.code, 0, 'it was asked for a document and gave none');
    t.match(result.stderr, 'standard output cannot be written: ENOSPC');
    const run = await loadRun(join(out, 'run.json'));
    t.equal(result.code, run.environments[0]?.verdict === 'pass' ? 2 : 3, 'what else was asked for is there');
    t.equal((await readdir(join(out, 'runs'))).length, 1);
  });

  t.test('two checks at once in one folder', async (t) => {
    const { cwd, out } = await home(t);
    await writeFile(join(out, 'report.html'), 'an older one');
    const more = ['--history', 'out/runs', '--save', 'out/run.json', '--reporter', 'html=out/report.html'];
    let second: ReturnType<typeof cli> | undefined;
    // A kept run is named by the millisecond in which it began.
    const onProgress = (text: string): void => {
      if (text.includes('Checking own')) second ??= cli([...wire, ...more], { cwd });
    };
    const first = await cli([...wire, ...more], { cwd, onProgress });
    for (const result of [first, await second]) if (t.ok(result) && result) noAlarm(t, result);
    const kept = await readdir(join(out, 'runs'));
    t.equal(kept.length, 2, 'both are kept');
    for (const name of kept) await loadRun(join(out, 'runs', name));
    await loadRun(join(out, 'run.json'));
    t.match(await readFile(join(out, 'report.html'), 'utf8'), /^<!doctype html>[\s\S]*<\/html>\s*$/i);
    t.same((await readdir(out)).sort(), ['report.html', 'run.json', 'runs']);
  });
}
