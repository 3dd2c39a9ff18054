/** `kubernetes` against recorded answers of a real kube-apiserver, over HTTPS with the real client; and broken clusters. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import type { KubernetesClaims } from '../../environment/environment.js';
import type { KubernetesFacts } from '../../evidence/facts.js';
import { redactor } from '../../evidence/redaction.js';
import type { Observation } from '../../evidence/run.js';
import { allPaths } from '../../evidence/run.js';
import { kubernetes, readInProcess } from '../../fixtures/kubernetes/built.js';
import { startFront } from '../../fixtures/kubernetes/front.js';
import { replay, token } from '../../fixtures/kubernetes/recorded.js';
import { apiKey, apiSecret, host, scenes, tlsKey } from '../../fixtures/kubernetes/scenes.js';
import { observeEnvironment } from '../../run/planner.js';

const secrets = [token, apiSecret, tlsKey, 'nobody-issued-this'];

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'livekit-doctor-'));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

interface Asked {
  readonly kubeconfig: string;
  readonly claims?: Partial<KubernetesClaims>;
  readonly auth?: { apiKey: string; apiSecret: string };
}

/** As the probe does, with more time: many tests may run at once here. */
async function look(t: Test, { kubeconfig, claims, auth = { apiKey, apiSecret } }: Asked): Promise<Observation> {
  const path = join(await folder(t), 'config');
  await writeFile(path, kubeconfig);
  const order = { kubeconfig: path, namespace: 'livekit', host, ...claims, ...auth, withinMs: 60_000 };
  const answer = await readInProcess(order, new AbortController().signal);
  const base = { id: 'kubernetes', probe: 'kubernetes', startMs: 0, endMs: 1 };
  const found: Observation =
    answer && 'facts' in answer
      ? { ...base, state: 'ok', facts: { ...answer.facts } as unknown as Observation['facts'] }
      : { ...base, state: 'failed', facts: {}, failure: answer?.failure ?? { kind: 'ended', message: 'no answer' } };
  const text = JSON.stringify(found);
  for (const secret of secrets) t.notMatch(text, secret, 'no secret is anywhere');
  return found;
}

/** What is the same in every recording, in place of times and random numbers. */
const factsOf = ({ facts }: Observation): KubernetesFacts => facts as unknown as KubernetesFacts;

/** Each recording is read once, unless something else is asked. */
const known = new Map<string, Observation>();

async function lookAt(t: Test, scene: string, more?: Partial<Asked>): Promise<Observation> {
  const before = more ? undefined : known.get(scene);
  if (before) return before;
  const cluster = await replay(scene);
  t.teardown(() => cluster.stop());
  const found = await look(t, { kubeconfig: cluster.kubeconfig(token), ...more });
  t.equal(found.state, 'ok', { failure: found.failure });
  t.same(cluster.unknown, [], 'nothing is asked that was not recorded');
  if (!more) known.set(scene, found);
  return found;
}

const chartName = 'livekit-livekit-server';

t.test('a cloud deployment is read whole', async (t) => {
  const found = await lookAt(t, 'cloud-kubernetes');
  t.match(factsOf(found), {
    context: 'staging',
    namespace: 'livekit',
    workload: `Deployment ${chartName}`,
    hostNetwork: false,
    pods: { ready: 1, total: 1, startedAt: /^2\d{3}-/ },
    config: {
      heldBy: `ConfigMap ${chartName}`,
      key: 'config.yaml',
      port: 7880,
      nodeIps: ['20.4.5.6'],
      useExternalIp: false,
      udp: '7882',
      tcpPort: 7881,
      turn: { enabled: false },
    },
    media: [
      {
        name: 'livekit-rtc',
        type: 'LoadBalancer',
        addresses: ['20.4.5.6'],
        trafficPolicy: 'Local',
        ports: [
          { name: 'rtc-udp', protocol: 'UDP', port: 7882, targetPort: 7882, nodePort: Number },
          { name: 'rtc-tcp', protocol: 'TCP', port: 7881, targetPort: 7881, nodePort: Number },
        ],
        endpoints: { ready: 1, notReady: 0 },
      },
    ],
    signal: { name: chartName, ports: [{ port: 80, targetPort: 7880 }], endpoints: { ready: 1 } },
    ingress: { name: chartName, hosts: [host], addresses: ['20.1.2.3'], backend: chartName },
    certificates: [
      {
        role: 'signal',
        from: 'cert-manager',
        name: 'livekit-tls',
        ready: true,
        validFrom: '2026-10-01T00:00:00.000Z',
        validTo: '2026-12-30T00:00:00.000Z',
      },
    ],
    keys: { heldBy: 'Secret livekit-keys', names: [apiKey], hash: /^[0-9a-f]{32}$/, known: true, same: true },
    unread: [],
  });
  t.equal(factsOf(found).turn, undefined);
});

