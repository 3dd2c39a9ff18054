/** Runs a program in a root of its own, as a container runs: other mounts, other processes, few rights, this network. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findBrowser } from '../../browser/executable.js';

export interface Mount {
  /** A folder here. */
  readonly from: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface InRoot {
  /** What the image has of its own. `/usr` and the like come from this machine. */
  readonly root: string;
  readonly argv: readonly string[];
  readonly workdir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  /** Of user and group. Root unless set. */
  readonly user?: number;
  readonly writable?: boolean;
  /** While it runs; then it is told to end, as a kubelet does (SIGTERM). */
  meanwhile?(): Promise<void>;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const machine = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'etc', 'opt'];
/** As in Debian's images. */
export const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * chroot(2) forbids what a container runtime's seccomp profile forbids as well: user namespaces, which Chromium's sandbox is
 * made of. No-new-privileges and an empty bounding set are what `allowPrivilegeEscalation: false` and `drop: [ALL]` come to.
 */
const script = `set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
for folder in ${machine.join(' ')}; do
  [ -e "/$folder" ] || continue
  mkdir -p "$ROOT/$folder"
  mount --bind "/$folder" "$ROOT/$folder"
  mount -o remount,bind,ro "$ROOT/$folder"
done
mount --bind "$LOCAL" "$ROOT/usr/local/bin"
mkdir -p "$ROOT/proc" "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=755 dev "$ROOT/dev"
for device in null zero full random urandom tty; do
  touch "$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
mkdir "$ROOT/dev/shm"
mount -t tmpfs -o size=64m,mode=1777 shm "$ROOT/dev/shm"
ln -s /proc/self/fd "$ROOT/dev/fd"
while [ "$1" != -- ]; do
  mkdir -p "$ROOT$2"
  mount --bind "$1" "$ROOT$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$ROOT$2"
  shift 3
done
shift
[ "$WRITABLE" = yes ] || mount -o remount,bind,ro "$ROOT"
chroot=$(command -v chroot)
# Tap wants to be loaded by every Node that is started.
unset LOCAL WRITABLE NODE_OPTIONS
if [ "$USER_ID" = 0 ]; then exec chroot "$ROOT" env -u ROOT -u USER_ID -C "$WORKDIR" "$@"; fi
exec chroot "$ROOT" setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --no-new-privs --bounding-set=-all \\
  --inh-caps=-all env -u ROOT -u USER_ID -u WORKDIR -C "$WORKDIR" "$@"
`;

/** Needs root here. */
export async function inRoot({
  root,
  argv,
  workdir,
  env = {},
  mounts = [],
  user = 0,
  writable,
  meanwhile,
}: InRoot): Promise<Result> {
  const local = join(root, 'usr/local/bin');
  // The machine's /usr hides it.
  const aside = `${root}.local-bin`;
  await rm(aside, { recursive: true, force: true });
  await cp(local, aside, { recursive: true, verbatimSymlinks: true });
  await cp(process.execPath, join(aside, 'node'));
  const browser = findBrowser();
  const extra =
    browser && !/^\/(usr|opt)\//.test(browser.executable)
      ? { mount: { from: dirname(browser.executable), path: dirname(browser.executable), readOnly: true } }
      : undefined;
  const all = [...mounts, ...(extra ? [extra.mount] : [])];
  await mkdir(root, { recursive: true });
  const args = all.flatMap(({ from, path, readOnly }) => [from, path, readOnly ? 'ro' : 'rw']);
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', ...args, '--', ...argv],
    {
      env: {
        PATH: path,
        ...(browser && extra && { LIVEKIT_DOCTOR_BROWSER: browser.executable }),
        ...env,
        ROOT: root,
        LOCAL: aside,
        WORKDIR: workdir,
        USER_ID: String(user),
        WRITABLE: writable ? 'yes' : 'no',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (meanwhile) {
    try {
      await meanwhile();
    } finally {
      const inside = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
      for (const pid of inside.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGTERM');
    }
  }
  const code = await ended;
  if (writable) {
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
    await rm(join(aside, 'node'));
    await rm(local, { recursive: true });
    await cp(aside, local, { recursive: true, verbatimSymlinks: true });
  }
  return { code, stdout, stderr };
}
