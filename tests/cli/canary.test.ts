/** Secrets that are known are given to a run in every way there is, and looked for in everything that it leaves. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type Certificate, makeCertificate } from '../../fixtures/certificates.js';
import { type ServerConfig, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { reporters } from '../../reporters/index.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { overheardSecrets } from '../lab/known-secrets.js';
import { formsOf, holdsNoSecret } from '../secrets.js';
import { cli, writeConfiguration } from './cli.js';

const canary = (name: string): string => `canary-${name}+/${randomBytes(12).toString('base64')}`;

/** Answers everything with what it was sent, headers too, as a server does whose error page says too much. */
async function parrot(t: Test, status: number, tls?: Certificate) {
  const bodies: string[] = [];
  const repeat: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString('latin1'));
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ kind: 'Status', message: JSON.stringify(request.headers) }));
    });
  };
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.privateKey }, repeat) : createServer(repeat);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => server.close());
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const names = Object.keys(reporters).filter((name) => name !== 'console');
const every = names.flatMap((name) => [
  '--reporter',
  reporters[name]?.sent || reporters[name]?.beside ? name : `${name}=report.${name}`,
]);

/** What is in a directory by its name, but for the files that hold the secrets by their nature. */
function filesIn(directory: string, ours: readonly string[]): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((one) => one.isFile() && !ours.includes(one.name))
      .map((one) => [one.name, readFileSync(join(one.parentPath, one.name), 'latin1')]),
  );
}

