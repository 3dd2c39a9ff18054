/**
 * The projects that LiveKit's own command line knows, read only: `~/.livekit/cli-config.yaml`, as `pkg/config/config.go`
 * of livekit-cli 2 writes it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { printable } from '../evidence/text.js';
import { ConfigurationError } from './environment.js';
import type { Variables } from './interpolate.js';
import { didYouMean } from './nearest.js';
import { readUrl } from './url.js';

const shown = '~/.livekit/cli-config.yaml';

export interface CliProject {
  readonly url: URL;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** `lk project add` names them. Throws a `ConfigurationError`, which repeats nothing of the file but names of projects. */
export async function readCliProject(name: string, { HOME, USERPROFILE }: Variables): Promise<CliProject> {
  const home = HOME || USERPROFILE;
  if (!home) throw new ConfigurationError(`${shown} cannot be found: HOME is not set`);
  const projects = projectsIn(await read(join(home, '.livekit', 'cli-config.yaml')));
  const project = projects.find((one) => one.name === name);
  if (!project) {
    const names = projects.map((one) => printable(String(one.name), 80));
    const hint = didYouMean(name, names) || ';';
    const known = names.length > 0 ? `there are: ${names.join(', ')}` : '"lk project add" adds one';
    throw new ConfigurationError(`there is no project "${printable(name, 80)}" in ${shown}${hint} ${known}`);
  }
  const lacks = (['url', 'api_key', 'api_secret'] as const).filter((key) => text(project[key]) === undefined);
  const who = `the project "${printable(name, 80)}" in ${shown}`;
  if (lacks.length > 0) throw new ConfigurationError(`${who} has no ${lacks.join(' and no ')}`);
  const url = readUrl(project.url as string);
  if (!(url instanceof URL)) throw new ConfigurationError(`${who}: its url ${url}`);
  return { url, apiKey: project.api_key as string, apiSecret: project.api_secret as string };
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT';
    throw new ConfigurationError(
      `${shown}: ${missing ? 'there is no such file; "lk project add" makes it' : `cannot be read (${error.code})`}`,
    );
  });
}

function projectsIn(source: string): Record<string, unknown>[] {
  const lines = new LineCounter();
  // All that is said with it is text, to its own program too: a key of digits is no number.
  const document = parseDocument(source, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const [wrong] = document.errors;
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0]);
    throw new ConfigurationError(`${shown}:${line}:${col}: is not YAML`);
  }
  const { projects = [] } = (document.toJS() ?? {}) as { projects?: unknown };
  const list = projects === '' || projects === 'null' ? [] : projects;
  if (!Array.isArray(list)) throw new ConfigurationError(`${shown}: expected a list of projects under "projects"`);
  return list.filter((one) => one !== null && typeof one === 'object');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
