/** `livekit-doctor.yaml`: the environments that an operator has, by name. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type EffectiveValue, effectiveValues } from './effective.js';
import { ConfigurationError, type Environment } from './environment.js';
import { toEnvironment } from './from-entry.js';
import { bases, inherit } from './inherit.js';
import type { Variables } from './interpolate.js';
import { type EnvironmentEntry, environmentSchema, fileSchema } from './schema.js';
import { at, type ConfigurationFile, parseConfiguration } from './tree.js';
import { convertTo, validate } from './validate.js';
import { type Values, valuesOf } from './values.js';

export interface EnvironmentFile {
  /** Those to be checked, in the order of the file. */
  readonly names: readonly string[];
  /** Others, which have no URL and are only there to be extended. */
  readonly bases: readonly string[];
  /**
   * The environments of these names, with variables put in and files read. Throws a `ConfigurationError` that names
   * every mistake in them; what is wrong with the others is not looked at.
   */
  resolve(names: readonly string[]): Promise<Environment[]>;
  /** What the environment of that name is made of, if it is right. */
  explain(name: string): EffectiveValue[];
}

/** `shown` is how messages call it. Throws a `ConfigurationError`. */
export async function readEnvironmentFile(path: string, shown: string, variables: Variables): Promise<EnvironmentFile> {
  const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${shown}: cannot be read (${error.code})`);
  });
  const file = parseConfiguration(source, shown);
  const { root, problems } = file;
  const whole = validate(valuesOf(root, problems), fileSchema, problems);
  problems.check();
  const all = Object.keys(whole?.environments ?? {});
  if (all.length === 0) {
    const place = at(root, 'environments') ?? root;
    problems.add(place.valueOffset, 'environments: expected at least one environment, found none');
    problems.check();
  }
  const templates = templatesOf(file, all);
  return {
    names: all.filter((name) => !templates.includes(name)),
    bases: templates,
    async resolve(wanted) {
      const entries = wanted.map((name) => [name, readEntry(file, name, variables)] as const);
      problems.check();
      const found: Environment[] = [];
      for (const [name, read] of entries) {
        const how = { name, folder: dirname(path), variables, problems };
        const environment = read && (await toEnvironment(read.entry, read.values, how));
        if (environment) found.push(environment);
      }
      problems.check();
      return found;
    },
    explain(name) {
      const read = readEntry(file, name, variables);
      return read ? effectiveValues(name, read.values, file.lineOf) : [];
    },
  };
}

/** Of which others inherit, and which are nothing that could be checked. */
function templatesOf(file: ConfigurationFile, names: readonly string[]): string[] {
  const extended = bases(file);
  // What is wrong with them is told to whoever wants them.
  const { root } = file;
  const quiet = { root, problems: { add: () => {}, check: () => {} } };
  return names.filter((name) => {
    const tree = extended.has(name) ? inherit(quiet, name) : undefined;
    return tree && !at(tree, 'url') && !at(tree, 'auth', 'project');
  });
}

function readEntry(
  file: ConfigurationFile,
  name: string,
  variables: Variables,
): { entry: EnvironmentEntry; values: Values } | undefined {
  const { problems } = file;
  const tree = inherit(file, name);
  if (!tree) return undefined;
  const values = valuesOf(tree, problems, { variables, convert: convertTo(environmentSchema), neededBy: name });
  const entry = validate(values, environmentSchema, problems);
  return entry && { entry, values };
}
