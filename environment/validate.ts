/** Holds a value of the configuration file against its schema, and says each mistake in words, at its place. */
import { z } from 'zod';
import { printable } from '../evidence/text.js';
import { didYouMean } from './nearest.js';
import type { Problems } from './problems.js';
import { schemaAt } from './schema.js';
import type { PathInFile } from './tree.js';
import type { Value, Values } from './values.js';

/** The value if it fits; otherwise what is wrong is added to the problems and undefined comes back. */
export function validate<T>(values: Values, schema: z.ZodType<T>, problems: Problems): T | undefined {
  const result = schema.safeParse(values.plain);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => ofMap(issue, values));
  const misspelt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map((issue) => at(issue.path)));
  for (const issue of issues) {
    // What a map holds as a whole is only judged where each of its keys is known.
    if (issue.code === 'custom' && misspelt.has(at(issue.path))) continue;
    report(issue, issue.path as PathInFile, { values, schema, problems });
  }
  return undefined;
}

/** Of a value that may be a text or a map, and is a map: what is wrong with the map. */
function ofMap(issue: z.core.$ZodIssue, values: Values): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || values.at(issue.path as PathInFile)?.tree.kind !== 'map') return [issue];
  const found = issue.errors.find((one) => one.every(({ code, path }) => code !== 'invalid_type' || path.length > 0));
  return found?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** What came out of a variable becomes where a number or `true` and `false` are expected. */
export function convertTo(schema: z.ZodType) {
  return (path: PathInFile, text: string): unknown => {
    const expected = schemaAt(schema, path);
    const kinds = expected instanceof z.ZodUnion ? expected.options : [expected];
    if (kinds.some((kind) => kind instanceof z.ZodNumber) && /^\d+(\.\d+)?$/.test(text)) return Number(text);
    if (kinds.some((kind) => kind instanceof z.ZodBoolean) && /^(true|false)$/.test(text)) return text === 'true';
    return text;
  };
}

/** `missing key "url" in staging: expected …`, at the map that lacks it. */
export function reportMissing(key: string, map: Value | undefined, schema: z.ZodType | undefined, problems: Problems) {
  const expected = schema?.description ?? 'something else';
  problems.add(map?.tree.keyOffset ?? 0, `missing key ${quote(key)} ${inside(map?.tree.path)}: expected ${expected}`);
}

interface Judged {
  readonly values: Values;
  readonly schema: z.ZodType;
  readonly problems: Problems;
}

function report(issue: z.core.$ZodIssue, path: PathInFile, { values, schema, problems }: Judged): void {
  const found = values.at(path);
  if (found?.broken) return;
  const expected = schemaAt(schema, path);
  const parent = path.slice(0, -1);
  if (issue.code === 'invalid_key') {
    const map = schemaAt(schema, parent);
    const keys = map instanceof z.ZodRecord && map.keyType instanceof z.ZodType ? map.keyType.description : undefined;
    // The text of a key may be half of a secret.
    const message = `${nameOf(parent)}: expected ${keys ?? 'other keys'}, found another text`;
    problems.add(found?.tree.keyOffset ?? 0, message);
    return;
  }
  if (issue.code === 'unrecognized_keys') {
    const map = [expected, ...(expected instanceof z.ZodUnion ? expected.options : [])].find(isMap);
    const known = Object.keys(map?.shape ?? {});
    for (const key of issue.keys) {
      const place = values.at([...path, key])?.tree;
      const isOfAll = place?.path[0] === 'defaults' && place.path.length === 2;
      const valid = isOfAll ? known.filter((one) => one !== 'extends') : known;
      const hint = didYouMean(key, valid);
      // A secret without its key looks like one.
      const shown = path.includes('auth') && !hint ? '' : `${quote(key)} `;
      const where = inside(place?.path.slice(0, -1));
      problems.add(place?.keyOffset ?? 0, `unknown key ${shown}${where}${hint || ';'} valid here: ${valid.join(', ')}`);
    }
    return;
  }
  if (found === undefined) {
    reportMissing(String(path.at(-1)), values.at(parent), expected, problems);
    return;
  }
  const { tree, variables } = found;
  // About more than the value itself, so that the message says it all.
  if (issue.code === 'custom' && (isMap(expected) || issue.params?.whole)) {
    problems.add(tree.valueOffset, `${nameOf(path)}: ${issue.message}`);
    return;
  }
  const value = path.reduce<unknown>(
    (inner, step) => (inner as Record<string | number, unknown> | null)?.[step],
    values.plain,
  );
  const secret = variables.length > 0 || path.includes('auth') || path.includes('url');
  const hint = issue.code === 'invalid_value' ? didYouMean(String(value), issue.values.map(String)) : '';
  const what = path.length === 0 ? nameOf(tree.path.slice(-1)) : nameOf(path);
  problems.add(
    tree.valueOffset,
    `${what}${what && ': '}expected ${expected?.description ?? 'something else'}, found ${describe(value, secret)}${hint}`,
  );
}

function inside(path: PathInFile = []): string {
  return path.length === 0 ? 'at the top' : `in ${nameOf(path.slice(-1))}`;
}

function isMap(schema: unknown): schema is z.ZodObject {
  return schema instanceof z.ZodObject;
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
