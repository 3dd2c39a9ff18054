/** Which environments a command line means. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '../evidence/text.js';
import { readCertificates } from './certificates.js';
import { credentialsFromVariables } from './credentials.js';
import { ConfigurationError, type Environment } from './environment.js';
import type { EnvironmentFile } from './file.js';
import type { Variables } from './interpolate.js';
import { didYouMean } from './nearest.js';
import { readUrl } from './url.js';

/** The environment that is started on the spot. Who starts it is not known here. */
export const embedded = 'embedded';

export interface LoadRequest {
  /** Names and URLs, in the order of the command line. */
  readonly arguments: readonly string[];
  /** Path of the configuration file; absent: `livekit-doctor.yaml` in `cwd`, if it is there. */
  readonly config?: string;
  readonly cwd: string;
  readonly env: Variables;
}

const defaultFile = 'livekit-doctor.yaml';

/**
 * A URL takes its credentials from the variables; a name comes from the configuration file; `embedded` is the embedded
 * environment unless the file defines that name. Without an argument: all of the file, else `LIVEKIT_URL`, else
 * `embedded`. Names are unique in the result. Throws a `ConfigurationError`.
 */
export async function loadEnvironments(request: LoadRequest): Promise<(Environment | typeof embedded)[]> {
  const { config, cwd, env } = request;
  const wanted = [...new Set(request.arguments)];
  const names = wanted.filter((argument) => !isUrl(argument));
  const shown = config ?? defaultFile;
  const needsFile = names.length > 0 || wanted.length === 0 || config !== undefined;
  const file = needsFile ? await readFileIfThere(resolve(cwd, shown), shown, env) : undefined;
  if (config !== undefined && file === undefined) throw new ConfigurationError(`${shown}: there is no such file`);

  if (wanted.length === 0) {
    if (file) return file.resolve(file.names);
    if (env.LIVEKIT_URL) return [await fromUrl(env.LIVEKIT_URL, 'LIVEKIT_URL', request)];
    return [embedded];
  }
  const fromFile = names.filter((name) => name !== embedded || file?.names.includes(name));
  for (const name of fromFile) if (!file?.names.includes(name)) throw unknownName(name, file, shown);
  const resolved = new Map((await file?.resolve(fromFile))?.map((found) => [found.name, found]));
  const found: (Environment | typeof embedded)[] = [];
  for (const argument of wanted) {
    if (isUrl(argument)) found.push(await fromUrl(argument, 'the argument', request));
    else found.push(resolved.get(argument) ?? embedded);
  }
  return refuseTwins(found);
}

/** Only a run that has such a file pays for the packages that read and check it, which take 0.1 s to load. */
async function readFileIfThere(path: string, shown: string, env: Variables): Promise<EnvironmentFile | undefined> {
  if (!existsSync(path)) return undefined;
  const { readEnvironmentFile } = await import('./file.js');
  return readEnvironmentFile(path, shown, env);
}

function isUrl(argument: string): boolean {
  return argument.includes('://');
}

async function fromUrl(text: string, what: string, { cwd, env }: LoadRequest): Promise<Environment> {
  const url = readUrl(text);
  if (!(url instanceof URL)) throw new ConfigurationError(`${what} ${url}`);
  const auth = credentialsFromVariables(env, `a URL needs credentials`);
  const ca = env.LIVEKIT_DOCTOR_CA;
  return {
    name: url.host + (url.pathname === '/' ? '' : url.pathname),
    url,
    auth,
    ca: ca ? await readCertificates(resolve(cwd, ca), `LIVEKIT_DOCTOR_CA: ${ca}`) : undefined,
    claims: ca ? { tls: { privateCa: true } } : {},
  };
}

function unknownName(name: string, file: EnvironmentFile | undefined, shown: string): ConfigurationError {
  // What looks like credentials is not repeated.
  const quoted = name.includes('@') ? 'of that name' : `"${printable(name, 80)}"`;
  if (!file) {
    return new ConfigurationError(
      `no environment ${quoted}: there is no ${shown} here (a URL begins with wss:// or ws://)`,
    );
  }
  const known = [...new Set([...file.names, embedded])];
  const hint = didYouMean(name, known) || ';';
  return new ConfigurationError(`no environment ${quoted} in ${shown}${hint} there are: ${known.join(', ')}`);
}

/** Observations and results are kept by name. */
function refuseTwins(found: (Environment | typeof embedded)[]): (Environment | typeof embedded)[] {
  const names = found.map((one) => (one === embedded ? embedded : one.name));
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin !== undefined) throw new ConfigurationError(`two environments are called "${printable(twin, 80)}"`);
  return found;
}
