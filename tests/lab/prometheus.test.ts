/**
 * A real Prometheus in the lab: it scrapes `serve`, its alerts come with a fault and go with it. The rules are those of
 * deploy/prometheus; only their `for:` is shorter here, by a factor.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import type { EnvironmentEntry } from '../../environment/schema.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { findProgram } from '../../fixtures/lab/programs.js';
import { openSandbox, type Sandbox } from '../../fixtures/lab/sandbox.js';

const prometheus = findProgram('prometheus');
const skip = prometheus ? false : 'there is no prometheus (Debian package prometheus)';
const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const exporter = '127.0.0.1:9799';
const api = '127.0.0.1:9090';
/** Ten minutes are three seconds. */
const faster = 200;
const patienceMs = 60_000;

interface Rule {
  readonly for?: string;
}

/** The rules as they are delivered, but for their patience. JSON is YAML. */
function hastyRules(): string {
  const { groups } = parse(readFileSync(file('deploy/prometheus/alerts.yaml'), 'utf8')) as {
    groups: { name: string; rules: Rule[] }[];
  };
  const units: Record<string, number> = { s: 1, m: 60, h: 3600 };
  const hasty = (text: string): string => {
    const [, number, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
    const ms = (Number(number) * (units[unit] ?? Number.NaN) * 1000) / faster;
    return `${Math.round(ms)}ms`;
  };
  const rules = (all: Rule[]): Rule[] => all.map((rule) => (rule.for ? { ...rule, for: hasty(rule.for) } : rule));
  return JSON.stringify({ groups: groups.map((group) => ({ ...group, rules: rules(group.rules) })) });
}

interface Alert {
  readonly labels: { alertname: string; environment?: string };
  readonly annotations: { summary: string; description?: string };
  readonly state: 'pending' | 'firing';
}

async function command(sandbox: Sandbox, host: string, script: string): Promise<string> {
  const { code, output, complaint } = await sandbox.order({ do: 'exec', host, command: ['sh', '-c', script] });
  if (code !== 0) throw new Error(`${script}: ${complaint}`);
  return output;
}

/** Whoever ends it ends the sandbox. */
async function startBoth(sandbox: Sandbox): Promise<void> {
  const { output } = await sandbox.order({ do: 'exec-at-vantage', command: ['cat'] });
  const { environments } = JSON.parse(output) as { environments: Record<string, EnvironmentEntry> };
  const schedule = { wire: '5s', media: 'off' };
  const entry = { ...Object.values(environments)[0], schedule };
  const required = entry.paths?.required ?? [];
  const others = { required: required.filter((path) => path !== 'udp'), optional: ['udp'] };
  const written = { environments: { strict: entry, lenient: { ...entry, paths: others } } };
  const scraping = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'livekit-doctor', static_configs: [{ targets: [exporter] }] }],
  };
  for (const [name, text] of Object.entries({
    'serve.yaml': JSON.stringify(written),
    'alerts.yaml': hastyRules(),
    'prometheus.yml': JSON.stringify(scraping),
  })) {
    const encoded = Buffer.from(text).toString('base64');
    await command(sandbox, 'client', `echo ${encoded} | base64 -d > /run/lab/${name}`);
  }
  const serve = `exec '${process.execPath}' '${file('dist/cli/main.js')}' serve --listen ${exporter}`;
  const both = {
    serve: sandbox.order({ do: 'exec-at-vantage', command: ['sh', '-c', `${serve} --config /run/lab/serve.yaml`] }),
    prometheus: sandbox.order({
      do: 'exec',
      host: 'client',
      command: [
        prometheus ?? '',
        '--config.file=/run/lab/prometheus.yml',
        '--storage.tsdb.path=/run/lab/tsdb',
        `--web.listen-address=${api}`,
      ],
    }),
  };
  // They end with the sandbox, and then nobody waits for them any more.
  for (const one of Object.values(both)) one.catch(() => {});
}

async function alerts(sandbox: Sandbox): Promise<Alert[]> {
  const answer = JSON.parse(await command(sandbox, 'client', `curl --silent --fail http://${api}/api/v1/alerts`)) as {
    data: { alerts: Alert[] };
  };
  return answer.data.alerts;
}

async function ask(sandbox: Sandbox, query: string): Promise<{ metric: Record<string, string>; value: string }[]> {
  const output = await command(
    sandbox,
    'client',
    `curl --silent --fail --get --data-urlencode 'query=${query}' http://${api}/api/v1/query`,
  );
  const { data } = JSON.parse(output) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
}

async function until<T>(t: Test, what: string, look: () => Promise<T | undefined | false>): Promise<T | undefined> {
  const beganMs = performance.now();
  while (performance.now() - beganMs < patienceMs) {
    const found = await look().catch(() => undefined);
    if (found) {
      t.comment(`${what}: after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
      return found;
    }
    await sleep(300);
  }
  t.fail(`it never came: ${what}`);
  return undefined;
}

t.test('alerts come with a fault and go with it', { skip }, async (t) => {
  const livekitServer = await requireLivekitServer();
  const sandbox = await openSandbox({ topology: 'plain', vantage: 'open', faults: [], livekitServer });
  t.teardown(() => sandbox.close());
  await startBoth(sandbox);
  const named = (all: readonly Alert[], name: string, environment: string): Alert | undefined =>
    all.find(({ labels }) => labels.alertname === name && labels.environment === environment);

  await until(t, 'both environments are scraped, and pass', async () => {
    const success = await ask(sandbox, 'livekit_doctor_probe_success');
    return success.length === 2 && success.every(({ value }) => value === '1');
  });
  t.same(await alerts(sandbox), [], 'and nobody is woken');

  // From outside: the server's own relay still reaches it.
  const udpPort = 7882;
  const drop = [
    'nft add table inet fault',
    "nft add chain inet fault input '{ type filter hook input priority -1; }'",
    `nft add rule inet fault input iifname != lo udp dport ${udpPort} drop`,
  ];
  await command(sandbox, 'server', drop.join(' && '));
  const states = new Set<string>();
  const fired = await until(t, 'all that should fire fires', async () => {
    const all = await alerts(sandbox);
    for (const { labels, state } of all) states.add(`${labels.alertname} ${labels.environment} ${state}`);
    const wanted = [
      named(all, 'LiveKitFails', 'strict'),
      named(all, 'LiveKitPathBroken', 'strict'),
      named(all, 'LiveKitWarning', 'lenient'),
    ];
    return wanted.every((one) => one?.state === 'firing') && all;
  });
  t.comment([...states].sort().join('; '));
  t.ok(states.has('LiveKitWarning lenient pending'), 'a warning waits first');
  const fails = named(fired ?? [], 'LiveKitFails', 'strict');
  t.equal(fails?.annotations.summary, 'People cannot meet on strict as it promises (wire)');
  t.equal(fails?.annotations.description?.trim(), 'udp-filtered', 'it names the cause');
  t.equal(named(fired ?? [], 'LiveKitWarning', 'lenient')?.annotations.summary, 'lenient: udp-filtered');
  t.notOk(named(fired ?? [], 'LiveKitFails', 'lenient'), 'what is not required fails nobody');

  await command(sandbox, 'server', 'nft delete table inet fault');
  await until(t, 'all is over', async () => (await alerts(sandbox)).length === 0);
  t.same(
    (await ask(sandbox, 'livekit_doctor_finding{severity!="info"}')).map(({ metric }) => metric.code),
    [],
    'and nothing is found any more',
  );
});
