/** The command line against real servers: what it prints, what it keeps, how it ends. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t, { type Test } from 'tap';
import type { Environment } from '../../environment/environment.js';
import type { Run } from '../../evidence/run.js';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { holdsNoSecret } from '../secrets.js';
import { type Called, cli, type Result, writeConfiguration } from './cli.js';

const schema = JSON.parse(await readFile(new URL('../../evidence/run.schema.json', import.meta.url), 'utf8'));
const accepts = new Ajv2020({ validateFormats: false }).compile(schema);

/** Starts an environment of this process's own, and checks it by its name in a configuration file. */
async function checkOwn(
  t: Test,
  options: EmbeddedOptions,
  change: (environment: Environment, embedded: Embedded) => Environment | Promise<Environment>,
  parameters: readonly string[] = ['--depth', 'wire', '--json'],
): Promise<Result & { cwd: string }> {
  const embedded = await startEmbedded(options);
  t.teardown(() => embedded.stop());
  const cwd = t.testdir();
  await writeConfiguration(cwd, await change(embedded.environment, embedded));
  return { ...(await cli(['check', 'own', ...parameters], { cwd })), cwd };
}

/** The only environment of the one document that is on standard output. */
function environmentOf({ stdout }: Result) {
  const run = JSON.parse(stdout) as Run;
  const [environment] = run.environments;
  if (!environment) throw new Error('no environment');
  return environment;
}

/** Without the note that the machine of the test was busy while it looked, which is true of it and blames nobody. */
const codes = (result: Result) =>
  environmentOf(result)
    .findings.map(({ code, severity }) => `${severity} ${code}`)
    .filter((finding) => finding !== 'info vantage-starved');

