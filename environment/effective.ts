/** What an environment comes to be made of, without its secrets, and where each value comes from. */
import { isPlainHeader } from './environment.js';
import { keyReference } from './reference.js';
import type { PathInFile } from './tree.js';
import type { Value, Values } from './values.js';

const masked = '(masked)';

/** A scalar or a list. */
export interface EffectiveValue {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly isMasked: boolean;
  /** `line 4 (defaults), variable TCP_PORT`. */
  readonly from: string;
}

/** Of an entry of the file that is right. `lineOf` is the line of an offset. */
export function effectiveValues(name: string, values: Values, lineOf: (offset: number) => number): EffectiveValue[] {
  const from = (path: PathInFile): string => {
    const value = values.at(path);
    const items = value?.tree.kind === 'list' ? value.tree.items.map((_, i) => values.at([...path, i])) : [];
    return value ? origin(name, value, items, lineOf(value.tree.valueOffset)) : '';
  };
  const leaves = (value: unknown, path: readonly string[]): EffectiveValue[] => {
    if (!isMap(value)) return [maskedIfSecret({ path, value, from: from(path) })];
    const given = Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
    return [...given, ...usual(value, path)];
  };
  return leaves(values.plain, []);
}

/** What counts because nothing else is said. */
function usual(map: object, path: readonly string[]): EffectiveValue[] {
  return Object.entries(keyReference).flatMap(([name, { usually }]) => {
    const key = name.split('.');
    const isHere = key.length === path.length + 1 && path.every((step, i) => step === key[i]);
    const last = key.at(-1) ?? '';
    if (!isHere || usually === undefined || last in map) return [];
    return [{ path: key, value: usually, isMasked: false, from: 'default' }];
  });
}

function origin(
  name: string,
  { tree, variables, defaults }: Value,
  items: (Value | undefined)[],
  line: number,
): string {
  const [top, environment] = tree.path;
  const owner = String(top === 'environments' ? environment : top);
  const all = [...variables, ...items.flatMap((item) => item?.variables ?? [])];
  const unset = [...defaults, ...items.flatMap((item) => item?.defaults ?? [])];
  return [
    `line ${line}${owner === name ? '' : ` (${owner})`}`,
    ...all.map((variable) => `variable ${variable}`),
    ...unset.map((variable) => `default of ${variable}`),
  ].join(', ');
}

/** Of `auth`, only what is known to be no secret is shown. */
export function maskedIfSecret(given: Omit<EffectiveValue, 'isMasked'>): EffectiveValue {
  const [top, ...keys] = given.path;
  const [last = ''] = keys.slice(-1);
  const key = keys.join('.');
  if (top !== 'auth' || plainKeys.has(key) || (keys.at(-2) === 'headers' && isPlainHeader(last))) {
    return { ...given, isMasked: false };
  }
  if (key !== 'tokenEndpoint' && key !== 'tokenEndpoint.url') return { ...given, value: masked, isMasked: true };
  const [address, query] = String(given.value).split('?', 2);
  return { ...given, value: query ? `${address}?${masked}` : address, isMasked: Boolean(query) };
}

const plainKeys = new Set([
  'apiKey',
  'project',
  'maxTtl',
  'mayGrant',
  ...['method', 'token', 'serverUrl', 'answerWithin'].map((key) => `tokenEndpoint.${key}`),
]);

/** In the order of the reference. */
export function inOrder(values: readonly EffectiveValue[]): EffectiveValue[] {
  const keys = Object.keys(keyReference);
  const place = ({ path }: EffectiveValue): number => keys.indexOf(path.slice(0, 2).join('.'));
  return values.toSorted((a, b) => place(a) - place(b));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