t.test('a deployment with a range at NodePorts, keys in the config map and a TLS secret', async (t) => {
  const { media, turn, config, keys, certificates, unread } = factsOf(await lookAt(t, 'helm-port-range'));
  t.match(config, { udp: '30001-30009', tcpPort: 30881, turn: { enabled: true, externalTls: true, tlsPort: 5349 } });
  t.match(media, [{ name: 'livekit-media', type: 'NodePort', addresses: [] }]);
  const udp = media[0]?.ports.filter(({ protocol }) => protocol === 'UDP') ?? [];
  t.same(
    udp.map(({ port, targetPort, nodePort }) => [port, targetPort, nodePort]),
    Array.from({ length: 9 }, (_, i) => [30001 + i, 30001 + i, 30001 + i]),
  );
  t.match(turn, { name: `${chartName}-turn`, addresses: ['20.4.5.7'], ports: [{ port: 443, targetPort: 5349 }] });
  t.match(keys, { heldBy: `ConfigMap ${chartName}`, names: [apiKey], same: true });
  t.match(certificates, [{ from: 'tls', name: 'livekit-tls', validTo: '2026-12-30T00:00:00.000Z' }]);
  t.same(unread, [], 'a cluster without cert-manager misses nothing');
});

/** What is said of the cluster alone, when nothing else was seen. */
const codesOf: Readonly<Record<string, readonly string[]>> = {
  'helm-port-range': [],
  'helm-port-range.random-node-ports': ['kubernetes-udp-port-mismatch', 'kubernetes-tcp-port-mismatch'],
  'helm-port-range.tls-missing': ['kubernetes-certificate-not-ready', 'kubernetes-unreadable'],
  'cloud-kubernetes': [],
  'cloud-kubernetes.service-recreated': ['kubernetes-node-ip-stale'],
  'cloud-kubernetes.service-pending': ['kubernetes-service-pending'],
  'cloud-kubernetes.chart-range': ['kubernetes-udp-port-mismatch'],
  'cloud-kubernetes.not-ready': ['kubernetes-no-endpoints'],
  'cloud-kubernetes.certificate-not-ready': ['kubernetes-certificate-not-ready'],
  'cloud-kubernetes.keys-rotated': [],
  'cloud-kubernetes.traffic-policy': ['kubernetes-traffic-policy'],
  'cloud-kubernetes.forbidden': ['kubernetes-unreadable'],
};

for (const { name } of scenes) {
  t.test(`${name} gives its findings`, async (t) => {
    const found = await lookAt(t, name);
    const { findings } = diagnose({
      claims: {},
      asked: { depth: 'wire' },
      url: `wss://${host}/`,
      observations: [found],
    });
    t.same(
      findings.map(({ code }) => code),
      codesOf[name],
    );
    for (const secret of secrets) t.notMatch(JSON.stringify(findings), secret);
  });
}

t.test('the address of a Service that was created anew is said beside the pinned one', async (t) => {
  const found = await lookAt(t, 'cloud-kubernetes.service-recreated');
  const { findings } = diagnose({ claims: {}, asked: { depth: 'wire' }, url: `wss://${host}/`, observations: [found] });
  t.equal(
    findings[0]?.summary,
    'Service livekit-rtc has EXTERNAL-IP 20.4.5.9, and ConfigMap livekit-livekit-server pins `rtc.node_ip` to 20.4.5.6.',
  );
});

