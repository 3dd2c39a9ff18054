/** A further environment for a `livekit-doctor.yaml` that is there, of which every other byte stays. */
import { isCollection, isMap, isPair, isScalar, type Node, parseDocument } from 'yaml';
import { hideReferences } from '../environment/interpolate.js';

export interface Place {
  /** Where the text of the environment goes, as lines of their own. */
  readonly offset: number;
  /** Of its name, in spaces. */
  readonly indent: number;
}

/** Undefined where the environments are not written as a block, so that there is no simple place. */
export function placeForMore(source: string): Place | undefined {
  const { contents } = parseDocument(hideReferences(source));
  const pair = isMap(contents)
    ? contents.items.find(({ key }) => isScalar(key) && key.value === 'environments')
    : undefined;
  const map = pair?.value;
  if (!isMap(map) || map.flow) return undefined;
  const keys = map.items.map(({ key }) => (isScalar(key) ? key.range?.[0] : undefined));
  const [first] = keys;
  const end = lastOffset(map);
  if (first === undefined || end === undefined) return undefined;
  const indent = first - (source.lastIndexOf('\n', first - 1) + 1);
  return indent === 0 ? undefined : { offset: afterComments(source, lineEnd(source, end - 1), indent), indent };
}

/** `text` as at `furtherClaims`. */
export function insertAt(source: string, { offset }: Place, text: string): string {
  const before = source.slice(0, offset).trimEnd();
  return `${before}\n\n${text}\n${source.slice(offset)}`;
}

/** Where the last thing in it ends: a block as a whole ends behind comments that need not be its own. */
function lastOffset(node: unknown): number | undefined {
  if (isPair(node)) return lastOffset(node.value) ?? lastOffset(node.key);
  const last = isCollection(node) && !node.flow ? node.items.at(-1) : undefined;
  return last === undefined ? ((node as Node | null)?.range?.[1] ?? undefined) : lastOffset(last);
}

/** Comments that stand as deep as an environment belong to the last one. */
function afterComments(source: string, start: number, indent: number): number {
  let end = start;
  for (let at = start; at < source.length; at = lineEnd(source, at)) {
    const line = source.slice(at, lineEnd(source, at));
    if (line.trim() === '') continue;
    if (!/^ *#/.test(line) || line.indexOf('#') < indent) break;
    end = lineEnd(source, at);
  }
  return end;
}

/** Behind the line break. */
function lineEnd(source: string, at: number): number {
  const found = source.indexOf('\n', at);
  return found < 0 ? source.length : found + 1;
}
