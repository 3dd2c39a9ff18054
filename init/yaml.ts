/** Sections as YAML, each line below what is said about it, and what is doubted as a comment. */
import { Document, Pair, Scalar, stringify, YAMLMap } from 'yaml';
import { wrap } from '../reporters/text.js';
import type { Line, Section } from './section.js';

/** Of a line of prose in a comment. */
const columns = 96;

/** Where the JSON Schema of the file is, for editors. */
const schema = './node_modules/livekit-doctor/environment/livekit-doctor.schema.json';

export interface Entry {
  readonly name: string;
  readonly says: string;
  readonly url: string;
  readonly sections: readonly Section[];
}

/** A file with one environment. */
export function documentOf(heading: string, entry: Entry): string {
  const first = ` yaml-language-server: $schema=${schema}`;
  return `${comment([first, ...prose(heading)])}\n${render(entry)}`;
}

/** The environment alone, its name indented by as many spaces. */
export function environmentsOf(entry: Entry, indent: number): string {
  const [, ...lines] = render(entry).trimEnd().split('\n');
  return lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line.slice(2))).join('\n');
}

function render({ name, says, url, sections }: Entry): string {
  const environment = new YAMLMap();
  environment.items.push(new Pair(new Scalar('url'), new Scalar(url)));
  let waiting: string[] = [];
  for (const { key, lines } of sections) {
    const kept = lines.some(({ doubted }) => !doubted);
    if (kept) {
      environment.items.push(new Pair(keyOf(key, waiting, true), mapOf(lines)));
      waiting = [];
    } else {
      const inner = lines.flatMap(({ says, ...line }) => [...prose(says).map((text) => `#${text}`), textOf(line)]);
      waiting.push('', ` ${key}:`, ...inner.map((text) => `   ${text}`));
    }
  }
  if (waiting.length > 0) environment.comment = waiting.join('\n');
  const environments = new YAMLMap();
  environments.items.push(new Pair(keyOf(name, prose(says)), environment));
  const document = new Document();
  document.contents = new YAMLMap() as never;
  document.set('environments', environments);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function mapOf(lines: readonly Line[]): YAMLMap {
  const map = new YAMLMap();
  let waiting: string[] = [];
  for (const line of lines) {
    if (line.doubted) {
      waiting.push(...doubtful(line));
    } else {
      map.items.push(new Pair(keyOf(line.key, [...waiting, ...prose(line.says)]), nodeOf(line.value)));
      waiting = [];
    }
  }
  if (waiting.length > 0) map.comment = waiting.join('\n');
  return map;
}

function keyOf(key: string, comments: readonly string[], apart = false): Scalar {
  const scalar = new Scalar(key);
  if (comments.length > 0) scalar.commentBefore = comments.join('\n');
  scalar.spaceBefore = apart;
  return scalar;
}

function nodeOf(value: Line['value']) {
  const node = new Document().createNode(value);
  if (Array.isArray(value)) (node as { flow?: boolean }).flow = true;
  return node;
}

/** What is said, and the line that is not claimed. */
function doubtful({ says, ...line }: Line): string[] {
  return [...prose(says), ` ${textOf(line)}`];
}

function textOf({ key, value }: Omit<Line, 'says'>): string {
  return `${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : stringify(value, { lineWidth: 0 }).trimEnd()}`;
}

function prose(text: string): string[] {
  return text === '' ? [] : wrap(text, columns).map((line) => ` ${line}`);
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `#${line}\n`).join('');
}
