/**
 * This machine, made worse in truth: the tests run in a network and a mount namespace of their own (unshare(1)), where
 * they mount what they like; limits are those of a shell. What must come of it is the same each time.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { inNamespace } from '../../fixtures/embedded/namespace.js';
import type { Result } from '../cli/cli.js';

const execute = promisify(execFile);
const mark = 'LIVEKIT_DOCTOR_OWN_MOUNTS';

/** Runs the file once more, inside, its tests as a subtest. True: this is the run that should make the tests. */
export async function onOwnMachine(t: Test, file: string): Promise<boolean> {
  if (process.env[mark]) return true;
  const again = ['unshare', '--mount', process.execPath, ...process.execArgv, fileURLToPath(file)];
  const inside = await inNamespace(again);
  if (!inside) {
    const skip = 'to mount anything wants root, or namespaces for ordinary users: none can be made here';
    await t.test('on a machine of its own', { skip }, () => {});
    return false;
  }
  await t.spawn(inside.command, [...inside.args], { env: { ...inside.env, [mark]: '1' } }, 'on a machine of its own');
  return false;
}

/** An empty folder until the end of the test, which nobody removes before what is mounted in it is gone. */
export async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'own-machine-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Until the end of the test. */
export async function mount(t: Test, where: string, ...parameters: string[]): Promise<void> {
  await execute('mount', [...parameters, where]);
  t.teardown(() => execute('umount', ['--lazy', where]));
}

/** A folder on a disk of its own with so many bytes, until the end of the test. */
export const disk = (t: Test, where: string, bytes: number): Promise<void> =>
  mount(t, where, '-t', 'tmpfs', '-o', `size=${bytes}`, 'none');

/** Takes what is left there. */
export async function fill(folder: string): Promise<void> {
  await execute('sh', ['-c', '! head -c 10M /dev/zero > "$0/filled" 2>/dev/null', folder]);
}

export async function makeReadOnly(t: Test, folder: string): Promise<void> {
  await mount(t, folder, '--bind', folder);
  await execute('mount', ['-o', 'remount,bind,ro', folder]);
}

/** What a command is run through, for its limits (`ulimit -n 100`) and where its output goes. */
export const shell = (script: string): string[] => ['sh', '-c', `${script}; exec "$@"`, 'sh'];

/** No verdict against a healthy deployment, no stack, nothing that anybody should report. */
export function noAlarm(t: Test, { code, stdout, stderr }: Result): void {
  if (code === 1) t.comment(`${stderr}\n${stdout}`);
  t.not(code, 1, 'it is not the deployment');
  t.not(code, null, 'it ends by itself');
  t.notMatch(`${stdout}${stderr}`, /^ +at .+:\d+/m, 'no stack');
  t.notMatch(stderr, /went wrong inside/);
}

/** The one environment of what `--json` printed. */
export function environmentIn({ stdout, stderr }: Result): EnvironmentRun {
  const [one] = stdout ? (JSON.parse(stdout) as Run).environments : [];
  if (!one) throw new Error(`there is no run document: ${stderr}`);
  return one;
}

export const codesOf = ({ findings }: EnvironmentRun): string[] => findings.map(({ code }) => code);
