/** What gets helm and kubeconform: where it cannot, and where it is killed half-way. */
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { checkout } from './containerfile.js';

const program = join(checkout, 'setup/chart-tools.mjs');

async function machine(t: Test, go?: string) {
  const folder = t.testdir({ bin: {}, cache: { 'livekit-doctor': {} } });
  const cache = join(folder, 'cache/livekit-doctor');
  if (go) {
    await writeFile(join(folder, 'bin/go'), `#!/bin/sh\n${go}\n`);
    await chmod(join(folder, 'bin/go'), 0o755);
    await writeFile(join(folder, 'bin/nice'), '#!/bin/sh\nshift 2\nexec "$@"\n');
    await chmod(join(folder, 'bin/nice'), 0o755);
  }
  const env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') };
  return { folder, cache, env };
}

const get = (env: Record<string, string>) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [program], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );

t.test('where there is neither helm nor Go, that is told from a mistake', async (t) => {
  const { env } = await machine(t);
  const { code, stdout, stderr } = await get(env);
  t.equal(code, 3, stderr);
  t.equal(stdout, '');
  t.match(stderr, /^livekit-doctor: Go is not installed$/m);
});

t.test('what is killed half-way leaves no Go behind, and the next start clears its folder away', async (t) => {
  const { folder, cache, env } = await machine(
    t,
    `echo $$ >> "$XDG_CACHE_HOME/pids"; while :; do /bin/sleep 0.1; done`,
  );
  const partials = async () => (await readdir(cache)).filter((name) => name.startsWith('partial-'));
  const child = spawn(process.execPath, [program], { env, stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const pids = async () =>
    (await readFile(join(folder, 'cache/pids'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean).map(Number);
  while ((await pids()).length < 3) await sleep(20);
  t.equal((await partials()).length, 3);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  t.equal(await ended, 130);
  for (const pid of await pids()) {
    while (isAlive(pid)) await sleep(20);
  }

  const others = `partial-${process.pid}-others`;
  await mkdir(join(cache, others));
  t.equal((await get({ ...env, PATH: '/nowhere' })).code, 3);
  t.same(await partials(), [others], 'what somebody builds who lives is left alone');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
