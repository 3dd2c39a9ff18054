/** Where the token stands in the answer of a token endpoint. */
import { printable } from '../evidence/text.js';

const mostKeys = 8;
/** The standard's name in both spellings of JSON for protobuf, then what hand-written backends call it. */
const tokenKeys = ['participant_token', 'participantToken', 'token', 'accessToken'];
const serverKeys = ['server_url', 'serverUrl', 'livekit_url', 'livekitUrl', 'ws_url', 'wsUrl', 'url'];
const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Paths in the answer; absent: the usual names. */
export interface Places {
  readonly tokenAt?: string;
  readonly serverUrlAt?: string;
}

export type Found =
  /** The URL as it came, as long as it is. */
  | { readonly token: string; readonly serverUrl?: string }
  | { readonly reason: 'not-json' }
  | { readonly reason: 'no-token' | 'not-a-token'; readonly keys: string[]; readonly lookedFor?: string };

export function findToken(text: string, { tokenAt, serverUrlAt }: Places): Found {
  // As the server of LiveKit's own quickstart answers.
  if (tokenAt === undefined && jwt.test(text.trim())) return { token: text.trim() };
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { reason: 'not-json' };
  }
  if (tokenAt === undefined && typeof answer === 'string' && jwt.test(answer)) return { token: answer };
  const token = tokenAt === undefined ? first(answer, tokenKeys) : at(answer, tokenAt);
  if (typeof token === 'string' && jwt.test(token)) {
    const url = serverUrlAt === undefined ? first(answer, serverKeys) : at(answer, serverUrlAt);
    const shown = typeof url === 'string' ? withoutSecrets(url, serverUrlAt !== undefined) : undefined;
    return { token, ...(shown !== undefined && { serverUrl: shown }) };
  }
  const keys = Object.keys(fieldsOf(answer))
    .slice(0, mostKeys)
    .map((key) => printable(key, 40));
  const reason = token === undefined ? 'no-token' : 'not-a-token';
  return { reason, keys, ...(tokenAt !== undefined && { lookedFor: printable(tokenAt, 80) }) };
}

/** `data.token`, or a JSON pointer (RFC 6901) like `/data/token`. */
export function isPath(path: string): boolean {
  return stepsOf(path).every((step) => step !== '') && path.length <= 200;
}

function stepsOf(path: string): string[] {
  if (!path.startsWith('/')) return path.split('.');
  const steps = path.slice(1).split('/');
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(answer: unknown, path: string): unknown {
  return stepsOf(path).reduce<unknown>((inner, step) => fieldsOf(inner)[step], answer);
}

function first(answer: unknown, keys: readonly string[]): unknown {
  const fields = fieldsOf(answer);
  return keys.map((key) => fields[key]).find((value) => value !== undefined);
}

/** Of an object or a list; nothing else has any. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' ? { __proto__: null, ...value } : {};
}

/**
 * Where a client shall connect to, without what may be secret in it. Under a usual name other things may stand, so there
 * only what a client can connect to counts.
 */
function withoutSecrets(text: string, claimed: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocols = ['ws:', 'wss:', 'http:', 'https:'];
  if (!url || !protocols.includes(url.protocol)) return claimed ? text : undefined;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}