t.test('a secret is seen in whatever clothes it comes', async (t) => {
  const secret = canary('any');
  const clothes = [
    secret,
    `https://x.test/?key=${encodeURIComponent(secret)}`,
    JSON.stringify({ secret: `"${secret}"` }),
    ...['', 'a', 'ab', 'abc'].map((before) => Buffer.from(`${before}${secret}:b`).toString('base64')),
    Buffer.from(`key:${secret}`).toString('base64url'),
    Buffer.from(`key:${secret}`).toString('hex'),
  ];
  for (const text of clothes)
    t.ok(
      formsOf(secret).some((form) => text.includes(form)),
      text,
    );
});

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('none of them is in anything that a run leaves', async (t) => {
    const tls = await makeCertificate({ names: ['127.0.0.1'] });
    const [endpoint, cluster] = [await parrot(t, 500), await parrot(t, 500, tls)];
    const [collector, store] = [await parrot(t, 200), await parrot(t, 200)];
    const turn = canary('turn');
    const [header, bearer, otel] = [canary('header'), canary('kubernetes'), canary('otel')];
    const signature = canary('signature');
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const config = {
      rtc: {
        turn_servers: [{ host: '127.0.0.1', port: 3999, protocol: 'udp', username: 'doctor', credential: turn }],
      },
    } as unknown as ServerConfig;
    const embedded = await startEmbedded({ config });
    t.teardown(() => embedded.stop());
    const { auth } = embedded.environment;
    if (!('apiSecret' in auth)) throw new Error('the embedded environment has a key and a secret');

    const cwd = t.testdir();
    await writeConfiguration(cwd, embedded.environment);
    await appendFile(join(cwd, 'ca.pem'), String(key));
    const file = join(cwd, 'livekit-doctor.yaml');
    const { environments } = JSON.parse(await readFile(file, 'utf8')) as { environments: { own: object } };
    const backend = {
      ...environments.own,
      auth: { tokenEndpoint: endpoint.url, headers: { Authorization: `Bearer ${header}` } },
    };
    const authority = Buffer.from(tls.certificate).toString('base64');
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      clusters: [{ name: 'x', cluster: { server: cluster.url, 'certificate-authority-data': authority } }],
      users: [{ name: 'x', user: { token: bearer } }],
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    };
    const own = { ...environments.own, claims: { kubernetes: { kubeconfig: 'kubeconfig' } } };
    await writeFile(join(cwd, 'kubeconfig'), JSON.stringify(kubeconfig));
    await writeFile(file, JSON.stringify({ environments: { own, backend } }));

    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(`Bearer ${otel}`)}`,
      LIVEKIT_DOCTOR_UPLOAD_URL: `${store.url}/run.json?signature=${encodeURIComponent(signature)}`,
      GITHUB_STEP_SUMMARY: join(cwd, 'summary.md'),
    };
    const { stdout, stderr } = await cli(
      ['check', 'own', 'backend', '--depth', 'wire', '--verbose', '--history', 'runs', '--save', 'run.json', ...every],
      { cwd, env },
    );
    t.match(stdout, /turn-udp:\S*3999/, 'the TURN server of the canary was looked at');
    t.match(stdout, /token-endpoint-failed/);
    t.ok(endpoint.bodies.length > 0, 'the token endpoint was asked');
    t.ok(cluster.bodies.length > 0, 'the cluster was asked');
    t.equal(collector.bodies.length, 2);
    t.equal(store.bodies.length, 1);

    const files = filesIn(cwd, ['livekit-doctor.yaml', 'ca.pem', 'kubeconfig']);
    t.ok(Object.keys(files).length >= names.length);
    const left = {
      'standard output': stdout,
      'standard error': stderr,
      OTLP: collector.bodies.join('\n'),
      'an object store': store.bodies.join('\n'),
      ...files,
    };
    const keyLine = String(key).split('\n')[1] ?? '';
    for (const [name, text] of Object.entries(left)) {
      t.test(name, async (t) => holdsNoSecret(t, text, auth.apiSecret, turn, header, bearer, otel, signature, keyLine));
    }
  });

  t.test('nor in what calls by browsers leave, nor in what is made of their run later', async (t) => {
    const [collector, store] = [await parrot(t, 400), await parrot(t, 403)];
    const [turn, otel, signature] = [canary('turn'), canary('otel'), canary('signature')];
    const servers = [{ host: '127.0.0.1', port: 3998, protocol: 'udp', username: 'doctor', credential: turn }];
    const embedded = await startEmbedded({ config: { rtc: { turn_servers: servers } } as unknown as ServerConfig });
    t.teardown(() => embedded.stop());
    const { auth, url } = embedded.environment;
    if (!('apiSecret' in auth)) throw new Error('the embedded environment has a key and a secret');

    const directory = t.testdir({ here: {} });
    const [cwd, heard] = [join(directory, 'here'), join(directory, 'heard')];
    await writeConfiguration(cwd, embedded.environment);
    const overhear = fileURLToPath(new URL('../lab/overhear.mjs', import.meta.url));
    const env = {
      NODE_OPTIONS: `--import=${overhear}`,
      OVERHEARD: heard,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(otel)}`,
      LIVEKIT_DOCTOR_UPLOAD_URL: `${store.url}/run.json?signature=${encodeURIComponent(signature)}`,
      LIVEKIT_API_KEY: auth.apiKey,
      LIVEKIT_API_SECRET: auth.apiSecret,
      LIVEKIT_DOCTOR_CA: 'ca.pem',
    };
    const said: Record<string, string> = {};
    const call = async (expected: number, ...parameters: string[]): Promise<string> => {
      const { code, stdout, stderr } = await cli(parameters, { cwd, env });
      said[parameters.join(' ')] = stdout + stderr;
      t.equal(code, expected, `${parameters[0]}: ${stderr}`);
      return stdout + stderr;
    };
    const media = ['--path', 'udp', '--depth', 'media'];
    const seen = await call(2, 'check', 'own', ...media, '--verbose', '--save', 'before.json', ...every);
    t.match(seen, /✓ media:udp[\s\S]*otlp could not be made: .*\(HTTP 400\)/);
    t.match(seen, /upload could not be made: .*\(HTTP 403: /);
    await call(0, 'wait', 'own', '--path', 'udp', '--depth', 'wire', '--timeout', '20s', '--save', 'after.json');
    await call(0, 'diff', 'before.json', 'after.json');
    await call(0, 'report', 'before.json', 'after.json', '--reporter', 'html=both.html');
    await call(0, 'diagnose', 'before.json', '--json');
    await call(0, 'config', 'own', '--json');
    // Its name is known to nobody else here; what `init` writes is looked through in tests/lab/init.test.ts.
    await call(3, 'init', url.href, '--output', 'written.yaml');
    t.ok(existsSync(join(cwd, 'both.html')));

    const secrets = [auth.apiSecret, turn, otel, signature, ...overheardSecrets(readFileSync(heard, 'utf8'))];
    t.ok(secrets.length > 8, 'ICE passwords and credentials of TURN were overheard');
    const left = {
      ...said,
      OTLP: collector.bodies.join('\n'),
      store: store.bodies.join('\n'),
      ...filesIn(cwd, ['livekit-doctor.yaml', 'ca.pem']),
    };
    for (const [name, text] of Object.entries(left)) {
      t.test(name, async (t) => holdsNoSecret(t, text, ...secrets));
    }
  });
}
