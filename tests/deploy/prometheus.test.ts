/** The example alerts and the dashboard: right by Prometheus' own tool, and about metrics that there are. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { findProgram } from '../../fixtures/lab/programs.js';
import { startServing } from '../cli/serving.js';

const deploy = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const promtool = findProgram('promtool');
const skip = promtool ? false : 'there is no promtool (Debian package prometheus)';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: { expr: string }[];
}

interface Rules {
  readonly groups: { rules: { alert: string; expr: string }[] }[];
}

const { panels, templating } = JSON.parse(readFileSync(deploy('grafana/dashboard.json'), 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; query: string | { query: string } }[] };
};
const rules = (parse(readFileSync(deploy('prometheus/alerts.yaml'), 'utf8')) as Rules).groups.flatMap(
  ({ rules }) => rules,
);
const drawn = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

function tool(args: readonly string[], input = ''): Promise<{ code: number; told: string }> {
  return new Promise((resolve) => {
    const child = execFile(promtool ?? '', [...args], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), told: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

t.test('promtool: the rules, their tests, and the scrape jobs', { skip }, async (t) => {
  for (const args of [
    ['check', 'rules', deploy('prometheus/alerts.yaml')],
    ['test', 'rules', deploy('prometheus/alerts.test.yaml')],
    ['check', 'config', deploy('prometheus/scrape.yaml')],
  ]) {
    const { code, told } = await tool(args);
    t.equal(code, 0, told);
  }
  const tested = readFileSync(deploy('prometheus/alerts.test.yaml'), 'utf8');
  for (const { alert } of rules) t.match(tested, `alertname: ${alert}\n`, `${alert} is tested`);
});

t.test('promtool: what the dashboard asks is PromQL', { skip }, async (t) => {
  const directory = t.testdir();
  const asked = drawn.map(({ expr }, i) => ({ record: `panel_${i}`, expr: expr.replaceAll(/\$\w+/g, '.*') }));
  const file = join(directory, 'dashboard.json');
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asked }] }));
  const { code, told } = await tool(['check', 'rules', file]);
  t.equal(code, 0, told);
  t.ok(drawn.length > 15);
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
});

t.test('every metric that they name is told by the exporter', async (t) => {
  const cwd = t.testdir();
  mkdirSync(cwd, { recursive: true });
  // Nobody listens there; what is told of a metric does not need a deployment.
  await writeFile(
    join(cwd, 'livekit-doctor.yaml'),
    JSON.stringify({
      environments: {
        own: {
          url: 'ws://127.0.0.1:9',
          auth: { apiKey: 'key', apiSecret: 'a-secret-of-nobody' },
          stun: { servers: [] },
          schedule: { wire: '1h', media: 'off' },
        },
      },
    }),
  );
  const it = await startServing(t, cwd);
  const { body } = await it.get('/metrics');
  const there = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  t.ok(there.length > 50);
  const queries = templating.list.map(({ query }) => ({ expr: typeof query === 'string' ? '' : query.query }));
  for (const { expr } of [...rules, ...drawn, ...queries]) {
    for (const [name] of expr.matchAll(/\b(livekit_doctor|process|nodejs)_\w+/g)) t.ok(there.includes(name), name);
  }
  if (promtool) {
    const { told } = await tool(['check', 'metrics'], body);
    // Those are what prom-client tells of Node, by names that others know.
    t.same(
      told.split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_')),
      [],
    );
  }
  await it.end('SIGTERM');
});
