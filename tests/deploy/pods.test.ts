/**
 * The pods that the chart makes: their commands, variables and mounts as they stand, in what deploy/Containerfile makes, by
 * an ordinary user with no rights and a root that is only to be read, against a real LiveKit.
 */

import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Environment } from '../../environment/environment.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { writeConfiguration } from '../cli/cli.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { chartToolsFor, podSpecOf, render, runPod } from './chart.js';
import { makeImage } from './containerfile.js';

const credentials = 'livekit-credentials';

/** Of an object store: what was put there, by path. */
async function objectStore(t: Test) {
  const objects: Record<string, string> = {};
  const server = createServer(async (request, response) => {
    objects[`${request.method} ${request.url}`] = Buffer.concat(await request.toArray()).toString();
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => server.close());
  return { objects, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{vantage}.json?signature=x` };
}

/** As values of the chart: the claims of `environment`, its CA and its credentials by reference. */
async function valuesFor(t: Test, environment: Environment) {
  const folder = t.testdir();
  await writeConfiguration(folder, environment);
  const file = await readFile(join(folder, 'livekit-doctor.yaml'), 'utf8');
  const { environments } = JSON.parse(file) as { environments: { own: object } };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: our own interpolation
  const auth = { apiKey: '${LIVEKIT_API_KEY}', apiSecret: '${LIVEKIT_API_SECRET}' };
  const values = {
    image: { repository: 'registry.example.com/livekit-doctor' },
    config: { environments: { staging: { ...environments.own, auth } } },
    secrets: {
      LIVEKIT_API_KEY: { name: credentials, key: 'apiKey' },
      LIVEKIT_API_SECRET: { name: credentials, key: 'apiSecret' },
    },
    files: [{ path: 'ca.pem', configMap: 'staging-ca', key: 'ca.crt' }],
    test: { depth: 'wire' },
    exporter: { enabled: true },
    vantages: {
      count: 2,
      depth: 'wire',
      resultsClaim: 'results',
      upload: { name: credentials, key: 'url' },
      merge: { args: ['--json'] },
    },
    nightly: {
      history: { size: '1Gi' },
      failOn: 'error',
      args: ['--reporter', 'console', '--save', '/history/last.json'],
    },
  };
  return { folder, values };
}

const tools = await chartToolsFor(t);
if (tools && (await inOwnNamespace(t, import.meta.url))) {
  const { helm } = tools;
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { auth, ca = '' } = embedded.environment;
  if (!('apiKey' in auth)) throw new Error('the embedded environment has a key and a secret');
  const image = await makeImage(t.testdir());
  t.equal(image.left.length, 2, 'only what Debian brings was not carried out');
  t.same([image.entrypoint, image.user, image.workdir], [['livekit-doctor'], '10001:10001', '/home/doctor']);

  const store = await objectStore(t);

  interface Which {
    readonly kind?: string;
    /** After the name of the release. */
    readonly suffix?: string;
    readonly node?: string;
    /** Folder of the claim for results. */
    readonly results?: string;
    meanwhile?(): Promise<void>;
  }

  const run = async (t: Test, apiSecret: string, which: Which = {}) => {
    const { kind = 'CronJob', suffix = '', node = 'node-0', results, meanwhile } = which;
    const { folder, values } = await valuesFor(t, embedded.environment);
    const { objects } = await render(helm, { values: { folder, of: values } });
    const name = `doctor-livekit-doctor${suffix}`;
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    const spec = found && podSpecOf(found);
    if (!spec) throw new Error(`the chart makes a ${kind} ${name}`);
    const configMaps = Object.fromEntries(
      objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata, data = {} }) => [metadata.name, data]),
    );
    const history = join(folder, 'history');
    await mkdir(history, { recursive: true });
    const result = await runPod(
      spec,
      image,
      {
        configMaps: { ...configMaps, 'staging-ca': { 'ca.crt': ca } },
        secrets: { [credentials]: { apiKey: auth.apiKey, apiSecret, url: store.url } },
        claims: { 'doctor-livekit-doctor-history': history, ...(results && { results }) },
        fields: { 'spec.nodeName': node, "metadata.labels['batch.kubernetes.io/job-name']": 'vantages-29412345' },
        // By the controller of an indexed Job.
        given: { JOB_COMPLETION_INDEX: node.replace('node-', '') },
      },
      join(folder, `volumes-${node}`),
      meanwhile,
    );
    return { ...result, folder, history };
  };

  t.test('it proves every path, pictures and voices included', async (t) => {
    const { code, stdout, stderr, history, folder } = await run(t, auth.apiSecret);
    t.equal(code, 0, stdout + stderr);
    const { environments, vantage } = JSON.parse(await readFile(join(history, 'last.json'), 'utf8'));
    t.match(environments[0].paths, {
      udp: { required: true, reach: 'ok', peer: 'ok', media: 'ok' },
      tcp: { required: true, reach: 'ok', peer: 'ok', media: 'ok' },
      'turn-udp': { required: true, reach: 'ok', media: 'ok' },
      'turn-tls': { required: true, reach: 'ok', media: 'ok' },
    });
    t.ok(vantage.name);
    t.equal((await readdir(history)).length, 2, 'a run is kept for the next night');
    t.same(await readdir(join(folder, 'volumes-node-0/tmp')), [], 'nothing is left of the browser');
    t.notOk((stdout + stderr).includes(auth.apiSecret));
  });

  t.test('with a secret that is not the server’s it says so, and the Job fails', async (t) => {
    const { code, stdout, stderr } = await run(t, 'a-secret-of-somebody-else-that-is-long-enough');
    t.equal(code, 1, stdout + stderr);
    t.match(stdout, /✗ error {2}token-secret-wrong/);
  });

  t.test('the pod of `helm test` waits until it passes', async (t) => {
    const { code, stdout, stderr } = await run(t, auth.apiSecret, { kind: 'Pod', suffix: '-test' });
    t.equal(code, 0, stdout + stderr);
    t.match(stderr, /Waiting for staging/);
    t.match(stdout, /✓ pass {2}staging/);
  });

  t.test('the exporter is ready once it has looked, tells Prometheus, and ends when it is told to', async (t) => {
    const at = 'http://127.0.0.1:9799';
    const meanwhile = async (): Promise<void> => {
      const deadline = Date.now() + 60_000;
      const ready = () =>
        fetch(`${at}/readyz`)
          .then(({ ok }) => ok)
          .catch(() => false);
      while (!(await ready()) && Date.now() < deadline) await sleep(250);
      t.equal((await fetch(`${at}/healthz`)).status, 200);
      const metrics = await (await fetch(`${at}/metrics`)).text();
      t.match(metrics, /^livekit_doctor_\w+\{.*environment="staging".*\} /m);
      t.notOk(metrics.includes(auth.apiSecret));
    };
    const { code, stderr } = await run(t, auth.apiSecret, { kind: 'Deployment', suffix: '-exporter', meanwhile });
    t.equal(code, 0, stderr);
  });

  t.test('several nodes check at the same time, and one verdict comes of it', async (t) => {
    const results = await mkdtemp(join(image.root, '../results-'));
    for (const node of ['node-0', 'node-1']) {
      const { code, stderr } = await run(t, auth.apiSecret, { suffix: '-vantages', node, results });
      t.equal(code, 0, stderr);
    }
    t.same((await readdir(results)).filter((name) => name.endsWith('.json')).sort(), [
      'vantages-29412345.0.json',
      'vantages-29412345.1.json',
    ]);
    t.same(Object.keys(store.objects), ['PUT /node-0.json?signature=x', 'PUT /node-1.json?signature=x']);
    t.match(JSON.parse(Object.values(store.objects)[1] ?? ''), { vantage: { name: 'node-1' } });
    const { code, stdout, stderr } = await run(t, auth.apiSecret, { suffix: '-merge', results });
    t.equal(code, 0, stdout + stderr);
    const { vantages, environments } = JSON.parse(stdout);
    t.same(
      vantages.map(({ name }: { name: string }) => name),
      ['node-0', 'node-1'],
    );
    t.match(environments, [{ name: 'staging', verdict: 'pass' }]);
  });
}
