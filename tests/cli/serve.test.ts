/** `serve` and `watch` as processes, against a real server: what they tell, how they reload and end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import parsePrometheus from 'parse-prometheus-text-format';
import t, { type Test } from 'tap';
import type { Run } from '../../evidence/run.js';
import { type Embedded, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { holdsNoSecret } from '../secrets.js';
import { cli, main, writeConfiguration } from './cli.js';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface Serving {
  readonly child: ChildProcess;
  readonly cwd: string;
  log(): string;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** Of a metric with these labels. */
  value(name: string, labels?: Record<string, string>): Promise<number | undefined>;
  /** Changes the only environment of the file. */
  configure(change: (entry: Record<string, unknown>) => Record<string, unknown>): Promise<void>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function until(t: Test, what: string, holds: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.fail(`it never came: ${what}`);
}

async function serve(
  t: Test,
  { environment }: Embedded,
  schedule: object,
  parameters: readonly string[] = [],
): Promise<Serving> {
  const cwd = t.testdir();
  await writeConfiguration(cwd, environment);
  const file = join(cwd, 'livekit-doctor.yaml');
  const configure: Serving['configure'] = async (change) => {
    const { environments } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ environments: { own: change(environments.own) } }));
  };
  await configure((entry) => ({ ...entry, schedule }));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LIVEKIT_DOCTOR_MARK: cwd };
  const command = ['serve', '--listen', '127.0.0.1:0', '--history', 'runs', ...parameters];
  const child = spawn(process.execPath, [main, ...command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => void child.kill('SIGKILL'));
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await until(t, 'listening', async () => /listening on/.test(told) || child.exitCode !== null);
  const port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(told)?.[1]);
  const get: Serving['get'] = (path, headers = {}, method = 'GET') =>
    new Promise((resolve, reject) => {
      const asking = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      asking.once('error', reject).end();
    });
  return {
    child,
    cwd,
    get,
    configure,
    log: () => told,
    value: async (name, labels) => valueIn((await get('/metrics')).body, name, labels),
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}

function valueIn(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const family = parsePrometheus(text).find((one) => one.name === `livekit_doctor_${name}`);
  const found = family?.metrics.find((one) =>
    Object.entries(labels).every(([label, value]) => one.labels?.[label] === value),
  );
  return found && Number(found.value);
}

/** Processes that inherited the mark. */
async function left(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`LIVEKIT_DOCTOR_MARK=${mark}\0`)) found.push(pid);
  }
  return found;
}

