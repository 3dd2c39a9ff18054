/** The unit and its timer: as systemd reads them, where it is, and the unit's command run as it stands against a real LiveKit. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { findProgram } from '../../fixtures/lab/programs.js';
import { main, writeConfiguration } from '../cli/cli.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { checkout } from './containerfile.js';

const execute = promisify(execFile);
const units = join(checkout, 'deploy/systemd');
const service = await readFile(join(units, 'livekit-doctor.service'), 'utf8');
const timer = await readFile(join(units, 'livekit-doctor.timer'), 'utf8');
const analyze = findProgram('systemd-analyze');

if (analyze)
  t.test('systemd has nothing to say against them', async (t) => {
    const files = ['livekit-doctor.service', 'livekit-doctor.timer'].map((name) => join(units, name));
    t.equal((await execute(analyze, ['verify', ...files])).stderr, '');
    const folder = t.testdir();
    const wrong = join(folder, 'wrong.service');
    await writeFile(wrong, service.replace('DynamicUser=yes', 'DynamicUsers=yes'));
    t.match((await execute(analyze, ['verify', wrong])).stderr, /DynamicUsers/, 'a mistake is seen');
    // 10 × the exposure that it computes; network, and memory that can be executed, it must have.
    await t.resolves(execute(analyze, ['security', '--offline=true', '--threshold=25', files[0] ?? '']));
  });

t.test('every line is an assignment in a section, and the timer starts the service', (t) => {
  const lines = [...service.split('\n'), ...timer.split('\n')].filter((line) => line && !line.startsWith('#'));
  for (const line of lines) t.match(line, /^(\[(Unit|Service|Timer|Install)\]|[A-Z]\w+=.*)$/);
  t.match(timer, /^OnCalendar=/m);
  t.notMatch(timer, /^Unit=/m, 'that of the same name');
  t.end();
});

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('its command checks, and leaves a run and a report where the unit may write', async (t) => {
    const embedded = await startEmbedded();
    t.teardown(() => embedded.stop());
    const folder = t.testdir({ bin: {}, etc: {}, state: { 'livekit-doctor': {} } });
    await writeFile(
      join(folder, 'bin/livekit-doctor'),
      `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@" --depth wire\n`,
    );
    await chmod(join(folder, 'bin/livekit-doctor'), 0o755);
    await mkdir(join(folder, 'empty'));
    await writeConfiguration(join(folder, 'etc'), embedded.environment);
    const [, command = ''] = /^ExecStart=(.+)$/m.exec(service) ?? [];
    const [program = '', ...args] = command
      .replaceAll('%S', join(folder, 'state'))
      .replaceAll('/etc/livekit-doctor', join(folder, 'etc'))
      .split(' ');
    const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: join(folder, 'state/livekit-doctor') };
    const { stdout } = await execute(program, args, { cwd: join(folder, 'empty'), env });
    t.match(stdout, /✓ pass {2}own/);
    const state = join(folder, 'state/livekit-doctor');
    t.match(await readFile(join(state, 'last.html'), 'utf8'), /^<!doctype html>/i);
    t.equal((await readdir(join(state, 'runs'))).length, 1);
    t.same(await readdir(join(folder, 'empty')), [], 'and nothing elsewhere');
  });
}
