/** `serve` and `watch` as processes, against a real server: what they tell, how they reload and end. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run } from '../../evidence/run.js';
import { type Embedded, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { holdsNoSecret } from '../secrets.js';
import { cli, writeConfiguration } from './cli.js';
import { left, type Serving, startServing, until, valueIn } from './serving.js';

async function serve(
  t: Test,
  { environment }: Embedded,
  schedule: object,
): Promise<Serving & { configure(change: (entry: Entry) => Entry): Promise<void> }> {
  const cwd = t.testdir();
  await writeConfiguration(cwd, environment);
  const file = join(cwd, 'livekit-doctor.yaml');
  const configure = async (change: (entry: Entry) => Entry): Promise<void> => {
    const { environments } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ environments: { own: change(environments.own) } }));
  };
  await configure((entry) => ({ ...entry, schedule }));
  return { ...(await startServing(t, cwd, ['--history', 'runs'])), configure };
}

const wire = { environment: 'own', depth: 'wire' };

type Entry = Record<string, unknown>;

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
    await refused(['serve', '--history', 'livekit-doctor.yaml'], /--history livekit-doctor\.yaml: it is not a folder/);
    await refused(['serve', '--listen', '[2001:db8::7]:9799'], /--listen \[2001:db8::7\]:9799: /);
    await refused(['serve', 'embedded'], /no deployment to keep checking: .*livekit-doctor init/);
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
    t.equal((await it.get('/', { host: 'evil.example' })).status, 421);

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
    // Until it is read, what the one before saw is still told.
    await until(t, 'a verdict', async () => (await it.value('probe_success', wire)) === 0);
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
    t.match(stdout, /checking own \(wire every 30 s\)/);
    t.match(stdout, /Z own wire: pass\n/);
    t.notMatch(stdout, 'listening');
  });
}
