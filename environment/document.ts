/** A YAML file as plain values that remember where they stand, so that each mistake is shown at its line and column. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from 'yaml';
import { printable } from '../evidence/text.js';
import { ConfigurationError } from './environment.js';
import { hideReferences, interpolate, showReferences, type Variables } from './interpolate.js';
import type { PathInFile } from './schema.js';

/** Far more than a hand-written file has. Aliases of aliases would otherwise grow without bound. */
const mostValues = 20_000;
const mostLevels = 20;

/** A value that came out of a variable is never repeated in a message; one whose variable is unset is not judged. */
export type Origin = 'variable' | 'unset';

/** Offsets into the source. */
interface Place {
  readonly key?: number;
  readonly value: number;
  readonly origin?: Origin;
}

export interface ConfigurationFile {
  /** The value at a path, as it stands in the file or with its variables put in. */
  value(path: PathInFile, variables?: Variables, convert?: Convert): unknown;
  /** The offset of a key, or of the value where it has no key. */
  keyOffset(path: PathInFile): number;
  valueOffset(path: PathInFile): number;
  /** Absent for a value that stands in the file. */
  origin(path: PathInFile): Origin | undefined;
  problem(offset: number, message: string): void;
  /** Throws a `ConfigurationError` with a line per problem, `file:line:column: …`, if there is any. */
  check(): void;
}

/** An unquoted scalar that is a variable may be a number: what it shall be depends on what is expected at its path. */
export type Convert = (path: PathInFile, text: string) => unknown;

/** `name` is how the file is called in messages. Throws a `ConfigurationError` where the text is not YAML. */
export function parseConfiguration(source: string, name: string): ConfigurationFile {
  const lines = new LineCounter();
  const document = parseDocument(hideReferences(source), { lineCounter: lines, prettyErrors: false });
  const problems = new Map<string, number>();
  const places = new Map<string, Place>();
  const placeOf = (path: PathInFile): Place | undefined => places.get(JSON.stringify(path));

  const problem = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.set(`${name}:${line}:${col}: ${printable(showReferences(message), 600)}`, offset);
  };
  const check = () => {
    if (problems.size === 0) return;
    const inOrder = [...problems].sort(([, a], [, b]) => a - b).map(([message]) => message);
    throw new ConfigurationError(inOrder.join('\n'));
  };

  let values = 0;
  const read = (node: unknown, path: PathInFile, key: number | undefined, how: How): unknown => {
    const found = isAlias(node) ? node.resolve(document) : (node as Node | null | undefined);
    const value = (node as Node | null | undefined)?.range?.[0] ?? key ?? 0;
    const missing = isAlias(node) && found === undefined;
    if (missing) problem(value, 'no anchor before this has that name; a text that begins with "*" needs quotes');
    places.set(JSON.stringify(path), { key, value, origin: missing ? 'unset' : undefined });
    if (++values > mostValues || path.length > mostLevels) {
      problem(value, `more than ${mostValues} values, or ${mostLevels} levels`);
      check();
    }
    if (isMap(found)) {
      const pairs = found.items.map((pair) => {
        const start = (pair.key as Node | null)?.range?.[0];
        const name = showReferences(String(isScalar(pair.key) ? pair.key.value : pair.key));
        return [name, read(pair.value, [...path, name], start, how)];
      });
      return Object.fromEntries(pairs);
    }
    if (isSeq(found)) return found.items.map((item, i) => read(item, [...path, i], undefined, how));
    if (!isScalar(found)) return null;
    if (typeof found.value !== 'string') return found.value;
    if (how.variables === undefined) return showReferences(found.value);
    const { text, changed, problems: unset } = interpolate(found.value, how.variables);
    for (const { reference, message } of unset) problem(referenceOffset(found, reference), message);
    if (!changed) return text;
    places.set(JSON.stringify(path), { key, value, origin: unset.length > 0 ? 'unset' : 'variable' });
    return found.type === Scalar.PLAIN && how.convert ? how.convert(path, text) : text;
  };

  const referenceOffset = (scalar: Scalar, reference: string): number => {
    const [start, end] = scalar.range ?? [0, 0];
    const offset = hideReferences(source).slice(start, end).indexOf(reference);
    return offset < 0 ? start : start + offset;
  };

  for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
    // What stands there may be a secret without quotes, and is not repeated.
    const isTag = code === 'TAG_RESOLVE_FAILED';
    problem(pos[0], isTag ? 'no such tag is known; a text that begins with "!" needs quotes' : message);
  }
  check();
  return {
    value: (path, variables, convert) => {
      const { node, key } = find(document, path);
      return read(node, path, key, { variables, convert });
    },
    keyOffset: (path) => placeOf(path)?.key ?? placeOf(path)?.value ?? 0,
    valueOffset: (path) => placeOf(path)?.value ?? 0,
    origin: (path) => placeOf(path)?.origin,
    problem,
    check,
  };
}

interface How {
  readonly variables?: Variables;
  readonly convert?: Convert;
}

/** The node at a path of map keys, and where its key begins. */
function find(document: Document, path: PathInFile): { node: unknown; key?: number } {
  let found: { node: unknown; key?: number } = { node: document.contents };
  for (const step of path) {
    const map = isAlias(found.node) ? found.node.resolve(document) : found.node;
    const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && String(key.value) === step) : undefined;
    found = { node: pair?.value, key: (pair?.key as Node | undefined)?.range?.[0] };
  }
  return found;
}
