/** One LiveKit deployment under test, resolved: every variable is set, every file is read. */
import type { Claims, Depth, Path } from '../evidence/run.js';
import { withoutPlaceholders } from './token-request.js';

/** Key and secret to mint tokens with, a backend that mints them, or a token that somebody else minted. */
export type Auth = { readonly apiKey: string; readonly apiSecret: string } | TokenEndpoint | { readonly token: string };

export interface TokenEndpoint {
  /** `https:` or `http:`, without user information. Its query may be a secret. `{room}` and `{identity}` stand for them. */
  readonly tokenEndpoint: URL;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: POST. */
  readonly method?: 'POST' | 'GET' | 'PUT' | 'PATCH';
  /** A template: JSON, or a text. Absent: as LiveKit's SDKs ask, and nothing with GET. */
  readonly body?: unknown;
  /** Paths in its answer, `data.token` or `/data/token`; absent: their usual names. */
  readonly tokenAt?: string;
  readonly serverUrlAt?: string;
}

/** What no output may show. The API key is not among it: it is a name, and the one that a finding has to say. */
export function secretsOf(auth: Auth): readonly string[] {
  if ('token' in auth) return [auth.token];
  if ('apiSecret' in auth) return [auth.apiSecret];
  const { tokenEndpoint, headers, body } = auth;
  const values = Object.entries(headers).flatMap(([header, value]) =>
    isPlainHeader(header) ? [] : [value, ...piecesOf(value)],
  );
  return [...values, ...tokenEndpoint.searchParams.values(), ...textsOf(body).flatMap(piecesOf)].flatMap(
    withoutPlaceholders,
  );
}

const plainHeaders = new Set(['accept', 'accept-language', 'content-type', 'origin', 'referer', 'user-agent']);

/** One whose value is no secret. */
export function isPlainHeader(name: string): boolean {
  return plainHeaders.has(name.toLowerCase());
}

/**
 * `Bearer x`, `session=x; other=y`, `Basic` with what is in its base64 (RFC 7617): a server may repeat the part that
 * counts. Short ones are words, like `Bearer`.
 */
function piecesOf(value: string): string[] {
  const [, basic = ''] = /^Basic +([\w+/=-]+)$/i.exec(value) ?? [];
  const [, password = ''] = /^[^:]*:([\s\S]*)$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  return [...value.split(/[\s;,=&]+/).filter((piece) => piece.length >= 8), ...(password === '' ? [] : [password])];
}

/** Every text in a JSON value, keys not. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}

/** Where the deployment runs, and what it is called there. What is absent is looked for. */
export interface KubernetesClaims {
  /** Absolute path; absent: as `kubectl` does (`KUBECONFIG`, `~/.kube/config`), else the pod's service account. */
  readonly kubeconfig?: string;
  /** Absent: the current one. */
  readonly context?: string;
  readonly namespace: string;
  readonly deployment?: string;
  /** The Service that takes the media from outside. */
  readonly service?: string;
  readonly turnService?: string;
  readonly ingress?: string;
  readonly configMap?: string;
  /** That holds the API keys. */
  readonly secret?: string;
}

export type Schedule = Readonly<Partial<Record<Depth, number | 'off'>>>;

export interface Environment {
  readonly name: string;
  /** `wss://host[:port][/path]` or `ws://…`. Never carries credentials. */
  readonly url: URL;
  readonly auth: Auth;
  /** PEM of a private CA to trust beside the public ones. */
  readonly ca?: string;
  /** `ip`, `ip:port` or `[v6]:port`; absent: the system's. */
  readonly resolvers?: readonly string[];
  readonly claims: Claims;
  /** A cluster that may be asked for what is not claimed. */
  readonly kubernetes?: KubernetesClaims;
  /** How often it is checked at each depth, in milliseconds, where somebody says so. */
  readonly schedule?: Schedule;
  /** Paths that it cannot have where it runs (the embedded one without port 443), each with the reason. */
  readonly unsupportedPaths?: Partial<Record<Path, string>>;
}

/** A mistake in the configuration or in the command line: exit code 2, never a stack trace. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
