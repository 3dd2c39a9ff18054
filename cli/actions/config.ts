import { Document, isSeq, type Node } from 'yaml';
import type { ConfigurationPlace } from '../../environment/discover.js';
import { type EffectiveValue, inOrder, maskedIfSecret } from '../../environment/effective.js';
import { type Environment, secretsOf } from '../../environment/environment.js';
import { readEnvironmentFile } from '../../environment/file.js';
import { configurationJsonSchema } from '../../environment/json-schema.js';
import { embedded, isUrl } from '../../environment/load.js';
import type { ConfigOptions } from '../commands/config.js';
import type { Context } from '../context.js';
import { load } from '../environments.js';

interface Explained {
  readonly name: string;
  readonly values: readonly EffectiveValue[];
}

/** Throws `ConfigurationError`. */
export async function config(names: readonly string[], options: ConfigOptions, context: Context): Promise<void> {
  const { out, redactor, env } = context;
  if (options.schema) {
    out.write(`${JSON.stringify(configurationJsonSchema(), null, 2)}\n`);
    return;
  }
  let place: ConfigurationPlace | undefined;
  const found = await load(names, options, context, (read) => {
    place = read;
  });
  const environments = found.filter((one) => one !== embedded);
  for (const { auth } of environments) for (const secret of secretsOf(auth)) redactor.add(secret);
  const file = place && (await readEnvironmentFile(place.path, place.shown, env));
  const asked: Asked = { names, projects: options.project ?? [], env };
  const isOfFile = (name: string) =>
    names.length > 0 ? names.includes(name) && !isUrl(name) : asked.projects.length === 0;
  const explained = environments.map((environment): Explained => {
    const { name } = environment;
    const values = file && isOfFile(name) ? file.explain(name) : [];
    return { name, values: inOrder([...values, ...elsewhere(environment, values, asked)]) };
  });
  const about = { ...(place && { file: place.shown }), hasEmbedded: found.includes(embedded) };
  out.write(redactor.text(options.json ? asJson(explained, about) : asYaml(explained, about)));
}

interface Asked {
  readonly names: readonly string[];
  readonly projects: readonly string[];
  readonly env: Context['env'];
}

/** The URL and credentials of an environment that its entry does not hold. */
function elsewhere(
  { name, url, auth, ca }: Environment,
  values: readonly EffectiveValue[],
  { names, projects, env }: Asked,
): EffectiveValue[] {
  const has = (...path: string[]) => values.some((value) => path.every((key, i) => value.path[i] === key));
  const cliProject = values.find(({ path }) => path.join('.') === 'auth.project')?.value;
  const isProject = cliProject !== undefined || projects.includes(name);
  const byProject = `project ${cliProject ?? name} in ~/.livekit/cli-config.yaml`;
  const byUrl = names.some(isUrl) ? 'argument' : 'variable LIVEKIT_URL';
  const found: Omit<EffectiveValue, 'isMasked'>[] = [];
  if (!has('url')) found.push({ path: ['url'], value: url.href, from: isProject ? byProject : byUrl });
  if (isProject || !has('auth')) {
    const variables = { apiKey: 'LIVEKIT_API_KEY', apiSecret: 'LIVEKIT_API_SECRET', token: 'LIVEKIT_TOKEN' };
    for (const [key, value] of Object.entries(auth)) {
      const variable = `variable ${variables[key as keyof typeof variables]}`;
      found.push({ path: ['auth', key], value, from: isProject ? byProject : variable });
    }
  }
  if (values.length === 0 && ca) {
    found.push({ path: ['tls', 'ca'], value: env.LIVEKIT_DOCTOR_CA, from: 'variable LIVEKIT_DOCTOR_CA' });
  }
  return found.map(maskedIfSecret);
}

interface About {
  readonly file?: string;
  readonly hasEmbedded: boolean;
}

function asYaml(explained: readonly Explained[], { file, hasEmbedded }: About): string {
  const environments = Object.fromEntries(explained.map(({ name, values }) => [name, nested(values)]));
  const document = new Document(explained.length > 0 ? { environments } : {}, { aliasDuplicateObjects: false });
  for (const { name, values } of explained) {
    for (const { path, from } of values) {
      const node = document.getIn(['environments', name, ...path], true) as Node;
      node.comment = ` ${from}`;
      if (isSeq(node)) node.flow = true;
    }
  }
  const about = [
    file && ` Lines are those of ${file}.`,
    hasEmbedded && ' The embedded environment is started on the spot: it takes nothing from here.',
  ];
  document.commentBefore = about.filter(Boolean).join('\n');
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function asJson(explained: readonly Explained[], { file, hasEmbedded }: About): string {
  const environments = explained.map(({ name, values }) => {
    const key = ({ path }: EffectiveValue) => path.join('.');
    return {
      name,
      values: nested(values),
      from: Object.fromEntries(values.map((value) => [key(value), value.from])),
      masked: values.filter(({ isMasked }) => isMasked).map(key),
    };
  });
  const all = hasEmbedded ? [...environments, { name: embedded }] : environments;
  return `${JSON.stringify({ ...(file && { file }), environments: all }, null, 2)}\n`;
}

/** As a map of maps. */
function nested(values: readonly EffectiveValue[]): object {
  const root: Record<string, unknown> = {};
  for (const { path, value } of values) {
    let map = root;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(map, key)) map[key] = {};
      map = map[key] as Record<string, unknown>;
    }
    map[path.at(-1) ?? ''] = value;
  }
  return root;
}
