/** The chart: linted, rendered, held against Kubernetes' schemas, and what its pods may do. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { makeCertificate } from '../../fixtures/certificates.js';
import { cli } from '../cli/cli.js';
import { chart, chartToolsFor, type Manifest, podSpecOf, render, valueFlags, version } from './chart.js';
import { checkout } from './containerfile.js';

function run(program: string, args: readonly string[], input = ''): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { cwd: chart, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

const tools = await chartToolsFor(t);
if (tools) {
  const { helm, kubeconform, schemas } = tools;
  const values = (name: string) => ({ files: [join(chart, `ci/${name}.yaml`)] });
  const least = await render(helm, values('least'));
  const everything = await render(helm, values('everything'));

  /** ServiceMonitor is not of Kubernetes. */
  const conform = (text: string) =>
    run(
      kubeconform,
      [
        '-strict',
        '-summary',
        '-skip',
        'ServiceMonitor',
        '-schema-location',
        `${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`,
        '-',
      ],
      text,
    );

  const named = (objects: readonly Manifest[]) =>
    objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].filter(Boolean).join(' ')).sort();

  t.test('helm lint has nothing to say', async (t) => {
    for (const files of [[], ...['least', 'everything'].map((name) => values(name).files)]) {
      const { code, output } = await run(helm, [
        'lint',
        '--strict',
        chart,
        ...version,
        ...(await valueFlags({ files })),
      ]);
      t.equal(code, 0, output);
      t.match(output, '0 chart(s) failed');
    }
  });

  t.test('what helm renders is as Kubernetes wants it', async (t) => {
    for (const [text, valid, skipped] of [
      [least.text, 4, 0],
      [everything.text, 14, 1],
    ] as const) {
      const { code, output } = await conform(text);
      t.equal(code, 0, output);
      t.match(output, `Valid: ${valid}, Invalid: 0, Errors: 0, Skipped: ${skipped}`);
    }
    const misspelt = await conform(least.text.replaceAll('restartPolicy:', 'restartPolice:'));
    t.equal(misspelt.code, 1);
    t.match(misspelt.output, /restartPolice/, 'a key that Kubernetes does not know is seen');
    const wrong = await conform(everything.text.replace(/completions: 3/, 'completions: three'));
    t.match(wrong.output, /completions/, 'a value of another type is seen');
  });

  t.test('the Job of docs/many-vantages.md is as Kubernetes wants it', async (t) => {
    const guide = await readFile(join(checkout, 'docs/many-vantages.md'), 'utf8');
    const [, job = ''] = /<!-- job: vantages -->\n```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const { output } = await conform(job);
    t.match(output, 'Valid: 1, Invalid: 0, Errors: 0, Skipped: 0');
  });

  t.test('each part is there only where it is wanted', async (t) => {
    t.same(named(least.objects), [
      'ConfigMap doctor-livekit-doctor',
      'CronJob doctor-livekit-doctor',
      'Pod doctor-livekit-doctor-test',
      'ServiceAccount doctor-livekit-doctor',
    ]);
    t.same(named(everything.objects), [
      'ConfigMap doctor-livekit-doctor',
      'CronJob doctor-livekit-doctor',
      'CronJob doctor-livekit-doctor-merge',
      'CronJob doctor-livekit-doctor-vantages',
      'DaemonSet doctor-livekit-doctor-exporter',
      'NetworkPolicy doctor-livekit-doctor',
      'PersistentVolumeClaim doctor-livekit-doctor-history',
      'Pod doctor-livekit-doctor-test',
      'Role livekit doctor-livekit-doctor',
      'Role other doctor-livekit-doctor',
      'RoleBinding livekit doctor-livekit-doctor',
      'RoleBinding other doctor-livekit-doctor',
      'Service doctor-livekit-doctor-exporter',
      'ServiceAccount doctor-livekit-doctor',
      'ServiceMonitor doctor-livekit-doctor-exporter',
    ]);
  });

  t.test('each pod is one that Pod Security lets in as "restricted", with limits', async (t) => {
    const pods = [...least.objects, ...everything.objects].flatMap((object) => podSpecOf(object) ?? []);
    t.equal(pods.length, 7);
    for (const pod of pods) {
      t.match(pod, {
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      });
      t.notOk(['hostNetwork', 'hostPID', 'hostIPC'].some((key) => key in pod));
      for (const container of pod.containers) {
        t.match(container, {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { requests: { cpu: String, memory: String }, limits: { memory: String } },
        });
      }
      t.notOk(pod.volumes.some((volume) => 'hostPath' in volume));
    }
  });

  t.test('a pod gets a token only where a cluster is asked, and that may only read', async (t) => {
    const automount = ({ objects }: typeof least) =>
      new Set(objects.flatMap((object) => podSpecOf(object)?.automountServiceAccountToken ?? []));
    t.same(automount(least), new Set([false]));
    t.same(automount(everything), new Set([true]));
    const documents = parseAllDocuments(
      await readFile(join(checkout, 'fixtures/kubernetes/manifests/role.yaml'), 'utf8'),
    );
    const wanted = documents.map((one) => one.toJS() as Manifest).find(({ kind }) => kind === 'Role');
    const roles = everything.objects.filter(({ kind }) => kind === 'Role');
    for (const { rules } of roles)
      t.same(rules, wanted?.rules, 'what docs/kubernetes.md says, and the recorded answers were given to');
  });

  t.test('Prometheus finds the exporter', (t) => {
    const find = (wanted: string) => everything.objects.find(({ kind }) => kind === wanted) as Manifest;
    const [service, monitor, pods] = [find('Service'), find('ServiceMonitor'), find('DaemonSet')];
    t.match(service.metadata.labels, monitor.spec.selector.matchLabels);
    t.match(pods.spec.template.metadata.labels, service.spec.selector);
    t.equal(monitor.spec.endpoints[0].port, service.spec.ports[0].name);
    t.equal(podSpecOf(pods)?.containers[0]?.args.at(-1), '0.0.0.0:9799');
    t.match(pods.spec.template.spec.containers[0].ports, [
      { name: service.spec.ports[0].targetPort, containerPort: 9799 },
    ]);
    t.end();
  });

  t.test('the configuration in the ConfigMap is one that livekit-doctor takes', async (t) => {
    const { certificate } = await makeCertificate({ subject: 'CN=staging', ca: true });
    const cwd = t.testdir({ 'ca.pem': certificate, kubeconfig: '' });
    for (const { objects } of [least, everything]) {
      const map = objects.find(({ kind }) => kind === 'ConfigMap');
      await writeFile(join(cwd, 'livekit-doctor.yaml'), map?.data?.['livekit-doctor.yaml'] ?? '');
      const env = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'a-secret-of-the-test' };
      const { code, stderr } = await cli(['config', '--config', 'livekit-doctor.yaml'], { cwd, env });
      t.equal(code, 0, stderr);
    }
  });

  t.test('the nightly check confirms what it finds, unless somebody does not want that', async (t) => {
    const folder = t.testdir();
    const config = { environments: { staging: { url: 'wss://livekit.staging.example.com' } } };
    const image = { repository: 'registry.example.com/livekit-doctor' };
    const argsOf = ({ objects }: typeof least) =>
      objects
        .filter(({ kind }) => kind === 'CronJob')
        .flatMap((object) => podSpecOf(object)?.containers[0]?.args ?? []);
    t.ok(argsOf(least).includes('--confirm'));
    const without = await render(helm, { values: { folder, of: { image, config, nightly: { confirm: false } } } });
    t.ok(argsOf(without).includes('--fail-on'));
    t.notOk(argsOf(without).includes('--confirm'));
  });

  t.test('what is missing or misspelt is said', async (t) => {
    const folder = t.testdir();
    const config = { environments: { staging: { url: 'wss://livekit.staging.example.com' } } };
    const image = { repository: 'registry.example.com/livekit-doctor' };
    const wrong = (of: object) =>
      t.rejects(render(helm, { values: { folder, of } }), Error) as unknown as Promise<Error>;
    t.match((await wrong({ config })).message, /image.repository is needed: build deploy\/Containerfile/);
    t.match((await wrong({ image })).message, /config.environments is needed/);
    t.match((await wrong({ image, config, nigthly: {} })).message, /nigthly/);
    t.match((await wrong({ image, config, nightly: { depth: 'deep' } })).message, /nightly\/depth/);
    t.match((await wrong({ image, config, vantages: { upload: { name: 'x' } } })).message, /vantages\/upload/);
    t.match((await wrong({ image, config, files: [{ path: 'ca.pem', key: 'ca.crt' }] })).message, /files\/0/);
  });

  t.test('every value is told of in the README of the chart', async (t) => {
    const readme = await readFile(join(chart, 'README.md'), 'utf8');
    const told = new Set([...readme.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name));
    const leaves = (value: unknown, name: string): string[] =>
      value &&
      typeof value === 'object' &&
      !Array.isArray(value) &&
      Object.keys(value).length > 0 &&
      name !== 'resources'
        ? Object.entries(value).flatMap(([key, one]) => leaves(one, name ? `${name}.${key}` : key))
        : [name];
    t.same(
      [...told],
      leaves(parse(await readFile(join(chart, 'values.yaml'), 'utf8')), ''),
      'all of them, in the same order',
    );
  });

  t.test('as a dependency of a LiveKit release its test is the test of that', async (t) => {
    const guide = await readFile(join(checkout, 'docs/kubernetes-install.md'), 'utf8');
    const [, chartFile = '', valuesFile = ''] =
      /<!-- umbrella -->\n```yaml\n([\s\S]*?)```[\s\S]*?```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const folder = t.testdir();
    const { dependencies, ...rest } = parse(chartFile) as { dependencies: { name: string; repository: string }[] };
    // LiveKit's own chart is not to be had here.
    const ours = dependencies.filter(({ name }) => name === 'livekit-doctor');
    t.equal(ours.length, 1);
    await mkdir(join(folder, 'templates'));
    await writeFile(
      join(folder, 'Chart.yaml'),
      JSON.stringify({ ...rest, dependencies: ours.map((one) => ({ ...one, repository: `file://${chart}` })) }),
    );
    await writeFile(join(folder, 'values.yaml'), valuesFile);
    const built = await run(helm, ['dependency', 'update', folder]);
    t.equal(built.code, 0, built.output);
    const { code, output } = await run(helm, ['template', 'livekit', folder, ...version]);
    t.equal(code, 0, output);
    const objects = parseAllDocuments(output).map((one) => one.toJS() as Manifest);
    t.same(named(objects), [
      'ConfigMap livekit-livekit-doctor',
      'Pod livekit-livekit-doctor-test',
      'ServiceAccount livekit-livekit-doctor',
    ]);
    t.equal(objects.find(({ kind }) => kind === 'Pod')?.metadata.annotations?.['helm.sh/hook'], 'test');
  });
}