t.test('what is claimed by hand and differs is said', async (t) => {
  const found = await lookAt(t, 'cloud-kubernetes');
  const claims = { media: { address: '20.4.5.5', udp: '7882', tcp: 7881 }, dns: { signal: '20.1.2.3' } };
  const { findings } = diagnose({ claims, asked: { depth: 'wire' }, url: `wss://${host}/`, observations: [found] });
  t.match(findings, [{ code: 'kubernetes-claim-differs', args: { claimed: '20.4.5.5', found: '20.4.5.6' } }]);
  t.equal(findings.length, 1);
});

t.test('pods that run since before the keys were written are told by their times', async (t) => {
  const { keys, pods } = factsOf(await lookAt(t, 'cloud-kubernetes.keys-rotated'));
  t.ok((keys?.changedAt ?? '') > (pods?.startedAt ?? 'z'), `${keys?.changedAt} is after ${pods?.startedAt}`);
});

t.test('another key, and another secret for the same key', async (t) => {
  const other = await lookAt(t, 'cloud-kubernetes', { auth: { apiKey: 'APIother', apiSecret } });
  t.match(factsOf(other).keys, { known: false, same: undefined });
  const wrong = 'a-secret-of-somebody-else-altogether';
  const differs = await lookAt(t, 'cloud-kubernetes', { auth: { apiKey, apiSecret: wrong } });
  t.match(factsOf(differs).keys, { known: true, same: false });
  t.notMatch(JSON.stringify(differs), wrong);
});

t.test('what may not be read is said with the rule that it needs, and the rest is read', async (t) => {
  const found = await lookAt(t, 'cloud-kubernetes.forbidden');
  const { unread, media, workload } = factsOf(found);
  t.equal(workload, undefined);
  t.same(media, [], 'a Service without its label cannot be told from others');
  t.match(
    unread.find(({ what }) => what === 'Deployments'),
    {
      kind: 'forbidden',
      message: /livekit-stranger" cannot list resource "deployments"/,
      needs: 'list deployments (apps)',
    },
  );
  const named = await lookAt(t, 'cloud-kubernetes.forbidden', { claims: { service: 'livekit-rtc' } });
  t.match(factsOf(named).media, [{ name: 'livekit-rtc', addresses: ['20.4.5.6'] }]);
});

t.test('names that are not there', async (t) => {
  const claims = { service: 'nowhere', ingress: 'none', deployment: 'other' };
  const { unread } = factsOf(await lookAt(t, 'cloud-kubernetes', { claims }));
  t.match(
    unread.map(({ what, kind, message }) => [what, kind, message]),
    [
      ['Deployment', 'absent', 'there is no Deployment "other" in livekit'],
      ['Ingress', 'absent', 'there is no Ingress "none" in livekit'],
      ['Service of the media', 'absent', 'there is no Service "nowhere" in livekit'],
    ],
  );
});

t.test('a token that nobody issued', async (t) => {
  const cluster = await replay('cloud-kubernetes');
  t.teardown(() => cluster.stop());
  const found = await look(t, { kubeconfig: cluster.kubeconfig('nobody-issued-this') });
  t.match(found, { state: 'failed', failure: { kind: 'unauthorized', message: /does not know us/ } });
});

t.test('a certificate of another authority, and one that is not to be looked at', async (t) => {
  const [cluster, other] = [await replay('cloud-kubernetes'), await replay('cloud-kubernetes')];
  t.teardown(() => Promise.all([cluster.stop(), other.stop()]));
  const crossed = await look(t, { kubeconfig: other.kubeconfig(token, { cluster: { server: cluster.url.origin } }) });
  t.match(crossed, { state: 'failed', failure: { kind: 'tls' } });
  const skipped = { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined };
  const blind = await look(t, { kubeconfig: cluster.kubeconfig(token, { cluster: skipped }) });
  t.match(blind, { state: 'failed', failure: { kind: 'kubeconfig', message: /insecure-skip-tls-verify/ } });
});

t.test('a kubeconfig that is none, and one without the context', async (t) => {
  const broken = await look(t, { kubeconfig: `users: [{ name: x, user: { token: ${token}\n` });
  t.match(broken, { state: 'failed', failure: { kind: 'kubeconfig', message: /cannot be read/ } });
  const cluster = await replay('cloud-kubernetes');
  t.teardown(() => cluster.stop());
  const found = await look(t, { kubeconfig: cluster.kubeconfig(token), claims: { context: 'production' } });
  t.match(found.failure, { kind: 'kubeconfig', message: /no context "production".* there are: staging/ });
});

