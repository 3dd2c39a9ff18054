/** Finds the cluster as `kubectl` does, and reads from it. Loads the client, so only the worker imports this. */
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  DiscoveryV1Api,
  KubeConfig,
  NetworkingV1Api,
  type Middleware as PromiseMiddleware,
  ServerConfiguration,
} from '@kubernetes/client-node';
import type { KubernetesFacts, UnreadKind } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { ReadOrder } from './kubernetes-protocol.js';

/** Nothing can be read: there is no cluster, it cannot be reached, or it does not know us. */
export class ClusterError extends Error {
  constructor(
    readonly kind: 'kubeconfig' | 'login' | 'answer' | 'timeout' | 'unreachable' | 'tls' | 'unauthorized',
    message: string,
  ) {
    super(message);
  }

  get failure(): Failure {
    return { kind: this.kind, message: printable(this.message, 400) };
  }
}

export interface Client {
  /** Absent inside of a pod. */
  readonly context?: string;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly networking: NetworkingV1Api;
  readonly discovery: DiscoveryV1Api;
  readonly custom: CustomObjectsApi;
  readonly unread: KubernetesFacts['unread'];
  /**
   * Undefined where it is not there or may not be read, which `unread` says then; `needs` is the rule of a Role that would
   * help. What is only `optional` is not missed where it is not there. Throws a `ClusterError`.
   */
  read<T>(what: string, needs: string, ask: () => Promise<T>, optional?: 'optional'): Promise<T | undefined>;
  miss(what: string, kind: UnreadKind, message: string): void;
}

/** Throws a `ClusterError`. Everything that nobody may see is added to `secrets`, that of the login once it is known. */
export function connect(order: ReadOrder, secrets: Set<string>): Client {
  const config = load(order);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  const context = config.getCurrentContext();
  if (!cluster) throw new ClusterError('kubeconfig', `the context "${context}" names no cluster of the kubeconfig`);
  if (cluster.skipTLSVerify) {
    const what = `the kubeconfig says insecure-skip-tls-verify for the cluster "${cluster.name}"`;
    throw new ClusterError('kubeconfig', `${what}, and certificate errors are never ignored here: name its CA instead`);
  }
  for (const secret of [user?.token, user?.password, decoded(user?.keyData)]) if (secret) secrets.add(secret);

  // From now on, so that a slow login counts as well.
  const signal = AbortSignal.timeout(order.withinMs);
  const middleware: PromiseMiddleware = {
    async pre(request) {
      request.setSignal(signal);
      const [, login] = /^\S+ (.+)$/.exec(request.getHeaders().Authorization ?? '') ?? [];
      if (login) secrets.add(login);
      return request;
    },
    post: async (response) => response,
  };
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    authMethods: { default: config },
    promiseMiddleware: [middleware],
  });
  const unread: KubernetesFacts['unread'] = [];
  const overdue = new Promise<never>((_, reject) => {
    const message = `${cluster.server} did not answer within ${order.withinMs / 1000} s`;
    signal.addEventListener('abort', () => reject(new ClusterError('timeout', message)));
  });
  overdue.catch(() => {});
  return {
    ...(context !== 'inClusterContext' && { context }),
    core: new CoreV1Api(configuration),
    apps: new AppsV1Api(configuration),
    networking: new NetworkingV1Api(configuration),
    discovery: new DiscoveryV1Api(configuration),
    custom: new CustomObjectsApi(configuration),
    unread,
    miss: (what, kind, message) => void unread.push({ what, kind, message }),
    async read(what, needs, ask, optional) {
      try {
        // A program that logs in knows nothing of the signal.
        return await Promise.race([ask(), overdue]);
      } catch (error) {
        if (error instanceof ClusterError) throw error;
        if (!(error instanceof ApiException)) throw reason(error, cluster.server);
        const { code } = error;
        const message = printable(statusOf(error.body) ?? `HTTP ${code}`, 300);
        if (code === 401) throw new ClusterError('unauthorized', `${cluster.server} does not know us (HTTP 401)`);
        if (code === 403) unread.push({ what, kind: 'forbidden', message, needs });
        else if (code !== 404) unread.push({ what, kind: 'error', message: `HTTP ${code}: ${message}` });
        else if (!optional) unread.push({ what, kind: 'absent', message });
        return undefined;
      }
    },
  };
}

function load({ kubeconfig, context }: ReadOrder): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    // js-yaml quotes the lines around a mistake, in which secrets stand.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ClusterError(
      'kubeconfig',
      `the kubeconfig${kubeconfig ? ` ${kubeconfig}` : ''} cannot be read: ${first}`,
    );
  }
  // What the client falls back to: http://localhost:8080.
  if (config.getCurrentContext() === 'loaded-context') {
    const places = 'KUBECONFIG is not set, there is no ~/.kube/config, and this is not a pod';
    throw new ClusterError('kubeconfig', `there is no kubeconfig: ${places}`);
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new ClusterError('kubeconfig', `no context "${context}" in the kubeconfig; there are: ${names.join(', ')}`);
    }
    config.setCurrentContext(context);
  }
  if (!config.getCurrentContext()) throw new ClusterError('kubeconfig', 'the kubeconfig has no current context');
  return config;
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString();
}

/** The message of a `Status` (meta/v1), as an object or as text. */
function statusOf(body: unknown): string | undefined {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    const message = (status as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

const tlsCodes = /CERT|SIGNATURE|ERR_TLS|EPROTO|ERR_SSL/;

/** What happened before there was an answer. */
function reason(error: unknown, server: string): ClusterError {
  const { name, code, type, message = String(error) } = error as NodeJS.ErrnoException & { type?: string };
  if (name === 'AbortError') return new ClusterError('timeout', `${server} did not answer in time`);
  if (code && tlsCodes.test(code))
    return new ClusterError('tls', `the certificate of ${server} does not hold: ${message}`);
  if (type === 'system' || code) return new ClusterError('unreachable', `${server} cannot be reached: ${message}`);
  if (error instanceof SyntaxError || error instanceof TypeError) {
    return new ClusterError('answer', `${server} gave an answer that is none of a Kubernetes API: ${message}`);
  }
  return new ClusterError('login', `logging in to ${server} failed: ${message.split('\n')[0]}`);
}
