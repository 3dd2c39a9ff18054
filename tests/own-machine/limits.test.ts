/** Too few open files, a browser without memory, without shared memory, or killed; a clock that is set; no resolver. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findBrowser } from '../../browser/executable.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { cli, writeConfiguration } from '../cli/cli.js';
import { codesOf, environmentIn, folder, mount, noAlarm, onOwnMachine, shell } from './machine.js';

const check = (depth: string, ...more: string[]): string[] => [
  ...['check', 'own', '--path', 'udp', '--json', '--depth', depth],
  ...more,
];
const meanwhile = { NODE_OPTIONS: `--import=${new URL('./meanwhile.mjs', import.meta.url).href}` };
const hourMs = 3_600_000;

if (await onOwnMachine(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());

  async function home(t: Test, more?: object): Promise<string> {
    const cwd = await folder(t);
    await writeConfiguration(cwd, embedded.environment, more);
    return cwd;
  }

  /** The browser of this machine, started by a script that does something before. */
  async function browserAfter(cwd: string, script: string): Promise<{ LIVEKIT_DOCTOR_BROWSER: string }> {
    const path = join(cwd, 'browser');
    await writeFile(path, `#!/bin/sh\n${script}\nexec '${findBrowser()?.executable}' "$@"\n`);
    await chmod(path, 0o755);
    return { LIVEKIT_DOCTOR_BROWSER: path };
  }

  t.test('too few open files from the beginning', async (t) => {
    const cwd = await home(t);
    for (const [most, message] of [
      [30, 'it cannot be loaded on this machine: EMFILE'],
      [60, 'this machine has no open file left for this process (`ulimit -n`): EMFILE'],
      [120, 'this machine lets a process have 120 open files, and a check needs 256'],
    ] as const) {
      const result = await cli(check('wire'), { cwd, through: shell(`unset NODE_OPTIONS; ulimit -n ${most}`) });
      noAlarm(t, result);
      t.equal(result.code, 3);
      t.match(result.stderr, message);
    }
  });

  t.test('open files that run out meanwhile', async (t) => {
    const cwd = await home(t);
    const env = { ...meanwhile, MEANWHILE_SEEN: 'signal:', MEANWHILE_FILES: '1' };
    const result = await cli(check('wire'), { cwd, env, through: shell('ulimit -n 300') });
    noAlarm(t, result);
  });

  t.test('a browser that gets no memory', async (t) => {
    const cwd = await home(t);
    const env = await browserAfter(cwd, 'ulimit -v 400000');
    const result = await cli(check('media'), { cwd, env });
    noAlarm(t, result);
    t.equal(result.code, 3);
    t.ok(codesOf(environmentIn(result)).includes('browser-missing'));
  });

  t.test('a browser that is killed in the middle of a call', async (t) => {
    const cwd = await home(t);
    const env = await browserAfter(cwd, 'echo $$ > "$(dirname "$0")/pid"');
    let killing: Promise<void> | undefined;
    const kill = async (): Promise<void> => {
      process.kill(Number(await readFile(join(cwd, 'pid'), 'utf8')), 'SIGKILL');
    };
    const onProgress = (text: string): void => {
      if (/browser: chromium/.test(text)) killing ??= kill();
    };
    // It would go on for long.
    const result = await cli(check('media', '--measure', '20s'), { cwd, env, onProgress });
    await killing;
    noAlarm(t, result);
    t.equal(result.code, 3);
    t.match(
      environmentIn(result).observations.find(({ id }) => id === 'media:udp'),
      { state: 'unsupported' },
    );
  });

  t.test('no shared memory', async (t) => {
    const cwd = await home(t);
    await mount(t, '/dev/shm', '-t', 'tmpfs', '-o', 'ro', 'none');
    const result = await cli(check('media'), { cwd });
    noAlarm(t, result);
    const browser = environmentIn(result).observations.find(({ id }) => id === 'browser');
    if (!browser?.failure?.message.includes('in time')) t.match(browser, { state: 'ok' });
  });

  t.test('a clock that is set meanwhile', async (t) => {
    const cwd = await home(t);
    for (const [seen, clockMs] of [
      ['vantage:', hourMs],
      ['signal:', -hourMs],
    ] as const) {
      const env = { ...meanwhile, MEANWHILE_SEEN: seen, MEANWHILE_CLOCK_MS: String(clockMs) };
      const result = await cli(check('peer'), { cwd, env });
      noAlarm(t, result);
      t.equal(result.code, 3);
      const found = environmentIn(result);
      t.ok(codesOf(found).includes('vantage-clock-skew'), `${seen} ${clockMs}: ${codesOf(found)}`);
      t.ok(found.durationMs < hourMs && found.observations.every(({ startMs, endMs }) => startMs <= endMs));
    }
  });

  t.test('a machine without a resolver', async (t) => {
    const cwd = await home(t, { dns: undefined });
    const file = join(cwd, 'resolv.conf');
    await writeFile(file, 'nameserver 127.0.77.53\n');
    await mount(t, '/etc/resolv.conf', '--bind', file);
    const healthy = await cli(check('wire'), { cwd });
    noAlarm(t, healthy);
    t.equal(environmentIn(healthy).observations.find(({ probe }) => probe === 'dns')?.state, 'ok');
    for (const content of ['', 'nameserver 127.0.0.9\n']) {
      await writeFile(file, content);
      const result = await cli(check('wire'), { cwd });
      noAlarm(t, result);
      t.equal(result.code, 3);
      t.match(codesOf(environmentIn(result)).join(), /vantage-offline|dns-resolver-unreachable/);
    }
  });
}
