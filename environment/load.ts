/** Which environments a command line means. */
import { resolve } from 'node:path';
import { printable } from '../evidence/text.js';
import { readCertificates } from './certificates.js';
import { credentialsFromVariables } from './credentials.js';
import { type ConfigurationPlace, findConfiguration, usualFile } from './discover.js';
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
  /** Projects of LiveKit's own command line. */
  readonly projects?: readonly string[];
  /** Path of the configuration file; absent: `livekit-doctor.yaml` in `cwd` or above it, if it is there. */
  readonly config?: string;
  readonly cwd: string;
  readonly env: Variables;
  /** Told which file is read. */
  readonly onFile?: (place: ConfigurationPlace) => void;
}

/**
 * A URL takes its credentials from the variables, a project has its own; a name comes from the configuration file;
 * `embedded` is the embedded environment unless the file defines that name. Without any of them: all of the file, else
 * `LIVEKIT_URL`, else `embedded`. Names are unique in the result. Throws a `ConfigurationError`.
 */
export async function loadEnvironments(request: LoadRequest): Promise<(Environment | typeof embedded)[]> {
  const { projects = [], env } = request;
  const wanted = [...new Set(request.arguments)];
  const names = wanted.filter((argument) => !isUrl(argument));
  const nothing = wanted.length === 0 && projects.length === 0;
  const needsFile = names.length > 0 || nothing || request.config !== undefined;
  const { file, shown } = needsFile ? await readFileIfThere(request) : {};

  if (nothing) {
    if (file) return file.resolve(file.names);
    if (env.LIVEKIT_URL) return [await fromUrl(env.LIVEKIT_URL, 'LIVEKIT_URL', request)];
    return [embedded];
  }
  const known = file ? [...file.names, ...file.bases] : [];
  const fromFile = names.filter((name) => name !== embedded || known.includes(name));
  for (const name of fromFile) if (!known.includes(name)) throw unknownName(name, file, shown);
  const resolved = new Map((await file?.resolve(fromFile))?.map((found) => [found.name, found]));
  const found: (Environment | typeof embedded)[] = [];
  for (const argument of wanted) {
    if (isUrl(argument)) found.push(await fromUrl(argument, 'the argument', request));
    else found.push(resolved.get(argument) ?? embedded);
  }
  for (const project of new Set(projects)) found.push(await fromProject(project, request));
  return refuseTwins(found);
}

/** Only a run that has such a file pays for the packages that read and check it, which take 0.1 s to load. */
async function readFileIfThere({ cwd, config, env, onFile }: LoadRequest): Promise<{
  file?: EnvironmentFile;
  shown?: string;
}> {
  const place = findConfiguration(cwd, config);
  if (!place) return {};
  onFile?.(place);
  const { readEnvironmentFile } = await import('./file.js');
  return { file: await readEnvironmentFile(place.path, place.shown, env), shown: place.shown };
}

export function isUrl(argument: string): boolean {
  return argument.includes('://');
}

async function fromUrl(text: string, what: string, { cwd, env }: LoadRequest): Promise<Environment> {
  const url = readUrl(text);
  if (!(url instanceof URL)) throw new ConfigurationError(`${what} ${url}`);
  const auth = credentialsFromVariables(env, `a URL needs credentials`);
  return { name: url.host + (url.pathname === '/' ? '' : url.pathname), url, auth, ...(await caOf(env, cwd)) };
}

async function fromProject(name: string, { cwd, env }: LoadRequest): Promise<Environment> {
  const { readCliProject } = await import('./cli-projects.js');
  const { url, ...auth } = await readCliProject(name, env);
  return { name, url, auth, ...(await caOf(env, cwd)) };
}

async function caOf({ LIVEKIT_DOCTOR_CA: ca }: Variables, cwd: string): Promise<Pick<Environment, 'ca' | 'claims'>> {
  if (!ca) return { claims: {} };
  const pem = await readCertificates(resolve(cwd, ca), `LIVEKIT_DOCTOR_CA: ${ca}`);
  return { ca: pem, claims: { tls: { privateCa: true } } };
}

function unknownName(name: string, file?: EnvironmentFile, shown = usualFile): ConfigurationError {
  // What looks like credentials is not repeated.
  const quoted = name.includes('@') ? 'of that name' : `"${printable(name, 80)}"`;
  if (!file) {
    return new ConfigurationError(
      `no environment ${quoted}: there is no ${shown} here or above (a URL begins with wss:// or ws://)`,
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
