/** A tree of the file as plain values, variables put in, that still know where they stand and came from. */
import { interpolate, showReferences, type Variables } from './interpolate.js';
import type { Problems } from './problems.js';
import type { PathInFile, Tree } from './tree.js';

export interface Value {
  /** Where it stands. What is inherited stands elsewhere than where it is read. */
  readonly tree: Tree;
  /** Names of the variables that were put in: such a value may be a secret and is never repeated in a message. */
  readonly variables: readonly string[];
  /** Names of the variables whose default was put in. */
  readonly defaults: readonly string[];
  /** A variable is missing, and was complained of: the value is not judged. */
  readonly broken: boolean;
}

export interface Values {
  /** Maps, lists and scalars. */
  readonly plain: unknown;
  /** The value at a path from the root of the tree. */
  at(path: PathInFile): Value | undefined;
}

export interface Reading {
  readonly variables: Variables;
  /** What comes out of a variable may be a number: what it shall be depends on what is expected at its path. */
  convert(path: PathInFile, text: string): unknown;
  /** Who needs the variables. */
  readonly neededBy: string;
}

/** Without `how`, references stay as they stand. What is wrong with them is added to the problems. */
export function valuesOf(tree: Tree, problems: Problems, how?: Reading): Values {
  const values = new Map<string, Value>();
  const read = (tree: Tree, path: PathInFile): unknown => {
    const known = (given: Partial<Value> = {}) =>
      values.set(JSON.stringify(path), { tree, variables: [], defaults: [], broken: false, ...given });
    known();
    if (tree.kind === 'map') {
      return Object.fromEntries([...tree.entries].map(([key, inner]) => [key, read(inner, [...path, key])]));
    }
    if (tree.kind === 'list') return tree.items.map((item, i) => read(item, [...path, i]));
    if (tree.kind === 'scalar') return tree.scalar;
    if (!how) return showReferences(tree.text);
    const { text, variables, defaults, problems: wrong } = interpolate(tree.text, how.variables);
    for (const { reference, message, unset } of wrong) {
      const offset = tree.valueOffset + Math.max(0, tree.source.indexOf(reference));
      problems.add(offset, message, unset ? how.neededBy : undefined);
    }
    known({ variables, defaults, broken: wrong.length > 0 });
    return variables.length + defaults.length > 0 ? how.convert(path, text) : text;
  };
  const plain = read(tree, []);
  return { plain, at: (path) => values.get(JSON.stringify(path)) };
}
