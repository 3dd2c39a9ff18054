/** What a token endpoint is sent: the operator's template with the room and the identity in it. */
import type { TokenEndpoint } from './environment.js';

export interface Wanted {
  /** One of ours: see `randomRoom`. */
  readonly room: string;
  readonly identity: string;
}

/** In braces, in the URL, in headers and in the body. */
export const placeholders: readonly string[] = ['room', 'identity'] satisfies (keyof Wanted)[];

/** Braces are escaped in the path of a parsed URL, and not in its query. */
const placeholder = /(?:\{|%7B)(room|identity)(?:\}|%7D)/gi;

export interface EndpointRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of what is wanted, what it says at all: a backend that is not asked for a room decides by itself. */
  readonly asked: Partial<Wanted>;
}

/** As LiveKit's SDKs ask (TokenSourceRequest in LiveKit's protocol). */
const usualBody = { room_name: '{room}', participant_identity: '{identity}' };

export function endpointRequest(endpoint: TokenEndpoint, wanted: Wanted): EndpointRequest {
  const {
    tokenEndpoint: url,
    method = 'POST',
    headers: own,
    body = method === 'GET' ? undefined : usualBody,
  } = endpoint;
  const said = new Set<keyof Wanted>();
  const put = (text: string, encode: (value: string) => string = (value) => value): string =>
    text.replace(placeholder, (_all, name: string) => {
      const key = name.toLowerCase() as keyof Wanted;
      said.add(key);
      return encode(wanted[key]);
    });
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return put(value);
    if (Array.isArray(value)) return value.map(fill);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  };
  // A text is a form unless a header says otherwise, as of curl's `--data`.
  const filled = body === undefined ? undefined : JSON.stringify(fill(body));
  const content = typeof body === 'string' ? put(body, encodeURIComponent) : filled;
  const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
  const headers = {
    'user-agent': 'livekit-doctor',
    accept: 'application/json',
    ...(content !== undefined && { 'content-type': type }),
    ...lowerCase(own, put),
    ...(content !== undefined && { 'content-length': `${Buffer.byteLength(content)}` }),
  };
  return {
    url: new URL(put(url.href, encodeURIComponent)),
    method,
    headers,
    ...(content !== undefined && { body: content }),
    asked: {
      ...(said.has('room') && { room: wanted.room }),
      ...(said.has('identity') && { identity: wanted.identity }),
    },
  };
}

/** Names of headers have no case, so the operator's take the place of ours. */
function lowerCase(headers: Readonly<Record<string, string>>, put: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), put(value)]));
}

/** What of a template's text may be a secret: all but its placeholders. */
export function withoutPlaceholders(text: string): string[] {
  return text.split(/(?:\{|%7B)(?:room|identity)(?:\}|%7D)/i).filter((piece) => piece !== '');
}
