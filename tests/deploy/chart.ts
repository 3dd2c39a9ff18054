/** The chart, rendered by helm, and what a kubelet makes of a pod's volumes and variables. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { parseAllDocuments, stringify } from 'yaml';
import { checkout, type Image } from './containerfile.js';
import { inRoot, type Mount, path, type Result } from './root.js';

const execute = promisify(execFile);
export const chart = join(checkout, 'deploy/chart/livekit-doctor');
/** Of Kubernetes. A helm that Go has built takes the cluster to be far older than the chart allows. */
export const version = ['--kube-version', '1.34.4'];

export interface Tools {
  readonly helm: string;
  readonly kubeconform: string;
  /** A folder. */
  readonly schemas: string;
}

/** Gets what is missing, which takes minutes the first time. Rejects with the reason. */
export async function chartTools(): Promise<Tools> {
  const { stdout } = await execute(process.execPath, [join(checkout, 'setup/chart-tools.mjs')]);
  return JSON.parse(stdout) as Tools;
}

/** Where they cannot be had, skips with the reason and answers undefined. In CI a skipped test is a failed one. */
export async function chartToolsFor(t: Test): Promise<Tools | undefined> {
  try {
    return await chartTools();
  } catch (error) {
    const { code, stderr = '' } = error as Error & { code?: number; stderr?: string };
    if (code !== 3) throw error;
    const [reason = ''] = stderr.trim().split('\n').slice(-1);
    t.pass('helm, kubeconform and the schemas', { skip: `neither they nor what builds them can be had: ${reason}` });
    return undefined;
  }
}

interface Key {
  readonly name: string;
  readonly key: string;
}

interface Source {
  readonly name: string;
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: { readonly runAsUser: number };
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly env: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly secretKeyRef?: Key; readonly fieldRef?: { readonly fieldPath: string } };
    }[];
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly emptyDir?: object;
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly projected?: { readonly sources: readonly { readonly configMap?: Source; readonly secret?: Source }[] };
  }[];
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has another
  readonly spec: any;
  readonly data?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export interface Values {
  /** Files with values. */
  readonly files?: readonly string[];
  /** Values beside them, in a file of this folder. */
  readonly values?: { readonly folder: string; readonly of: object };
}

export async function valueFlags({ files = [], values }: Values): Promise<string[]> {
  if (!values) return files.flatMap((file) => ['--values', file]);
  const own = join(values.folder, 'values.yaml');
  await writeFile(own, stringify(values.of));
  return [...files, own].flatMap((file) => ['--values', file]);
}

export async function render(helm: string, values: Values): Promise<{ text: string; objects: Manifest[] }> {
  const args = [
    'template',
    'doctor',
    chart,
    '--namespace',
    'livekit-doctor',
    ...version,
    ...(await valueFlags(values)),
  ];
  const { stdout: text } = await execute(helm, args);
  return { text, objects: parseAllDocuments(text).map((document) => document.toJS() as Manifest) };
}

/** Of each object of that kind or with it. */
export function podSpecOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind === 'Pod') return spec as PodSpec;
  if (kind === 'CronJob') return spec.jobTemplate.spec.template.spec as PodSpec;
  return kind === 'Deployment' || kind === 'DaemonSet' ? (spec.template.spec as PodSpec) : undefined;
}

export interface Cluster {
  /** By name, then by key. */
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders, by claim. */
  readonly claims?: Readonly<Record<string, string>>;
  /** Of the pod, by path. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Variables that a controller adds. */
  readonly given?: Readonly<Record<string, string>>;
}

/** Runs the pod's one container. `folder`: for its volumes. */
export async function runPod(
  spec: PodSpec,
  image: Image,
  cluster: Cluster,
  folder: string,
  meanwhile?: () => Promise<void>,
): Promise<Result> {
  const [container] = spec.containers;
  if (!container) throw new Error('a pod has a container');
  const user = spec.securityContext.runAsUser;
  const folders = Object.fromEntries(
    await Promise.all(
      spec.volumes.map(async (one) => [one.name, await volume(one, cluster, join(folder, one.name), user)]),
    ),
  ) as Record<string, string>;
  const mounts: Mount[] = container.volumeMounts.map(({ name, mountPath, readOnly = false }) => {
    const from = folders[name];
    if (!from) throw new Error(`there is no volume ${name}`);
    return { from, path: mountPath, readOnly };
  });
  const env: Record<string, string> = { PATH: path, ...image.env, ...cluster.given };
  for (const { name, value, valueFrom } of container.env) {
    const { secretKeyRef: secret, fieldRef: field } = valueFrom ?? {};
    const given = secret
      ? cluster.secrets[secret.name]?.[secret.key]
      : field
        ? cluster.fields?.[field.fieldPath]
        : value;
    if (given === undefined) throw new Error(`there is no value for ${name}`);
    env[name] = given;
  }
  // kubernetes.io/docs, "Define dependent environment variables".
  const args = container.args.map((arg) => arg.replaceAll(/\$\((\w+)\)/g, (all, name) => env[name] ?? all));
  return inRoot({
    root: image.root,
    workdir: image.workdir,
    user,
    env,
    mounts,
    argv: [...image.entrypoint, ...args],
    ...(meanwhile && { meanwhile }),
  });
}

async function volume(
  one: PodSpec['volumes'][number],
  { configMaps, secrets, claims }: Cluster,
  folder: string,
  user: number,
): Promise<string> {
  const claim = one.persistentVolumeClaim && claims?.[one.persistentVolumeClaim.claimName];
  const place = claim ?? folder;
  await mkdir(place, { recursive: true });
  if (one.projected) {
    for (const { configMap, secret } of one.projected.sources) {
      const { name, items } = configMap ?? secret ?? { name: '', items: [] };
      const data = (configMap ? configMaps : secrets)[name];
      for (const { key, path: file } of items) {
        const content = data?.[key];
        if (content === undefined) throw new Error(`there is no key ${key} in ${name}`);
        await mkdir(dirname(join(place, file)), { recursive: true });
        await writeFile(join(place, file), content, { mode: 0o644 });
      }
    }
  } else {
    // fsGroup.
    await chown(place, 0, user);
    await chmod(place, 0o2775);
  }
  return place;
}
