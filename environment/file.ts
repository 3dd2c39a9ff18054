/** `livekit-doctor.yaml`: the environments that an operator has, by name. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readCertificates } from './certificates.js';
import { credentialsFromVariables } from './credentials.js';
import { type ConfigurationFile, parseConfiguration } from './document.js';
import { durationMs } from './duration.js';
import { type Auth, ConfigurationError, type Environment } from './environment.js';
import type { Variables } from './interpolate.js';
import { type EnvironmentEntry, environmentSchema, fileSchema } from './schema.js';
import { readUrl } from './url.js';
import { convertTo, validate } from './validate.js';

/** How long an agent may take to join where the operator does not say. */
const usualJoinMs = 10_000;

export interface EnvironmentFile {
  /** In the order of the file. */
  readonly names: readonly string[];
  /**
   * The environments of these names, with variables put in and files read. Throws a `ConfigurationError` that names
   * every mistake in them; what is wrong with the others is not looked at.
   */
  resolve(names: readonly string[]): Promise<Environment[]>;
}

/** `shown` is how messages call it. Throws a `ConfigurationError`. */
export async function readEnvironmentFile(path: string, shown: string, variables: Variables): Promise<EnvironmentFile> {
  const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${shown}: cannot be read (${error.code})`);
  });
  const file = parseConfiguration(source, shown);
  const whole = validate(file, [], file.value([]), fileSchema);
  file.check();
  const names = Object.keys(whole?.environments ?? {});
  if (names.length === 0) {
    file.problem(file.valueOffset(['environments']), 'environments: expected at least one environment, found none');
    file.check();
  }
  return {
    names,
    async resolve(wanted) {
      const entries = wanted.map((name) => [name, readEntry(file, name, variables)] as const);
      file.check();
      const found: Environment[] = [];
      for (const [name, entry] of entries) {
        const environment = entry && (await toEnvironment(file, name, entry, dirname(path), variables));
        if (environment) found.push(environment);
      }
      file.check();
      return found;
    },
  };
}

function readEntry(file: ConfigurationFile, name: string, variables: Variables): EnvironmentEntry | undefined {
  const path = ['environments', name];
  const value = file.value(path, variables, convertTo(environmentSchema, path));
  return validate(file, path, value, environmentSchema);
}

async function toEnvironment(
  file: ConfigurationFile,
  name: string,
  entry: EnvironmentEntry,
  folder: string,
  variables: Variables,
): Promise<Environment | undefined> {
  const path = ['environments', name];
  const attempt = async <T>(offset: number, read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      file.problem(offset, error.message);
      return undefined;
    }
  };
  const { tls, dns, media, turn, stun, paths, agent } = entry;
  const caPath = [...path, 'tls', 'ca'];
  const readCa = async () => tls?.ca && readCertificates(resolve(folder, tls.ca), `tls.ca: ${tls.ca}`);
  const ca = (await attempt(file.valueOffset(caPath), readCa)) || undefined;
  const auth = entry.auth
    ? toAuth(entry.auth)
    : await attempt(file.keyOffset(path), () => credentialsFromVariables(variables, `${name} has no auth`));
  return (
    auth && {
      name,
      url: readUrl(entry.url) as URL,
      auth,
      ca,
      resolvers: dns?.resolvers,
      claims: {
        dns,
        tls: tls && { minDays: tls.minDays, privateCa: tls.ca !== undefined },
        media: media && { ...media, udp: media.udp?.toString() },
        turn: turn && { ...turn, host: turn.host?.toLowerCase().replace(/\.$/, '') },
        stun: stun && { servers: stun.servers.map((server) => server.toLowerCase()) },
        paths,
        browsers: entry.browsers,
        budgets: entry.budgets,
        agent: agent && {
          name: agent.name,
          joinWithinMs: durationMs(agent.joinWithin ?? '') ?? usualJoinMs,
          publishes: agent.publishes,
        },
      },
    }
  );
}

/** Of what the schema let through. */
function toAuth({ tokenEndpoint, headers = {}, ...others }: NonNullable<EnvironmentEntry['auth']>): Auth {
  return tokenEndpoint === undefined ? (others as Auth) : { tokenEndpoint: new URL(tokenEndpoint), headers };
}
