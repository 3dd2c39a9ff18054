/** From what stands in the file to an environment: defaults of ours put in, files read. */
import { resolve } from 'node:path';
import { readCertificates } from './certificates.js';
import { readCliProject } from './cli-projects.js';
import { authOf, credentialsFromVariables, tokenClaims } from './credentials.js';
import { durationMs } from './duration.js';
import { ConfigurationError, type Environment, type Schedule } from './environment.js';
import type { Variables } from './interpolate.js';
import type { Problems } from './problems.js';
import { type EnvironmentEntry, environmentSchema, schemaAt } from './schema.js';
import { readUrl } from './url.js';
import { reportMissing } from './validate.js';
import type { Values } from './values.js';

/** How long an agent may take to join where the operator does not say. */
const usualJoinMs = 10_000;

/** Where LiveKit is in a cluster if the operator does not say. */
const usualNamespace = 'livekit';

interface How {
  readonly name: string;
  /** From where relative paths count. */
  readonly folder: string;
  readonly variables: Variables;
  readonly problems: Problems;
}

/** Undefined where something is missing or cannot be read, which is added to the problems. */
export async function toEnvironment(
  entry: EnvironmentEntry,
  values: Values,
  { name, folder, variables, problems }: How,
): Promise<Environment | undefined> {
  const attempt = async <T>(offset: number, read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.add(offset, error.message);
      return undefined;
    }
  };
  const root = values.at([]);
  const { tls, dns, media, turn, stun, paths, agent } = entry;
  const { kubernetes } = entry.claims ?? {};
  const readCa = async () => tls?.ca && readCertificates(resolve(folder, tls.ca), `tls.ca: ${tls.ca}`);
  const ca = (await attempt(values.at(['tls', 'ca'])?.tree.valueOffset ?? 0, readCa)) || undefined;
  const readDeployment = async () => {
    const url = entry.url === undefined ? undefined : (readUrl(entry.url) as URL);
    const { project } = entry.auth ?? {};
    if (project !== undefined) {
      const offset = values.at(['auth', 'project'])?.tree.valueOffset ?? 0;
      const found = await attempt(offset, () => readCliProject(project, variables));
      return found && { url: url ?? found.url, auth: { apiKey: found.apiKey, apiSecret: found.apiSecret } };
    }
    if (url === undefined) reportMissing('url', root, schemaAt(environmentSchema, ['url']), problems);
    const auth = entry.auth
      ? authOf(entry.auth)
      : await attempt(root?.tree.keyOffset ?? 0, () => credentialsFromVariables(variables, `${name} has no auth`));
    return url && auth && { url, auth };
  };
  const deployment = await readDeployment();
  if (!deployment) return undefined;
  return {
    name,
    ...deployment,
    ca,
    resolvers: dns?.resolvers,
    schedule: entry.schedule && scheduleOf(entry.schedule),
    kubernetes: kubernetes && {
      ...kubernetes,
      namespace: kubernetes.namespace ?? usualNamespace,
      ...(kubernetes.kubeconfig && { kubeconfig: resolve(folder, kubernetes.kubeconfig) }),
    },
    claims: {
      dns,
      tls: tls && { minDays: tls.minDays, privateCa: tls.ca !== undefined },
      media: media && { ...media, udp: media.udp?.toString() },
      turn: turn && { ...turn, host: turn.host?.toLowerCase().replace(/\.$/, '') },
      stun: stun && { servers: stun.servers.map((server) => server.toLowerCase()) },
      paths,
      server: entry.server,
      token: entry.auth && tokenClaims(entry.auth),
      browsers: entry.browsers,
      budgets: entry.budgets,
      agent: agent && {
        name: agent.name,
        joinWithinMs: durationMs(agent.joinWithin ?? '') ?? usualJoinMs,
        publishes: agent.publishes,
      },
    },
  };
}

function scheduleOf(entry: NonNullable<EnvironmentEntry['schedule']>): Schedule {
  const periods = Object.entries(entry).map(([depth, text]) => [depth, text === 'off' ? text : durationMs(text)]);
  return Object.fromEntries(periods.filter(([, period]) => period !== undefined)) as Schedule;
}
