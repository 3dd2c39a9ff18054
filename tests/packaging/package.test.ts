/** What is published: nothing but what a user needs, and it works from an empty folder, offline. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** docs/decisions.md */
const mostBytes = 1_000_000;
const mostUnpackedBytes = 4_000_000;

const belongs = [
  /^(package\.json|README\.md|LICENSE)$/,
  /^dist\/(browser|cli|diagnosis|environment|evidence|fixtures|init|probes|reporters|run|serve|wire)\/.+\.(js|d\.ts)$/,
  /^docs\/faults\/[\w-]+\.md$/,
  /^(evidence\/run|environment\/livekit-doctor)\.schema\.json$/,
];

async function npm(...parameters: string[]): Promise<string> {
  return (await execute('npm', parameters, { cwd: root, maxBuffer: 2 ** 26 })).stdout;
}

t.test('the package holds what is needed, works where it is unpacked, and nothing else comes with it', async (t) => {
  // Not below this checkout, whose packages would be found from there.
  const home = await mkdtemp(join(tmpdir(), 'package-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));
  const packed = JSON.parse(await npm('pack', '--json', '--ignore-scripts', '--pack-destination', home)) as Packed[];
  const [made] = packed;
  if (!made) throw new Error('npm packed nothing');
  t.same(
    made.files.map(({ path }) => path).filter((path) => !belongs.some((one) => one.test(path))),
    [],
    'neither sources nor tests nor maps',
  );
  for (const needed of ['dist/cli/main.js', 'dist/fixtures/playwright.js', 'docs/faults/udp-filtered.md']) {
    t.ok(
      made.files.some(({ path }) => path === needed),
      needed,
    );
  }
  t.ok(made.size < mostBytes, `${made.size} bytes`);
  t.ok(made.unpackedSize < mostUnpackedBytes, `${made.unpackedSize} bytes unpacked`);

  // As npm would install it, with the packages that it asks for and none of those that only we have.
  const modules = join(home, 'app/node_modules');
  await mkdir(modules, { recursive: true });
  await execute('tar', ['-xzf', join(home, made.filename), '-C', modules]);
  await execute('mv', [join(modules, 'package'), join(modules, 'livekit-doctor')]);
  for (const name of Object.keys(manifest.dependencies)) {
    const at = join(modules, name);
    await mkdir(dirname(at), { recursive: true });
    await symlink(join(root, 'node_modules', name), at);
  }
  await mkdir(join(modules, '.bin'));
  const program = join(modules, 'livekit-doctor/dist/cli/main.js');
  await execute('chmod', ['+x', program]);
  await symlink(program, join(modules, '.bin/livekit-doctor'));
  const run = (...parameters: string[]) =>
    execute('npx', ['--offline', '--no-install', 'livekit-doctor', ...parameters], { cwd: join(home, 'app') });
  t.match((await run('--help')).stdout, /Usage: livekit-doctor/);
  t.match((await run('explain', 'udp-filtered')).stdout, 'udp-filtered');
  const recorded = join(root, 'fixtures/runs/media-address-wrong.json');
  const judged = await run('diagnose', recorded).catch((error: { code: number; stdout: string }) => error);
  t.match(judged, { code: 1, stdout: /media-address-wrong/ });
  for (const entry of ['playwright', 'reporter']) {
    const script = `await import('livekit-doctor/${entry}'); console.log('loaded')`;
    const loading = await execute(process.execPath, ['--input-type=module', '-e', script], { cwd: join(home, 'app') });
    t.match(loading.stdout, 'loaded', `livekit-doctor/${entry}`);
  }

  await rm(join(modules, '@opentelemetry'), { recursive: true });
  const lacking = run('diagnose', recorded, '--reporter', 'otlp').catch((error: { stderr: string }) => error);
  const { stderr } = await lacking;
  t.match(stderr, /a part of livekit-doctor cannot be loaded: Cannot find package '@opentelemetry\//);
  t.notMatch(stderr, /^ +at /m);
});

t.test('docs/dependencies.md is up to date, and each licence is one that was agreed to', async (t) => {
  const { dependenciesPage, faults } = (await import(new URL('../../setup/licences.mjs', import.meta.url).href)) as {
    dependenciesPage(): string;
    faults(): string[];
  };
  t.same(faults(), []);
  // What else npm leaves in a folder differs between platforms.
  const withoutSizes = (text: string): string => text.replaceAll(/ (<? ?\d+) MB \|/g, ' |');
  const written = await readFile(join(root, 'docs/dependencies.md'), 'utf8');
  t.equal(withoutSizes(written), withoutSizes(dependenciesPage()), 'else npm run licences');
});

t.test('npm makes a bill of materials of what is installed with it', async (t) => {
  const text = await npm('run', '--silent', 'sbom');
  const bill = JSON.parse(text) as {
    bomFormat: string;
    metadata: { component: { version: string } };
    components: { name: string; purl: string; licenses?: unknown[] }[];
  };
  t.equal(bill.bomFormat, 'CycloneDX');
  t.equal(bill.metadata.component.version, manifest.version);
  const names = new Set(
    bill.components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.+)@.*$/, '$1')),
  );
  t.same(
    Object.keys(manifest.dependencies).filter((name) => !names.has(name)),
    [],
  );
  // Others are needed by what is installed, too.
  for (const name of ['tap', 'typescript', 'knip', '@biomejs/biome']) t.notOk(names.has(name), name);
});