t.test('nobody there, and nobody who answers', async (t) => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const front = await startFront(() => new Promise(() => {}));
  t.teardown(() => front.stop());
  const gone = await look(t, {
    kubeconfig: front.kubeconfig(token, { cluster: { server: `https://127.0.0.1:${port}` } }),
  });
  t.match(gone, { state: 'failed', failure: { kind: 'unreachable', message: /ECONNREFUSED/ } });

  const kubeconfig = join(await folder(t), 'config');
  await writeFile(kubeconfig, front.kubeconfig(token));
  const order = { kubeconfig, namespace: 'livekit', host, withinMs: 300 };
  const silent = await readInProcess(order, new AbortController().signal);
  t.match(silent, { failure: { kind: 'timeout', message: /did not answer within 0.3 s/ } });
});

t.test('answers that are none of an API server', async (t) => {
  for (const body of ['<html>log in</html>', '{"items": 5}', '{"kind":"ServiceList","items":[{}]}']) {
    const front = await startFront(async () => ({ status: 200, body }));
    t.teardown(() => front.stop());
    const { state, failure } = await look(t, { kubeconfig: front.kubeconfig(token) });
    t.ok(['ok', 'failed'].includes(state), `${body}: ${state}`);
    t.not(failure?.kind, 'internal', `${body}: ${failure?.message}`);
  }
});

t.test('a program for logging in is used, and one that hangs is ended', async (t) => {
  const cluster = await replay('cloud-kubernetes');
  t.teardown(() => cluster.stop());
  const directory = await folder(t);
  const program = async (name: string, script: string) => {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: path, interactiveMode: 'Never' };
    return cluster.kubeconfig('', { user: { exec } });
  };
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } };
  const works = await look(t, { kubeconfig: await program('login', `echo '${JSON.stringify(credential)}'`) });
  t.equal(works.state, 'ok', { failure: works.failure });

  const refuses = await look(t, {
    kubeconfig: await program('refuses', 'echo "no session: log in first" >&2; exit 1'),
  });
  t.match(refuses, { state: 'failed', failure: { kind: 'login', message: /no session: log in first/ } });

  const kubeconfig = join(directory, 'config');
  const pidFile = join(directory, 'pid');
  await writeFile(kubeconfig, await program('hangs', `echo $$ > ${pidFile}; exec sleep 1000`));
  const order = { kubeconfig, namespace: 'livekit', host, withinMs: 1000 };
  const hung = await readInProcess(order, new AbortController().signal);
  t.match(hung, { failure: { kind: 'timeout' } });
  const pid = Number(await readFile(pidFile, 'utf8'));
  const lives = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  for (let i = 0; i < 100 && lives(); i++) await sleep(50);
  t.notOk(lives(), 'nothing is left of it');
});

t.test('the probe hands on what was read, and hides what the cluster holds from then on', async (t) => {
  const cluster = await replay('cloud-kubernetes');
  t.teardown(() => cluster.stop());
  const kubeconfig = join(await folder(t), 'config');
  await writeFile(kubeconfig, cluster.kubeconfig(token));
  const hidden = redactor();
  const [found] = await observeEnvironment({
    environment: {
      name: 'x',
      url: new URL(`wss://${host}`),
      auth: { token: 'a-ready-token' },
      claims: {},
      kubernetes: { kubeconfig, namespace: 'livekit' },
    },
    probes: [kubernetes],
    depth: 'wire',
    paths: allPaths,
    redactor: hidden,
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
  t.match(found, { id: 'kubernetes', state: 'ok', facts: { namespace: 'livekit', media: [{ name: 'livekit-rtc' }] } });
  t.notMatch(found, { facts: { keys: { known: /./ } } }, 'without a key there is nothing to compare');
  t.equal(hidden.text(`${token} ${apiSecret}`), '[redacted] [redacted]');
});

t.test('an environment without a cluster asks nobody', async (t) => {
  t.same(kubernetes.targets({ environment: {} } as never), []);
});
