/** Holds what keeps the parts apart: who may import whom, and that an index has one line for each file. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'tap';
import ts from 'typescript';

const root = new URL('../', import.meta.url).pathname;
const notOurs = new Set(['node_modules', 'dist', '.git', '.tap', 'test-results', 'playwright-report']);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sources(path);
    return /\.(ts|mts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** Everything that a file imports or re-exports, types too, and what it loads later. */
function imports(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

const stageOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : '.');
const files = sources('.').map(normalize);
const edges = files.flatMap((file) =>
  imports(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ file, target: normalize(join(dirname(file), target)) })),
);

const everything = [
  'evidence',
  'wire',
  'environment',
  'browser',
  'probes',
  'diagnosis',
  'reporters',
  'run',
  'init',
  'serve',
  'fixtures',
];
const allowed: Record<string, string[]> = {
  evidence: [],
  wire: [],
  environment: ['evidence'],
  browser: ['evidence', 'wire', 'environment'],
  probes: ['evidence', 'wire', 'environment', 'browser'],
  diagnosis: ['evidence', 'environment'],
  reporters: ['evidence', 'diagnosis'],
  run: ['evidence', 'wire', 'environment', 'browser', 'probes', 'diagnosis', 'reporters'],
  init: ['evidence', 'environment', 'diagnosis', 'reporters'],
  serve: ['evidence', 'environment', 'browser', 'reporters', 'run'],
  fixtures: everything,
  cli: [...everything, 'setup'],
  bench: [...everything, 'cli'],
  // The command line is tested as a process, and its parts as modules.
  tests: [...everything, 'cli', 'setup', 'bench'],
  setup: [],
  '.': everything,
};

test('imports go one way', async (t) => {
  t.ok(edges.length > 50, 'there is something to hold');
  const wrong = edges
    .filter(({ file, target }) => stageOf(file) !== stageOf(target))
    .filter(({ file, target }) => !allowed[stageOf(file)]?.includes(stageOf(target)))
    .map(({ file, target }) => `${file} must not import ${target}`);
  t.same(wrong, []);
});

/** What the index of a folder lists. */
function listed(folder: string): string[] {
  return imports(`${folder}/index.ts`)
    .filter((target) => target.startsWith('./'))
    .map((target) => normalize(join(folder, target.replace(/\.js$/, '.ts'))));
}

test('an index has one line for each probe, rule and reporter, and nothing is forgotten', async (t) => {
  const exporting = (folder: string, mark: RegExp) =>
    files.filter((file) => dirname(file) === folder && mark.test(readFileSync(join(root, file), 'utf8'))).sort();
  const same = (folder: string, mark: RegExp) => {
    const found = exporting(folder, mark).filter((file) => !file.endsWith('/index.ts'));
    t.ok(found.length > 0, folder);
    const imported = listed(folder);
    t.same(
      found.filter((file) => !imported.includes(file)),
      [],
      `each is listed in ${folder}/index.ts`,
    );
    t.same(
      imported.filter((file) => imported.indexOf(file) !== imported.lastIndexOf(file)),
      [],
      'once',
    );
  };
  same('probes', /^export const \w+: Probe(<\w+>)? =/m);
  same('diagnosis/rules', /^export const \w+ = rule[<(]/m);
  same('reporters', /^export const \w+: ReporterFactory =/m);
});

/** What makes a module depend on who runs it. The platform and the like are facts of the machine, which anyone may ask. */
const ofTheProcess = /\bprocess\.(env|argv|cwd|exit|exitCode|stdin|stdout|stderr|on|once|off|send|kill)\b/;
/**
 * Programs of their own, which other parts start; what looks for programs on this machine; and the fixtures, which start
 * and are programs throughout.
 */
const programs =
  /^(cli|setup|bench|tests|fixtures)\/|^\w+\.config\.ts$|^probes\/(peer|kubernetes)-worker\.ts$|^serve\/worker\.ts$|^browser\/(host|host-process|(firefox-)?executable|install|webkit)\.ts$/;

test('only the command line, and what runs as a program of its own, touches the process', async (t) => {
  const touching = files.filter((file) => {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    return !programs.test(file) && ofTheProcess.test(code);
  });
  t.same(touching, []);
});

/** What importing a file loads at once: other packages and Node's own modules. Types and `import()` cost nothing. */
function loaded(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier: from } = statement;
    if (!from || !ts.isStringLiteral(from)) return [];
    const onlyTypes = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    if (onlyTypes) return [];
    if (!from.text.startsWith('.')) return [from.text];
    return loaded(normalize(join(dirname(file), from.text.replace(/\.js$/, '.ts'))), seen);
  });
}

test('--help and the first line wait for nothing heavy', async (t) => {
  const packages = new Set(loaded('cli/command-line.ts').filter((name) => !name.startsWith('node:')));
  t.same([...packages], ['commander']);
  const heavy = ['zod', 'yaml', 'playwright', 'livekit-client', '@roamhq/wrtc', '@peculiar/x509'];
  for (const file of ['cli/actions/check.ts', 'run/run.ts']) {
    const needed = loaded(file);
    t.ok(needed.length > 0);
    for (const name of heavy) t.notOk(needed.includes(name), `${file} without ${name}`);
  }
});