/** Processes of ours that still run, known by a variable that they inherited. */
async function left(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(mark)) found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => pid));
  }
  return found;
}

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('a healthy environment passes on every path, at every layer', async (t) => {
    const cwd = t.testdir();
    const result = await cli(['check', 'embedded', '--json', '--save', 'run.json'], { cwd });
    t.equal(result.code, 0, result.stderr);
    const { paths, verdict, findings } = environmentOf(result);
    const proven = { required: true, reach: 'ok', media: 'ok' };
    t.match(paths, {
      udp: { ...proven, peer: 'ok' },
      tcp: { ...proven, peer: 'ok' },
      'turn-udp': proven,
      'turn-tls': proven,
    });
    t.same(
      findings.filter(({ severity }) => severity !== 'info'),
      [],
    );
    t.equal(verdict, 'pass');
    t.ok(accepts(JSON.parse(result.stdout)), JSON.stringify(accepts.errors));
    t.same(JSON.parse(await readFile(join(cwd, 'run.json'), 'utf8')), JSON.parse(result.stdout), 'the same was saved');
    holdsNoSecret(t, result.stdout + result.stderr);
  });

  t.test('--json prints one document that the schema accepts, without any secret', async (t) => {
    let secrets: string[] = [];
    const remember = (environment: Environment): Environment => {
      secrets = Object.values(environment.auth);
      return environment;
    };
    const result = await checkOwn(t, {}, remember, ['--depth', 'wire', '--idle', '300ms', '--json']);
    t.equal(result.code, 0, result.stderr);
    const { asked, observations } = environmentOf(result);
    t.equal(asked.idleMs, 300);
    t.match(
      observations.find(({ probe }) => probe === 'idle'),
      { state: 'ok', facts: { askedMs: 300, cuts: [] } },
    );
    t.ok(accepts(JSON.parse(result.stdout)), JSON.stringify(accepts.errors));
    t.equal(secrets.length, 2);
    holdsNoSecret(t, result.stdout + result.stderr, ...secrets);
    t.match(result.stderr, /^livekit-doctor \d/);
    t.match(result.stderr, 'Checking own  wss://livekit.doctor.test');
  });

  t.test('the server stopped behind its front: ingress-backend-down alone', async (t) => {
    const result = await checkOwn(t, {}, async (environment, { server }) => {
      await server.stop();
      return environment;
    });
    t.equal(result.code, 1);
    t.same(codes(result), ['error ingress-backend-down']);
  });

  t.test('a wrong secret: token-secret-wrong alone; and neither secret is told', async (t) => {
    const wrong = 'another-secret-that-is-long-enough-to-be-one';
    let right: string[] = [];
    const result = await checkOwn(t, {}, (environment) => {
      right = Object.values(environment.auth);
      return { ...environment, auth: { apiKey: right[0] ?? '', apiSecret: wrong } };
    });
    t.equal(result.code, 1);
    t.same(codes(result), ['error token-secret-wrong']);
    holdsNoSecret(t, result.stdout + result.stderr, wrong, right[1] ?? '');
  });

  t.test('a name that does not exist: dns-name-missing alone', async (t) => {
    const result = await checkOwn(t, {}, (environment) => ({
      ...environment,
      url: new URL('wss://missing.doctor.test'),
    }));
    t.equal(result.code, 1);
    t.same(codes(result), ['error dns-name-missing']);
    t.match(environmentOf(result).findings[0]?.summary, 'missing.doctor.test');
  });

  t.test('TURN off: an error only where a TURN path is required', async (t) => {
    const off = { config: { turn: { enabled: false } } };
    const required = await checkOwn(t, off, (environment) => environment);
    t.equal(required.code, 1);
    t.same(codes(required), ['error turn-not-offered']);
    await t.test('else a note, as a deployment without TURN is not broken', async (t) => {
      const withoutTurn = (environment: Environment) => {
        const { dns, tls, media } = environment.claims;
        return { ...environment, claims: { dns, tls, media } };
      };
      const optional = await checkOwn(t, off, withoutTurn);
      t.equal(optional.code, 0, optional.stderr);
      t.same(codes(optional), ['info turn-not-offered']);
    });
  });

  t.test('a wrong rtc.node_ip: media-address-wrong names the address that answers, and the key', async (t) => {
    const silent = '127.0.99.99';
    const result = await checkOwn(t, { config: { rtc: { node_ip: silent } } }, (environment) => environment);
    t.equal(result.code, 1);
    const { findings } = environmentOf(result);
    t.equal(findings[0]?.code, 'media-address-wrong');
    t.match(findings[0]?.fix, 'rtc.node_ip');
    t.match(findings[0]?.fix, '127.0.0.1');
    t.match(findings[0]?.summary, silent);
    t.same(findings.filter(({ severity }) => severity === 'error').length, 1, JSON.stringify(codes(result)));
  });

  t.test('without a browser: the other layers run, and the text says how to get one', async (t) => {
    const called: Called = { env: { LIVEKIT_DOCTOR_BROWSER: '/nowhere/chromium' } };
    const result = await cli(['check', 'embedded', '--json'], called);
    t.equal(result.code, 3, result.stderr);
    const { paths, verdict } = environmentOf(result);
    t.equal(verdict, 'inconclusive');
    t.match(paths, { udp: { reach: 'ok', peer: 'ok', media: 'unsupported' } });
    t.match(codes(result).join(), 'browser-missing');
    const fix = environmentOf(result).findings.find(({ code }) => code === 'browser-missing')?.fix;
    t.match(fix, /install|LIVEKIT_DOCTOR_BROWSER/);
  });

  t.test('a saved run is judged the same offline', async (t) => {
    const saved = await checkOwn(t, { config: { rtc: { node_ip: '127.0.99.99' } } }, (environment) => environment, [
      '--depth',
      'wire',
      '--save',
      'run.json',
    ]);
    t.equal(saved.code, 1);
    const run = JSON.parse(await readFile(join(saved.cwd, 'run.json'), 'utf8'));
    t.match(saved.stdout, /✗ error {2}media-address-wrong/);
    const again = await cli(['diagnose', 'run.json', '--json'], { cwd: saved.cwd });
    t.equal(again.code, 1);
    t.same(JSON.parse(again.stdout), run);
    const text = await cli(['diagnose', 'run.json'], { cwd: saved.cwd });
    t.equal(text.stdout, saved.stdout);
  });

  t.test('the embedded environment starts where its ports are taken, and nothing stays behind', async (t) => {
    const other = await startEmbedded();
    t.teardown(() => other.stop());
    const mark = `DOCTOR_TEST_MARK=${Math.random()}`;
    const env = { DOCTOR_TEST_MARK: mark.slice(mark.indexOf('=') + 1) };
    const result = await cli(['check', 'embedded', '--depth', 'wire', '--json'], { env });
    t.equal(result.code, 0, result.stderr);
    t.equal(environmentOf(result).paths['turn-tls']?.reach, 'ok');
    t.equal(result.stderr.match(/livekit-doctor \d/g)?.length, 1, 'it introduces itself once');
    t.same(await left(mark), []);

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      let sent = false;
      const interrupted = await cli(['check', 'embedded', '--json'], {
        env,
        onProgress: (text, kill) => {
          if (!sent && /dns|signal/.test(text)) {
            sent = true;
            kill(signal);
          }
        },
      });
      t.equal(interrupted.code, 130, signal);
      t.equal(interrupted.stdout, '', 'no half of a report');
      t.same(await left(mark), [], 'no process is left');
    }
  });
}
