/** A YAML file as a tree whose every value knows where it stands, so that each mistake is shown at its line and column. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import { hideReferences, showReferences, unclosedReference } from './interpolate.js';
import { type Problems, problemsOf } from './problems.js';

/** More than thousands of environments have. Aliases of aliases would otherwise grow without bound. */
const mostValues = 100_000;
const mostLevels = 20;

export type PathInFile = readonly (string | number)[];

/** Where a value stands in the file. */
interface Place {
  readonly path: PathInFile;
  /** Offsets into the source. */
  readonly keyOffset: number;
  readonly valueOffset: number;
}

export type Tree = Place &
  (
    | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree> }
    | { readonly kind: 'list'; readonly items: readonly Tree[] }
    /** Its references are hidden (`interpolate.ts`). `source` is how it is written, quotes included. */
    | { readonly kind: 'text'; readonly text: string; readonly source: string }
    | { readonly kind: 'scalar'; readonly scalar: unknown }
  );

export interface ConfigurationFile {
  readonly root: Tree;
  readonly problems: Problems;
  /** The line of an offset, from 1. */
  lineOf(offset: number): number;
}

/** `name` is how the file is called in messages. Throws a `ConfigurationError` where the text is not YAML. */
export function parseConfiguration(text: string, name: string): ConfigurationFile {
  const lines = new LineCounter();
  const source = hideReferences(text);
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const problems = problemsOf(name, lines);
  // The others mostly follow from the first.
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) problems.add(wrong.pos[0], inWords(wrong, source));
  problems.check();

  let values = 0;
  const read = (node: unknown, path: PathInFile, key?: number): Tree => {
    const range = (node as Node | null | undefined)?.range;
    const valueOffset = range?.[0] ?? key ?? 0;
    const place: Place = { path, keyOffset: key ?? valueOffset, valueOffset };
    const found = isAlias(node) ? node.resolve(document) : (node as Node | null | undefined);
    if (isAlias(node) && found === undefined) {
      problems.add(valueOffset, 'no anchor before this has that name; a text that begins with "*" needs quotes');
    }
    if (++values > mostValues || path.length > mostLevels) {
      problems.add(valueOffset, `more than ${mostValues} values, or ${mostLevels} levels`);
      problems.check();
    }
    if (isMap(found)) {
      const entries = found.items.map(({ key, value }): [string, Tree] => {
        const name = showReferences(String(isScalar(key) ? key.value : key));
        return [name, read(value, [...path, name], (key as Node | null)?.range?.[0])];
      });
      return { ...place, kind: 'map', entries: new Map(entries) };
    }
    if (isSeq(found)) return { ...place, kind: 'list', items: found.items.map((item, i) => read(item, [...path, i])) };
    const scalar = isScalar(found) ? found.value : null;
    if (typeof scalar !== 'string') return { ...place, kind: 'scalar', scalar };
    return { ...place, kind: 'text', text: scalar, source: source.slice(range?.[0], range?.[1]) };
  };
  const root = read(document.contents, []);
  problems.check();
  return { root, problems, lineOf: (offset) => lines.linePos(offset).line };
}

/** What stands there may be a secret without quotes, and is not repeated. */
function inWords({ pos: [start], code, message }: YAMLError, source: string): string {
  if (source.slice(start - 1, start + 1) === '${') return unclosedReference;
  const [, quote] = /^Missing closing (["'])quote/.exec(message) ?? [];
  if (quote) return `a text that begins before this with ${quote} does not end`;
  const words: Partial<Record<typeof code, string>> = {
    TAG_RESOLVE_FAILED: 'no such tag is known; a text that begins with "!" needs quotes',
    DUPLICATE_KEY: 'this key stands in the same map already',
    MULTIPLE_DOCS: 'a second document begins here with "---", expected one',
  };
  return words[code] ?? message;
}

/** The value at a path of map keys. */
export function at(tree: Tree | undefined, ...path: readonly string[]): Tree | undefined {
  return path.reduce((found, key) => (found?.kind === 'map' ? found.entries.get(key) : undefined), tree);
}