const wire = { environment: 'own', depth: 'wire' };

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('what is asked for wrongly is refused at once', async (t) => {
    const cwd = t.testdir({
      'livekit-doctor.yaml': 'environments: { own: { url: "wss://x.test", auth: { apiKey: k, apiSecret: s } } }',
    });
    const refused = async (parameters: string[], message: RegExp): Promise<void> => {
      const { code, stderr } = await cli(parameters, { cwd });
      t.equal(code, 2, stderr);
      t.match(stderr, message);
      t.notMatch(stderr, /^ +at /m);
    };
    await refused(['serve', 'owm'], /no environment "owm".*did you mean "own"/);
    await refused(['serve', '--listen', 'nowhere'], /127\.0\.0\.1:9799/);
    await refused(['serve', '--listen', '192.0.2.77:9799'], /--listen 192\.0\.2\.77:9799: this machine has no such/);
    await refused(['serve', 'embedded'], /no deployment to keep checking/);
    await refused(['watch', '--browsers', '0'], /from 1 to 64/);
  });

  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());

  t.test('a healthy environment: metrics, page, report, a check on demand, and a clean end', async (t) => {
    const it = await serve(t, embedded, { wire: '2s', media: 'off' });
    await until(t, 'ready', async () => (await it.get('/readyz')).status === 200);
    t.equal((await it.get('/healthz')).body, 'ok\n');
    const metrics = await it.get('/metrics');
    t.equal(valueIn(metrics.body, 'probe_success', wire), 1);
    t.equal(valueIn(metrics.body, 'schedule_period_seconds', wire), 2);
    t.equal(valueIn(metrics.body, 'config_last_reload_successful'), 1);
    t.match(metrics.body, /^process_resident_memory_bytes \d/m);
    t.match(metrics.headers['content-type'], 'text/plain; version=0.0.4');

    const probe = await it.get('/probe?environment=own&depth=wire');
    t.equal(valueIn(probe.body, 'probe_success', wire), 1);
    t.equal(valueIn(probe.body, 'path_success', { ...wire, path: 'turn-tls', layer: 'reach' }), 1);
    const late = await it.get('/probe?environment=own&depth=peer', { 'x-prometheus-scrape-timeout-seconds': '0.1' });
    t.equal(late.status, 200);
    t.match(late.body, '# the check did not end in 50 ms');
    t.equal(valueIn(late.body, 'probe_success'), 0);

    const status = await it.get('/');
    t.match(status.body, /1 of 1 check pass/);
    t.match(
      status.headers['content-security-policy'],
      /^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'$/,
    );
    t.notMatch(status.body, /<script|(src|href)="(https?:)?\/\/|style="/, 'it loads nothing');
    const report = await it.get('/report?environment=own&depth=wire');
    t.match(report.body, '<h1>own passes</h1>');
    const document = JSON.parse((await it.get('/report?environment=own&depth=wire&format=json')).body) as Run;
    t.equal(document.environments[0]?.verdict, 'pass');

    const { auth } = embedded.environment;
    holdsNoSecret(
      t,
      [metrics, probe, status, report].map(({ body }) => body).join('') + it.log(),
      ...Object.values(auth),
    );

    for (const [path, code, words] of [
      ['/probe', 400, /Which environment.*own/],
      ['/probe?environment=other', 404, /no environment "other". There are: own/],
      ['/probe?target=http://169.254.169.254/', 400, /no parameter "target".*An address is never taken/],
      ['/probe?environment=own&environment=own', 400, /twice/],
      ['/probe?environment=own&depth=deep', 400, /no depth "deep"/],
      ['/report?environment=own&depth=media', 404, /not checked at the depth media by itself/],
      ['/report?environment=own&format=xml', 400, /no format "xml"/],
      ['/../etc/passwd', 404, /There are: /],
    ] as const) {
      const { status: is, body } = await it.get(path);
      t.equal(is, code, path);
      t.match(body, words);
    }
    t.equal((await it.get('/-/reload', {}, 'POST')).status, 405);

    t.equal(await it.end('SIGTERM'), 0, it.log());
    t.same(await left(it.cwd), [], 'no process is left');
    const files = await readdir(join(it.cwd, 'runs'));
    t.ok(files.length > 0 && files.every((file) => /\.own\..*pass\.json$/.test(file)), String(files));
  });

  t.test('a fault counts from its second run on, and a bad configuration changes nothing', async (t) => {
    const it = await serve(t, embedded, { wire: '1h', media: 'off' });
    await it.configure((entry) => ({ ...entry, schedule: { wire: 'soon' } }));
    it.child.kill('SIGHUP');
    await until(t, 'told', async () => it.log().includes('the configuration stays as it was'));
    t.match(it.log(), /own\.schedule\.wire|schedule\.wire: expected a duration from 1s to 24h, or off/);
    t.equal(await it.value('config_last_reload_successful'), 0);
    t.equal(await it.value('schedule_period_seconds', wire), 3600);

    await it.configure(({ dns, ...entry }) => ({
      ...entry,
      url: 'wss://missing.doctor.test',
      dns: { ...(dns as object) },
      schedule: { wire: '1s', media: 'off' },
    }));
    it.child.kill('SIGHUP');
    await until(t, 'a verdict', async () => (await it.value('probe_success', wire)) !== undefined);
    const about = { ...wire, code: 'dns-name-missing' };
    t.equal(await it.value('probe_success', wire), 0);
    t.equal(await it.value('probe_verdict', { ...wire, verdict: 'fail' }), 1);
    t.equal(await it.value('finding', about), 1);
    t.equal(await it.value('config_last_reload_successful'), 1);
    t.ok(((await it.value('runs_total', { ...wire, verdict: 'fail' })) ?? 0) >= 2, 'it was repeated');
    t.match(it.log(), 'own wire: fail: dns-name-missing');

    await it.configure((entry) => ({ ...entry, url: embedded.environment.url.href }));
    it.child.kill('SIGHUP');
    await until(t, 'over', async () => (await it.value('probe_success', wire)) === 1);
    t.equal(await it.value('finding', about), undefined);
    t.equal(await it.end('SIGINT'), 0);
    t.same(await left(it.cwd), []);
  });

  t.test('watch says what changes on standard output, and needs no port', async (t) => {
    const cwd = t.testdir();
    await writeConfiguration(cwd, embedded.environment);
    const { code, stdout } = await cli(['watch', '--verbose'], {
      cwd,
      env: { LIVEKIT_DOCTOR_BROWSER: '/nowhere/chromium' },
      onOutput: (text, kill) => void (text.includes('own wire: pass') && kill('SIGTERM')),
    });
    t.equal(code, 0);
    t.match(stdout, /own: media is not checked by itself, as there is no browser here/);
    t.match(stdout, /checking own \(wire every 30/);
    t.match(stdout, /Z own wire: pass\n/);
    t.notMatch(stdout, 'listening');
  });
}
