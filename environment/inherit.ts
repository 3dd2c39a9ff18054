/** What an environment has from `defaults` and from those that it extends. */
import { didYouMean } from './nearest.js';
import { at, type ConfigurationFile, type Tree } from './tree.js';

/**
 * The environment of that name with all that it inherits: what is nearer wins, maps are merged key by key, and whatever
 * else is there replaces what was inherited. `undefined` where what it extends is not there or goes round in circles,
 * which is added to the problems.
 */
export function inherit(
  { root, problems }: Pick<ConfigurationFile, 'root' | 'problems'>,
  name: string,
): Tree | undefined {
  const entries = at(root, 'environments');
  const names = entries?.kind === 'map' ? [...entries.entries.keys()] : [];
  const chain: { name: string; tree: Tree }[] = [];
  for (let next: string | undefined = name; next !== undefined; ) {
    const tree = at(entries, next);
    const before = chain.at(-1);
    if (!tree) {
      const offset = at(before?.tree, 'extends')?.valueOffset ?? 0;
      const hint = didYouMean(next, names) || ';';
      problems.add(offset, `extends: there is no environment "${next}"${hint} there are: ${names.join(', ')}`);
      return undefined;
    }
    const first = chain.findIndex((one) => one.name === next);
    if (first >= 0) {
      // Told once, by whoever stands first in the file.
      const circle = chain.slice(first).sort((a, b) => a.tree.keyOffset - b.tree.keyOffset);
      const [top] = circle;
      const others = roundFrom(chain.slice(first), top?.name ?? '');
      problems.add(
        at(top?.tree, 'extends')?.valueOffset ?? 0,
        `extends: goes round in a circle: ${others.join(' → ')}`,
      );
      return undefined;
    }
    chain.push({ name: next, tree });
    next = extended(tree);
  }
  // Half of one way to come to a token and half of another would be nobody's credentials.
  const apart = ['auth'];
  return chain.reduceRight<Tree | undefined>(
    (inherited, { tree }) => merged(without(inherited, 'extends'), tree, apart),
    at(root, 'defaults'),
  );
}

/** The names that others extend. */
export function bases(file: ConfigurationFile): Set<string> {
  const entries = at(file.root, 'environments');
  const all = entries?.kind === 'map' ? [...entries.entries.values()] : [];
  return new Set(all.map(extended).filter((name) => name !== undefined));
}

/** What else it may be, its schema refuses. */
function extended(tree: Tree): string | undefined {
  const found = at(tree, 'extends');
  return found?.kind === 'text' ? found.text : undefined;
}

function roundFrom(circle: readonly { name: string }[], first: string): string[] {
  const names = circle.map(({ name }) => name);
  const start = names.indexOf(first);
  return [...names.slice(start), ...names.slice(0, start), first];
}

function merged(base: Tree | undefined, own: Tree, whole: readonly string[] = []): Tree {
  if (base?.kind !== 'map' || own.kind !== 'map') return own;
  const entries = new Map(base.entries);
  for (const [key, value] of own.entries) {
    entries.set(key, whole.includes(key) ? value : merged(base.entries.get(key), value));
  }
  return { ...own, entries };
}

function without(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind !== 'map') return tree;
  return { ...tree, entries: new Map([...tree.entries].filter(([name]) => name !== key)) };
}
