/** The packages and the build, each skipped when nothing changed since. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, run, SetupError, step } from './process.mjs';

const packagesStamp = root('node_modules/.livekit-doctor');
const buildStamp = root('dist/.livekit-doctor');

/** `npm ci`, when the lock file is another than that which `node_modules` was installed from. */
export async function packages() {
  const lock = readFileSync(root('package-lock.json'), 'utf8');
  const digest = createHash('sha256').update(lock).digest('hex');
  if (contentOf(packagesStamp) === digest) return;
  const directory = root('node_modules');
  if (!installedAsLocked(JSON.parse(lock))) {
    mustBeWritable(directory, 'The packages cannot be installed');
    // The npm that runs us, if it does: there may be another in PATH.
    const npm = process.env.npm_execpath ?? '';
    const ci = ['ci', '--include=dev', '--loglevel=error'];
    await step('installing the packages', async () => {
      try {
        await (npm.endsWith('npm-cli.js') ? run(process.execPath, [npm, ...ci]) : run('npm', ci));
      } catch (error) {
        throw new SetupError(`${error.message}. Is the package registry reachable (npm ping)?`);
      }
    });
  }
  stamp(packagesStamp, digest);
}

/** Somebody ran npm by hand: each package is there in the locked version, but for those of other platforms. */
function installedAsLocked({ packages: locked }) {
  const hidden = contentOf(root('node_modules/.package-lock.json'));
  if (hidden === undefined) return false;
  const { packages: installed } = JSON.parse(hidden);
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] === undefined ? optional === true : installed[path].version === version),
  );
}

/** `tsc` into `dist/`, when a source is another than at the last build. */
export async function build() {
  const state = stateOfSources();
  if (contentOf(buildStamp) === state) return;
  mustBeWritable(root('dist'), 'The build cannot be written');
  // A build that fails half-way is not the one that was stamped.
  rmSync(buildStamp, { force: true });
  await step('building', async () => {
    const tsc = root('node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', root('tsconfig.build.json')]);
    removeOrphans();
  });
  stamp(buildStamp, state);
}

/** Names, sizes and times of all that the build reads. */
function stateOfSources() {
  const hash = createHash('sha256');
  for (const path of [...sources(root()), root('tsconfig.json'), root('tsconfig.build.json'), packagesStamp]) {
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    hash.update(`${relative(root(), path)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const notBuilt = new Set(['node_modules', 'dist', 'tests', 'bench', 'docs', 'deploy', 'test-results']);

function sources(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return notBuilt.has(entry.name) || entry.name.startsWith('.') ? [] : sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** What was built from a source that is no more would still be found, and packed. */
function removeOrphans() {
  const dist = root('dist');
  for (const path of readdirSync(dist, { recursive: true })) {
    const source = String(path).replace(/(\.d\.ts|\.js)$/, '.ts');
    if (source !== path && !existsSync(root(source))) rmSync(join(dist, String(path)));
  }
}

function contentOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Where it cannot be written, all was done for us by the owner, and it is looked at anew the next time. */
function stamp(path, content) {
  try {
    writeFileSync(path, content);
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error;
  }
}

function mustBeWritable(directory, what) {
  const path = existsSync(directory) ? directory : root();
  try {
    accessSync(path, constants.W_OK);
  } catch {
    throw new SetupError(`${what}: ${path} is not writable for this user. Run as its owner, or make it yours (chown).`);
  }
}
