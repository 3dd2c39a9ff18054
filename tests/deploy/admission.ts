/**
 * By hand: a real kube-apiserver that enforces Pod Security's `restricted` is asked to take what the chart makes, without
 * keeping it. Needs KUBE_APISERVER_BIN and ETCD_BIN (docs/kubernetes.md).
 */
import { join } from 'node:path';
import { startApiServer } from '../../fixtures/kubernetes/apiserver.js';
import { chart, chartTools, type Manifest, podSpecOf, render } from './chart.js';

const places: Readonly<Record<string, string>> = {
  ConfigMap: 'api/v1/*/configmaps',
  Pod: 'api/v1/*/pods',
  Service: 'api/v1/*/services',
  ServiceAccount: 'api/v1/*/serviceaccounts',
  PersistentVolumeClaim: 'api/v1/*/persistentvolumeclaims',
  CronJob: 'apis/batch/v1/*/cronjobs',
  DaemonSet: 'apis/apps/v1/*/daemonsets',
  NetworkPolicy: 'apis/networking.k8s.io/v1/*/networkpolicies',
  Role: 'apis/rbac.authorization.k8s.io/v1/*/roles',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1/*/rolebindings',
};

const { helm } = await chartTools();
const server = await startApiServer();
let refused = 0;

async function offer(kind: string, namespace: string, object: object, wanted = 201): Promise<void> {
  const path = `/${places[kind]?.replace('*', `namespaces/${namespace}`)}?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await server.ask('POST', path, object);
  if (status !== wanted) refused += 1;
  process.stdout.write(`${status === wanted ? '✓' : '✗'} ${kind} ${status === 201 ? '' : JSON.parse(body).message}\n`);
}

/** As a controller would make it. */
const podOf = (spec: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' }, spec });

try {
  for (const name of ['livekit-doctor', 'livekit', 'other']) {
    const labels = name === 'livekit-doctor' ? { 'pod-security.kubernetes.io/enforce': 'restricted' } : {};
    await server.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }
  const low = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'low' }, value: 1 };
  await server.ask('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', low);
  for (const name of ['least', 'everything']) {
    const { objects } = await render(helm, { files: [join(chart, `ci/${name}.yaml`)] });
    for (const object of objects as Manifest[]) {
      if (!places[object.kind]) continue;
      await offer(object.kind, object.metadata.namespace ?? 'livekit-doctor', object);
      const spec = podSpecOf(object);
      if (spec) await offer('Pod', 'livekit-doctor', podOf(spec));
      const [container] = spec?.containers ?? [];
      if (container)
        await offer(
          'Pod',
          'livekit-doctor',
          podOf({ ...spec, containers: [{ ...container, securityContext: {} }] }),
          403,
        );
    }
  }
} finally {
  await server.stop();
}
process.exitCode = refused === 0 ? 0 : 1;
