/** Holds a value of the configuration file against its schema, and says each mistake in words, at its place. */
import { z } from 'zod';
import { printable } from '../evidence/text.js';
import type { ConfigurationFile } from './document.js';
import { didYouMean } from './nearest.js';
import { type PathInFile, schemaAt } from './schema.js';

/** The value at `path` if it fits; otherwise its problems are added to the file's and undefined comes back. */
export function validate<T>(file: ConfigurationFile, path: PathInFile, value: unknown, schema: z.ZodType<T>) {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const misspelt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map((issue) => at(issue.path)));
  for (const issue of issues) {
    const inner = issue.path as (string | number)[];
    // What a map holds as a whole is only judged where each of its keys is known.
    if (issue.code === 'custom' && misspelt.has(at(inner))) continue;
    if (issue.code === 'invalid_key') {
      const map = schemaAt(schema, inner.slice(0, -1));
      const keys = map instanceof z.ZodRecord && map.keyType instanceof z.ZodType ? map.keyType.description : undefined;
      // The text of a key may be half of a secret.
      const message = `${nameOf(inner.slice(0, -1))}: expected ${keys ?? 'other keys'}, found another text`;
      file.problem(file.keyOffset([...path, ...inner]), message);
      continue;
    }
    report(file, [...path, ...inner], issue, schemaAt(schema, inner), inner, valueAt(value, inner));
  }
  return undefined;
}

/** What a scalar that came out of a variable becomes where a number or `true` and `false` are expected. */
export function convertTo(schema: z.ZodType, prefix: PathInFile) {
  return (path: PathInFile, text: string): unknown => {
    const expected = schemaAt(schema, path.slice(prefix.length));
    const kinds = expected instanceof z.ZodUnion ? expected.options : [expected];
    if (kinds.some((kind) => kind instanceof z.ZodNumber) && /^\d+$/.test(text)) return Number(text);
    if (kinds.some((kind) => kind instanceof z.ZodBoolean) && /^(true|false)$/.test(text)) return text === 'true';
    return text;
  };
}

function report(
  file: ConfigurationFile,
  path: PathInFile,
  issue: z.core.$ZodIssue,
  schema: z.ZodType | undefined,
  inner: PathInFile,
  value: unknown,
): void {
  if (file.origin(path) === 'unset') return;
  if (issue.code === 'unrecognized_keys') {
    const valid = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const where = path.length === 0 ? 'at the top' : `in ${nameOf(path.slice(-1))}`;
    for (const key of issue.keys) {
      const hint = didYouMean(key, valid);
      // A secret without its key looks like one.
      const shown = path.includes('auth') && !hint ? '' : `${quote(key)} `;
      file.problem(
        file.keyOffset([...path, key]),
        `unknown key ${shown}${where}${hint || ';'} valid here: ${valid.join(', ')}`,
      );
    }
    return;
  }
  const expected = schema?.description ?? 'something else';
  if (value === undefined) {
    const parent = path.slice(0, -1);
    const where = parent.length === 0 ? 'at the top' : `in ${nameOf(parent.slice(-1))}`;
    file.problem(file.keyOffset(parent), `missing key ${quote(String(path.at(-1)))} ${where}: expected ${expected}`);
    return;
  }
  if (issue.code === 'custom' && schema instanceof z.ZodObject) {
    file.problem(file.valueOffset(path), `${nameOf(inner)}: ${issue.message}`);
    return;
  }
  const secret = file.origin(path) === 'variable' || path.includes('auth') || path.includes('url');
  const hint = issue.code === 'invalid_value' ? didYouMean(String(value), issue.values.map(String)) : '';
  const what = inner.length === 0 ? nameOf(path.slice(-1)) : nameOf(inner);
  file.problem(
    file.valueOffset(path),
    `${what}${what && ': '}expected ${expected}, found ${describe(value, secret)}${hint}`,
  );
}

/** A value may be a secret that was put into the wrong place: then only its kind is told. */
function describe(value: unknown, secret: boolean): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (secret)
    return typeof value === 'string' ? (value === '' ? 'an empty text' : 'another text') : `a ${typeof value}`;
  return typeof value === 'string' ? quote(value) : String(value);
}

function quote(value: string): string {
  return `"${printable(value, 80)}"`;
}

/** `paths.required[0]` */
function nameOf(path: PathInFile): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`;
    return name === '' ? printable(step, 80) : `${name}.${printable(step, 80)}`;
  }, '');
}

function at(path: readonly PropertyKey[]): string {
  return JSON.stringify(path);
}

function valueAt(value: unknown, path: PathInFile): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | null)?.[step], value);
}
