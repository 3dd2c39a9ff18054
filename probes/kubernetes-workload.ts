/** Where a Deployment of livekit-server has its configuration and its API keys from: pure, of the object alone. */
import type { V1Container, V1Deployment, V1EnvVar, V1PodSpec, V1Service } from '@kubernetes/client-node';
import type { ServerConfigFacts } from '../evidence/facts.js';
import { addressList, portOrRange } from './kubernetes-config.js';

/** A key of an object, or the text itself. */
export type Source =
  | { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string; readonly key?: string }
  | { readonly kind: 'text'; readonly text: string };

export interface Workload {
  readonly name: string;
  readonly hostNetwork: boolean;
  /** Of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** `a=b,c=d`. */
  readonly selector: string;
  /** Container ports by their name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly config?: Source;
  readonly keys?: Source;
  /** File in the pod. */
  readonly turnCertificateFile?: string;
  /** The object that is mounted at a path of the pod. */
  mounted(path: string): Source | undefined;
  /** What flags and variables say over the configuration. */
  readonly overrides: Pick<ServerConfigFacts, 'nodeIps' | 'nodeIpFrom'>;
  /** Instead of `rtc.udp_port`. */
  readonly udpPort?: string;
}

/** The label of the official chart, whatever the release is called. */
const chartLabel = { key: 'app.kubernetes.io/name', value: 'livekit-server' } as const;

const isServerImage = (image = ''): boolean => /(^|\/)livekit-server([:@]|$)/.test(image);

function serverContainer(spec: V1PodSpec | undefined): V1Container | undefined {
  const containers = spec?.containers ?? [];
  return containers.find(({ image }) => isServerImage(image)) ?? containers[0];
}

/** Those that bear the chart's label or run the server's image. */
export function isServer({ metadata, spec }: V1Deployment): boolean {
  const { key, value } = chartLabel;
  const containers = spec?.template.spec?.containers ?? [];
  return metadata?.labels?.[key] === value || containers.some(({ image }) => isServerImage(image));
}

export function readWorkload({ metadata, spec }: V1Deployment): Workload {
  const pod = spec?.template.spec;
  const container = serverContainer(pod);
  const flag = flags(container);
  const env = (name: string): V1EnvVar | undefined => container?.env?.find((one) => one.name === name);
  const mounted = (path: string): Source | undefined => mountedAt(pod, container, path);
  const file = (path: string | undefined): Source | undefined => (path === undefined ? undefined : mounted(path));
  return {
    name: metadata?.name ?? '',
    hostNetwork: pod?.hostNetwork === true,
    labels: spec?.template.metadata?.labels ?? {},
    selector: Object.entries(spec?.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    ports: new Map(
      (container?.ports ?? []).flatMap(({ name, containerPort }) => (name ? [[name, containerPort]] : [])),
    ),
    config: sourceOf(env('LIVEKIT_CONFIG')) ?? file(flag('config')),
    keys: sourceOf(env('LIVEKIT_KEYS')) ?? file(flag('key-file')),
    turnCertificateFile: flag('turn-cert') ?? env('LIVEKIT_TURN_CERT')?.value,
    mounted,
    overrides: overrides(flag, env),
    udpPort: portOrRange(flag('udp-port') ?? env('UDP_PORT')?.value),
  };
}

function overrides(
  flag: (name: string) => string | undefined,
  env: (name: string) => V1EnvVar | undefined,
): Workload['overrides'] {
  const variable = env('NODE_IP');
  const nodeIps = addressList(flag('node-ip') ?? variable?.value);
  const from = flag('node-ip') !== undefined ? '--node-ip' : variable ? 'NODE_IP' : undefined;
  return { ...(nodeIps && { nodeIps }), ...(from && { nodeIpFrom: from }) };
}

/** `--name value` and `--name=value`. */
function flags(container: V1Container | undefined): (name: string) => string | undefined {
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  return (name) => {
    const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    const word = words[at];
    return word === `--${name}` ? words[at + 1] : word?.slice(name.length + 3);
  };
}

function sourceOf(variable: V1EnvVar | undefined): Source | undefined {
  const { configMapKeyRef, secretKeyRef } = variable?.valueFrom ?? {};
  if (configMapKeyRef) return { kind: 'ConfigMap', name: configMapKeyRef.name ?? '', key: configMapKeyRef.key };
  if (secretKeyRef) return { kind: 'Secret', name: secretKeyRef.name ?? '', key: secretKeyRef.key };
  return variable?.value === undefined ? undefined : { kind: 'text', text: variable.value };
}

function mountedAt(pod: V1PodSpec | undefined, container: V1Container | undefined, path: string): Source | undefined {
  const inside = (folder: string): boolean => path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`);
  const mounts = (container?.volumeMounts ?? []).filter(({ mountPath }) => inside(mountPath));
  const [mount] = mounts.sort((a, b) => b.mountPath.length - a.mountPath.length);
  const volume = pod?.volumes?.find(({ name }) => name === mount?.name);
  if (!mount || !volume) return undefined;
  const rest = path.slice(mount.mountPath.length).replace(/^\//, '');
  const file = mount.subPath && rest ? `${mount.subPath}/${rest}` : mount.subPath || rest;
  const items = volume.configMap?.items ?? volume.secret?.items;
  const key = items?.find((item) => item.path === file)?.key ?? (file || undefined);
  if (volume.configMap) return { kind: 'ConfigMap', name: volume.configMap.name ?? '', ...(key && { key }) };
  const name = volume.secret?.secretName;
  return name ? { kind: 'Secret', name, ...(key && { key }) } : undefined;
}

/** It leads to the pods of the workload; where that is not known, it bears the chart's label. */
export function leadsTo({ metadata, spec }: V1Service, workload: Workload | undefined): boolean {
  if (!workload) return metadata?.labels?.[chartLabel.key] === chartLabel.value;
  const selector = Object.entries(spec?.selector ?? {});
  return selector.length > 0 && selector.every(([key, value]) => workload.labels[key] === value);
}
