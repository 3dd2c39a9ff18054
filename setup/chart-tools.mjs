/**
 * What the chart is held against: helm, kubeconform and Kubernetes' own schemas. Programs in PATH are taken, else those in
 * the cache, which Go builds of their modules once; the schemas come with Kubernetes' module. As a program it prints where
 * they are, as JSON: `{ helm, kubeconform, schemas }`, the last a folder; exit code 3: they cannot be had on this machine.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { root, SetupError, say } from './process.mjs';

const execute = promisify(execFile);
/** Of docs/kubernetes.md as well. */
const kubernetes = '1.34.4';
const modules = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
};

export async function getChartTools() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'livekit-doctor');
  await mkdir(cache, { recursive: true });
  await sweep(cache);
  const [helm, kubeconform, schemas] = await Promise.all([
    program('helm', cache),
    program('kubeconform', cache),
    schemasIn(cache),
  ]);
  return { helm, kubeconform, schemas };
}

async function program(name, cache) {
  const version = modules[name].split('@').pop();
  const cached = join(cache, `${name}-${version}`);
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  const found = [...places, cached].find((path) => allows(path, constants.X_OK));
  if (found) return found;
  say(`livekit-doctor: building ${name} ${version} with Go\n`);
  await making(cache, cached, async (partial) => {
    await go(['install', modules[name]], { GOBIN: partial });
    return join(partial, name);
  });
  return cached;
}

async function schemasIn(cache) {
  const folder = join(cache, `kubernetes-schemas-${kubernetes}`);
  if (allows(folder, constants.R_OK)) return folder;
  await making(cache, folder, async (partial) => {
    const { Dir } = JSON.parse(await go(['mod', 'download', '-json', `k8s.io/kubernetes@v${kubernetes}`], {}));
    const { definitions } = JSON.parse(await readFile(join(Dir, 'api/openapi-spec/swagger.json'), 'utf8'));
    await mkdir(join(partial, 'schemas'));
    for (const [name, schema] of kinds(definitions))
      await writeFile(join(partial, 'schemas', name), JSON.stringify(schema));
    return join(partial, 'schemas');
  });
  return folder;
}

/** What those began who were killed. Others may be building now: each has its process's id in the name. */
async function sweep(cache) {
  for (const name of await readdir(cache)) {
    const [, pid] = /^partial-(\d+)-/.exec(name) ?? [];
    if (pid && !isAlive(Number(pid))) await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch ({ code }) {
    return code === 'EPERM';
  }
}

/** What `make` made gets its name last, so that a half of it is never found. */
async function making(cache, path, make) {
  const partial = await mkdtemp(join(cache, `partial-${process.pid}-`));
  try {
    await rename(await make(partial), path);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function go(args, env) {
  try {
    const options = { cwd: root('..'), env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    // Tests have the first word on the processor.
    const work = execute('nice', ['-n', '19', 'go', ...args], options);
    const end = () => work.child.kill();
    process.once('exit', end);
    const { stdout } = await work;
    process.off('exit', end);
    return stdout;
  } catch ({ code, stderr, message }) {
    throw new SetupError(
      code === 127 || code === 'ENOENT' ? 'Go is not installed' : `go ${args.join(' ')}: ${stderr || message}`,
    );
  }
}

/**
 * A schema for each kind, named as kubeconform looks for it: `cronjob-batch-v1.json`. Kubernetes describes what it knows, so
 * a key that it does not know is refused here.
 *
 * @param {Record<string, object>} definitions
 * @returns {[string, object][]}
 */
function kinds(definitions) {
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, one]) => [name, strictly(one)]));
  return Object.entries(definitions).flatMap(([name, one]) =>
    (one['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => [
      [kind, ...(group ? [group.split('.')[0]] : []), `${version}.json`].join('-').toLowerCase(),
      { $ref: `#/definitions/${name}`, definitions: reachable(strict, name) },
    ]),
  );
}

function strictly(value) {
  if (Array.isArray(value)) return value.map(strictly);
  if (value === null || typeof value !== 'object') return value;
  if (value.format === 'int-or-string') return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  const { format: _, ...rest } = value;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, strictly(one)]));
  const closed = value.type === 'object' && value.properties && !value.additionalProperties;
  return closed ? { ...inner, additionalProperties: false } : inner;
}

function reachable(definitions, from, found = {}) {
  if (found[from]) return found;
  found[from] = definitions[from];
  const text = JSON.stringify(definitions[from]);
  for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) reachable(definitions, name, found);
  return found;
}

function allows(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === root('setup/chart-tools.mjs')) {
  // With what it has begun.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
  try {
    process.stdout.write(`${JSON.stringify(await getChartTools())}\n`);
  } catch (error) {
    say(`livekit-doctor: ${error.message}\n`);
    process.exitCode = error instanceof SetupError ? 3 : 1;
  }
}
