/** What fails in Playwright names the code and the fix, whatever was wrong, and nothing that it leaves holds a secret. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun } from '../../evidence/load.js';
import type { EnvironmentRun } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import {
  type Conclusion,
  concludeAll,
  concludePath,
  concludeTried,
  concludeWire,
} from '../../fixtures/playwright-checks.js';
import { overheardSecrets } from '../lab/known-secrets.js';
import { secretsIn } from '../secrets.js';
import { documented, leftovers, makePackage, ownVariables, playwrightCli, runPlaywright } from './user.js';

const root = new URL('../../', import.meta.url);
const recorded = new URL('fixtures/runs/', root);

async function judged(file: string): Promise<EnvironmentRun> {
  const [saved] = (await loadRun(fileURLToPath(new URL(file, recorded)))).environments;
  if (!saved) throw new Error(`${file} has no environment`);
  return { ...saved, ...diagnose(saved) };
}

t.test('of every recorded run, what is at fault fails with its code and fix', async (t) => {
  for (const file of readdirSync(recorded).filter((name) => name.endsWith('.json'))) {
    const run = await judged(file);
    const conclusion = concludeAll(run);
    const errors = run.findings.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) {
      t.equal(conclusion.state, run.verdict === 'pass' ? 'passed' : 'skipped', `${file}: ${run.verdict}`);
      continue;
    }
    t.equal(conclusion.state, 'failed', file);
    const message = conclusion.state === 'failed' ? conclusion.message.replace(/\s+/g, ' ') : '';
    for (const { code, fix } of errors) {
      t.ok(message.includes(code), `${file}: ${code}`);
      t.ok(message.includes(fix.replace(/\s+/g, ' ')), `${file}: the fix of ${code}`);
    }
  }
});

t.test('a test is about its own subject', async (t) => {
  const healthy = await judged('healthy.json');
  const filtered = await judged('udp-filtered.claimed-stun.json');
  const certificate = await judged('tls-name-mismatch.turn.json');
  const tls = (run: EnvironmentRun, role: 'signal' | 'turn'): Conclusion =>
    concludeWire(run, { probes: ['tls'], codes: /^tls-/, role });
  t.match(concludePath(healthy, 'udp'), { state: 'passed' });
  t.match(concludePath(filtered, 'udp'), { state: 'failed', message: /udp-filtered at / });
  t.match(concludePath(filtered, 'tcp'), { state: 'passed' });
  t.match(concludePath(filtered, 'turn-tcp'), {
    state: 'skipped',
    reason: /not required, and the deployment does not/,
  });
  t.match(tls(certificate, 'turn'), { state: 'failed', message: /^tls-name-mismatch at / });
  t.match(tls(certificate, 'signal'), { state: 'passed' });

  const tried = { id: 'media:udp', probe: 'media', startMs: 0, endMs: 1, facts: {} };
  const failure = { kind: 'no-browser', message: 'there is no browser' };
  t.match(concludeTried(healthy, { ...tried, state: 'unsupported', failure }, 'udp'), {
    state: 'skipped',
    reason: 'there is no browser',
  });
  t.match(concludeTried(healthy, { ...tried, state: 'failed', failure }, 'udp'), { state: 'failed' });
  t.match(concludeTried(filtered, { ...tried, state: 'unreached', waitedFor: 'ice-udp' }, 'udp'), {
    state: 'failed',
    message: /udp-filtered/,
  });
});

t.test('a path that must not work passes where it does not', async (t) => {
  const open = await judged('forbidden-path-open.json');
  const shut = await judged('healthy.udp-forbidden.json');
  t.match(concludePath(open, 'udp'), { state: 'failed', message: /forbidden-path-open at / });
  t.match(concludePath(open, 'tcp'), { state: 'passed' });
  t.same(concludePath(shut, 'udp'), { state: 'passed', warnings: [] });

  const tried = { id: 'media:udp', probe: 'media', startMs: 0, endMs: 1, facts: {} };
  t.match(concludeTried(open, { ...tried, state: 'ok' }, 'udp'), { state: 'failed', message: /forbidden-path-open/ });
  const failure = { kind: 'timeout', message: 'nobody came' };
  t.same(concludeTried(shut, { ...tried, state: 'failed', failure }, 'udp'), { state: 'passed', warnings: [] });
  t.match(concludeTried(shut, { ...tried, state: 'unreached', waitedFor: 'ice-udp' }, 'udp'), { state: 'skipped' });
});

t.test('projects are environments × browsers, with the paths that are claimed', async (t) => {
  const files = new Map([
    ['livekit-doctor.yaml', JSON.stringify(file)],
    [
      'calls/paths.spec.ts',
      `import { test } from 'livekit-doctor/playwright';
for (const tag of ['@udp', '@turn-udp', '@tcp']) test('by ' + tag, { tag }, async ({ environment }) => void environment);
`,
    ],
    ['playwright.config.ts', documented().get('playwright.config.ts') ?? ''],
  ]);
  const directory = makePackage(t, files);
  const listed = await runPlaywright(directory, ['--list', '--reporter=list'], {
    LIVEKIT_URL: 'wss://elsewhere.example.com',
  });
  t.equal(listed.code, 0, listed.said);
  const tests = listed.said
    .split('\n')
    .flatMap((line) => /\[(\S+)\] › .* by (@\S+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  t.same(tests.sort(), [
    ...['@tcp', '@turn-udp', '@udp'].map((tag) => `production-chromium ${tag}`),
    ...['chromium', 'firefox'].flatMap((browser) => ['@turn-udp', '@udp'].map((tag) => `staging-${browser} ${tag}`)),
  ]);
  const missing = await runPlaywright(directory, ['--project=production-chromium', '--reporter=list', '--grep=@tcp']);
  t.equal(missing.code, 1);
  t.match(missing.said, /PRODUCTION_SECRET is not set/);
});

const file = {
  environments: {
    staging: {
      url: 'wss://livekit.example.com',
      auth: { apiKey: 'key', apiSecret: 'a-secret-of-staging' },
      paths: { required: ['udp'], optional: ['turn-udp'] },
      browsers: ['chromium', 'firefox'],
    },
    production: { url: 'wss://livekit.example.org', auth: { apiKey: 'key', apiSecret: `\${PRODUCTION_SECRET}` } },
  },
};

t.test(
  'in a lab with a fault, specs fail with the code and the fix, pictures and statistics',
  { timeout: 300_000 },
  async (t) => {
    const livekitServer = await requireLivekitServer();
    const files = documented();
    const spec = `${files.get('calls/talk.spec.ts')}
test('by udp alone', async ({ caller, callee }) => {
  await callee.join();
  await callee.publish();
  await caller.join({ path: 'udp', timeout: 3000 });
});
`;
    // Whoever wants to keep everything: what is packed is unpacked again, and searched.
    const config = (files.get('playwright.config.ts') ?? '')
      .replace("['html']", "['html'], ['blob']")
      .replace('workers: 1', "workers: 1, use: { trace: 'on', screenshot: 'on' }");
    const directory = makePackage(
      t,
      new Map([...files, ['playwright.config.ts', config], ['calls/talk.spec.ts', spec]]),
    );
    const faults = ['healthy/private-ca', 'udp-filtered', 'tls-name-mismatch/turn'];
    const sandbox = await openSandbox({ topology: 'plain', vantage: 'open', faults, livekitServer });
    t.teardown(() => sandbox.close());
    const inLab = async (folder: string, ...parameters: string[]): Promise<{ code: number | null; said: string }> => {
      const overhear = fileURLToPath(new URL('../lab/overhear.mjs', import.meta.url));
      const more = { HOME: process.env.HOME ?? '', NODE_OPTIONS: `--import=${overhear}`, OVERHEARD: overheard };
      const variables = Object.entries({ ...ownVariables, ...more }).map(([name, value]) => `${name}='${value}'`);
      const script = `cat "$0" >&2; cd '${folder}' && exec env ${variables.join(' ')} LIVEKIT_DOCTOR_CONFIG="$0" '${process.execPath}' '${playwrightCli}' test ${parameters.join(' ')}`;
      const { code, output, complaint } = await sandbox.order({ do: 'exec-at-vantage', command: ['sh', '-c', script] });
      secrets.add(/"apiSecret": "([^"]+)"/.exec(complaint)?.[1] ?? 'no secret was found');
      return { code, said: output };
    };
    const secrets = new Set<string>();
    const overheard = '/run/lab/overheard';

    t.test('a user\u2019s own', async (t) => {
      const { code, said } = await inLab(directory);
      t.equal(code, 1, said);
      t.match(said, /2 failed/);
      t.match(
        said,
        /by udp alone[\s\S]*the caller cannot join: [\s\S]*udp-filtered[\s\S]*Allow inbound UDP to 203\.0\.113\.10:7882/,
      );
      t.match(said, /calls\/talk\.spec\.ts:\d+:\d+/, 'and the place is the spec');
      const run = await loadRun(join(directory, 'run.json'));
      t.match(run.environments[0]?.findings.map(({ code }) => code).sort(), ['tls-name-mismatch', 'udp-filtered']);

      const left = leftovers(directory);
      const report =
        [...left].find(([name]) => /^report:.*\.json$/.test(name) && name !== 'report:report.json')?.[1] ?? '';
      for (const name of [
        'caller.png',
        'callee.png',
        'webrtc-internals-caller.json',
        'webrtc-internals-callee.json',
        'run.json',
      ]) {
        t.ok(report.includes(`"${name}"`), `${name} is attached`);
      }
      t.match(report, /candidate-pair/, 'statistics are in it');
      t.equal(secrets.size, 1);
      const { output } = await sandbox.order({ do: 'exec', host: 'client', command: ['cat', overheard] });
      const known = [...secrets, ...overheardSecrets(output)];
      t.ok(known.length > 3, 'ICE passwords and credentials of TURN were overheard');
      for (const [name, text] of left) {
        const found = ['usernameFragment', 'ice-pwd:', 'access_token='].filter((secret) => text.includes(secret));
        t.same([...found, ...secretsIn(text, known)], [], `nothing secret in ${name}`);
      }
      const names = [...left.keys()];
      t.ok(
        names.some((name) => /^blob-report\/.*\.zip:.*\.jsonl$/.test(name)),
        'the blob was unpacked',
      );
      t.ok(
        names.some((name) => /test-failed.*\.png$/.test(name)),
        'what was asked for is there',
      );
      t.notOk(
        names.some((name) => /trace/.test(name)),
        names.join(' '),
      );
      t.ok(left.size > 5);
    });

    t.test('the probes', async (t) => {
      const out = `--output='${join(directory, 'probes')}'`;
      const { code, said } = await inLab(
        root.pathname,
        '--reporter=list',
        out,
        '--grep',
        "'reached by udp|each other by udp|TURN host proves|goes on by turn-tls'",
      );
      t.equal(code, 1);
      t.match(said, /media is reached by udp[\s\S]*udp-filtered at plain/);
      t.match(said, /the TURN host proves who it is[\s\S]*tls-name-mismatch at plain/);
      t.match(said, /Issue a certificate whose subject alternative names include/);
      t.notMatch(said, /fallback-failed/, 'what waits for a broken path is not tried');
      t.notMatch(said, /passed/);
    });
  },
);
