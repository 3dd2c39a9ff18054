/** The sentence of each kind of change: one line, without a full stop. */
import { list } from '../words.js';
import type { ChangeKind, Difference } from './change.js';

/** `before` and `after` have the shape that their kind promises. */
type Sentence = (change: { what: string; before: unknown; after: unknown }) => string;

const value = (one: unknown): string => {
  if (one === undefined) return 'nothing';
  if (Array.isArray(one)) return one.length > 0 ? one.map(String).join(', ') : 'nothing';
  return one === '' ? 'none' : String(one);
};

const arrow = (before: unknown, after: unknown): string => `${value(before)} → ${value(after)}`;

/** `NAME 1 → 2` */
const of =
  (name: (what: string) => string): Sentence =>
  ({ what, before, after }) =>
    `${name(what)} ${arrow(before, after)}`;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const signed = (number: number, text: string): string => `${number > 0 ? '+' : '−'}${text}`;

interface Certificate {
  readonly issuer: string;
  readonly names: readonly string[];
  readonly validTo: string;
}

function certificate({ what, ...sides }: Parameters<Sentence>[0]): string {
  const [before, after] = [sides.before as Certificate, sides.after as Certificate];
  const days = [before, after].map(({ validTo }) => validTo.slice(0, 10));
  const expires = days[0] === days[1] ? `(expires ${days[0]} as before)` : `(expires ${days.join(' → ')})`;
  if (before.issuer !== after.issuer) {
    return `certificate of ${what} issued by ${arrow(before.issuer, after.issuer)} ${expires}`;
  }
  if (String(before.names) !== String(after.names)) {
    return `certificate of ${what} is for ${arrow(before.names, after.names)} ${expires}`;
  }
  return `certificate of ${what} ${String(days[1]) > String(days[0]) ? 'renewed' : 'replaced'} ${expires}`;
}

interface Stated {
  readonly severity: string;
  readonly summary: string;
}

function finding({ what, ...sides }: Parameters<Sentence>[0]): string {
  const [before, after] = [sides.before as Stated | undefined, sides.after as Stated | undefined];
  if (!after) return `${what} is gone`;
  return before ? `${what} ${arrow(before.severity, after.severity)}: ${after.summary}` : `${what}: ${after.summary}`;
}

function clock(ms: unknown): string {
  const off = Number(ms);
  if (Math.abs(off) < 1000) return 'right';
  // What is told is the environment's clock minus ours.
  return `${seconds(Math.abs(off))} ${off > 0 ? 'slow' : 'fast'}`;
}

const agents: Record<string, string> = {
  joined: 'joined',
  absent: 'did not join',
  silent: 'joined, but published nothing',
  refused: 'was refused',
};

const sentences: Record<ChangeKind, Sentence> = {
  environment: ({ what, before }) => `${what} is only in the ${before === undefined ? 'second' : 'first'} run`,
  verdict: of(() => 'verdict'),
  finding,
  path: of((what) => what),
  'path-required': of((what) => what),
  url: of(() => 'URL'),
  'name-addresses': of((name) => `${name} resolves to`),
  certificate,
  'tls-version': of((where) => `TLS of ${where}`),
  front: of(() => 'in front of the server'),
  'server-version': of(() => 'server'),
  edition: of(() => 'edition of the server'),
  region: of(() => 'region of the server'),
  node: ({ before, after }) => `another node answered, or the same one was started anew: ${arrow(before, after)}`,
  offered: ({ what, after }) => `${what} ${after ? 'now' : 'no longer'} offered`,
  'media-addresses': ({ what, before, after }) =>
    `advertised ${what} ${Array.isArray(after) && after.length > 1 ? 'addresses' : 'address'} ${arrow(before, after)}`,
  'media-ports': of((protocol) => `advertised ${protocol} port`),
  'candidate-order': ({ before, after }) =>
    `candidate order ${[before, after].map((order) => (order as string[]).join(', then ')).join(' → ')}`,
  'ice-lite': ({ after }) => `ICE lite ${after ? 'now' : 'no longer'} offered`,
  'turn-servers': of((path) => `${path} server`),
  'stun-servers': of(() => 'STUN servers'),
  'relay-addresses': of((path) => `${path} relays from`),
  'round-trip': ({ what, before, after }) => {
    const more = Number(after) - Number(before);
    return `round trip to ${what} ${signed(more, `${Math.abs(more)} ms`)} (${before} → ${after} ms)`;
  },
  'first-picture': ({ what, before, after }) => {
    const more = Number(after) - Number(before);
    return `first picture by ${what} ${signed(more, seconds(Math.abs(more)))} (${seconds(Number(before))} → ${seconds(Number(after))})`;
  },
  loss: ({ what, before, after }) => `loss by ${what} ${before} → ${after} %`,
  agent: ({ what, before, after }) =>
    `agent ${what} ${agents[String(before)] ?? before} → ${agents[String(after)] ?? after}`,
  claim: of((key) => `claimed ${key}`),
  asked: ({ what, before, after }) =>
    before === undefined || after === undefined
      ? `${after === undefined ? 'no longer' : 'now'} asked for ${what} ${value(before ?? after)}`
      : `asked for ${what} ${arrow(before, after)}`,
  tool: of((name) => name),
  'vantage-address': of(() => 'this vantage is seen as'),
  'vantage-families': ({ before, after }) =>
    `this vantage has ${[before, after].map((one) => list(one as string[])).join(' → ')}`,
  'vantage-nat': of(() => 'NAT mapping'),
  'vantage-clock': ({ before, after }) => `clock of this vantage ${clock(before)} → ${clock(after)}`,
  'vantage-resolvers': of(() => 'resolvers of this vantage'),
  'vantage-name': of(() => 'vantage'),
};

export function sentence(change: Difference): string {
  const { kind, what, before, after } = change;
  return sentences[kind]({ what, before, after });
}
