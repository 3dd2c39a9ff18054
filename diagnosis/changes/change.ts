/** What a change is. To add one: a kind here, what finds it in the file of its area, its sentence in `prose.ts`. */
import type { Change, Evidence } from '../../evidence/run.js';

/** Public and stable; programs read them. What `what`, `before` and `after` hold is said in docs/what-changed.md. */
export type ChangeKind =
  | 'environment'
  | 'verdict'
  | 'finding'
  | 'path'
  | 'path-required'
  | 'url'
  | 'name-addresses'
  | 'certificate'
  | 'tls-version'
  | 'front'
  | 'server-version'
  | 'edition'
  | 'region'
  | 'node'
  | 'offered'
  | 'media-addresses'
  | 'media-ports'
  | 'candidate-order'
  | 'ice-lite'
  | 'turn-servers'
  | 'stun-servers'
  | 'relay-addresses'
  | 'round-trip'
  | 'first-picture'
  | 'loss'
  | 'agent'
  | 'claim'
  | 'asked'
  | 'tool'
  | 'vantage-address'
  | 'vantage-families'
  | 'vantage-nat'
  | 'vantage-clock'
  | 'vantage-resolvers'
  | 'vantage-name';

type Value = Exclude<Change['before'], undefined>;

/** A change without its environment and its sentence. Without `effect`: neither worse nor better. */
export interface Difference {
  readonly about: Change['about'];
  readonly kind: ChangeKind;
  readonly what: string;
  readonly before?: Value;
  readonly after?: Value;
  readonly effect?: Change['effect'];
}

/** What changed of one thing between two runs of the same environment. */
export type Compare = (before: Evidence, after: Evidence) => Difference[];

/** One change where the two differ. Where one of them was not seen, nothing is known. */
export function differs<V extends Value>(
  kind: ChangeKind,
  what: string,
  before: V | undefined,
  after: V | undefined,
  about: Difference['about'] = 'deployment',
): Difference[] {
  if (before === undefined || after === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ about, kind, what, before, after }];
}

/** Each once, in an order of their own: in which order they came says nothing. */
export function set(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** Of two lists by a key, the pairs that are in both. */
export function pairs<T>(before: readonly T[], after: readonly T[], key: (one: T) => string): [T, T][] {
  const later = new Map(after.map((one) => [key(one), one]));
  return before.flatMap((one) => {
    const other = later.get(key(one));
    return other ? [[one, other] as [T, T]] : [];
  });
}
