/**
 * A backend of the operator's that mints tokens, asked as LiveKit's SDKs ask it (`TokenSource.endpoint`; docs.livekit.io,
 * "Endpoint token generation"; TokenSourceRequest and TokenSourceResponse in LiveKit's protocol).
 */
import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { TokenEndpointFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import type { TokenEndpoint } from './environment.js';
import { hostOf } from './host.js';

/** From the first query for its name to the last byte of its answer. */
export const endpointMs = 5000;
const mostBytes = 64 * 1024;
const mostKeys = 8;
/** The standard's name in both spellings of JSON for protobuf, then what hand-written backends call it. */
const tokenKeys = ['participant_token', 'participantToken', 'token', 'accessToken'];
const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export interface Asking {
  readonly signal?: AbortSignal;
  /** What to trust; absent: the public authorities. */
  readonly secureContext?: SecureContext;
  /** As in an environment; absent: the system's. */
  readonly resolvers?: readonly string[];
}

export type EndpointAnswer = { readonly token: string } | { readonly failure: TokenEndpointFacts };

/** Never rejects. One request: redirects are not followed. The room and identity in the token may be others. */
export function askTokenEndpoint(
  { tokenEndpoint: url, headers }: TokenEndpoint,
  { room, identity }: { readonly room: string; readonly identity: string },
  { signal, secureContext, resolvers }: Asking = {},
): Promise<EndpointAnswer> {
  const secure = url.protocol === 'https:';
  const at = { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)) };
  const body = JSON.stringify({ room_name: room, participant_identity: identity });
  const over = AbortSignal.any([AbortSignal.timeout(endpointMs), ...(signal ? [signal] : [])]);
  let connected = false;
  return new Promise((resolve) => {
    const fail = (reason: TokenEndpointFacts['reason'], more: Partial<TokenEndpointFacts> = {}): void =>
      resolve({ failure: { ...at, reason, ...more } });
    const request = (secure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: false,
      signal: over,
      ...(resolvers && { lookup: lookupAt(resolvers) }),
      ...(secureContext && { secureContext }),
      headers: {
        'user-agent': 'livekit-doctor',
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
        'content-length': Buffer.byteLength(body),
      },
    });
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (over.aborted) fail(connected ? 'timeout' : 'unreachable');
      else fail(reasonOf(error), error.code === undefined ? {} : { error: error.code });
    });
    request.on('response', async (response) => {
      const contentType = response.headers['content-type'];
      const seen = {
        status: response.statusCode ?? 0,
        ...(contentType !== undefined && { contentType: printable(contentType, 80) }),
      };
      try {
        const answer = await readAnswer(response, url);
        if ('token' in answer) resolve(answer);
        else fail(answer.reason, { ...seen, ...answer });
      } catch {
        fail(over.aborted ? 'timeout' : 'closed', seen);
      }
      request.destroy();
    });
    request.end(body);
  });
}

type Read = { readonly token: string } | (Partial<TokenEndpointFacts> & Pick<TokenEndpointFacts, 'reason'>);

/** Rejects where the body breaks off. */
async function readAnswer(response: IncomingMessage, url: URL): Promise<Read> {
  const { statusCode: status = 0, headers } = response;
  const { location } = headers;
  if (status >= 300 && status < 400) {
    const target = location !== undefined && URL.canParse(location, url) ? new URL(location, url).hostname : undefined;
    return { reason: 'redirect', ...(target !== undefined && { redirectsTo: printable(target) }) };
  }
  // The standard says 201, and the SDKs take any of these.
  if (status < 200 || status >= 300) return { reason: 'status' };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return { reason: 'too-large' };
    chunks.push(chunk);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return { reason: 'not-json' };
  }
  const fields = answer !== null && typeof answer === 'object' ? (answer as Record<string, unknown>) : {};
  const token = tokenKeys.map((key) => fields[key]).find((value) => value !== undefined);
  const keys = Object.keys(fields)
    .slice(0, mostKeys)
    .map((key) => printable(key, 40));
  if (token === undefined) return { reason: 'no-token', keys };
  return typeof token === 'string' && jwt.test(token) ? { token } : { reason: 'not-a-token', keys };
}

function reasonOf({ code = '', message }: NodeJS.ErrnoException): TokenEndpointFacts['reason'] {
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code)) return 'name';
  if (code === 'ECONNREFUSED') return 'refused';
  if (['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code)) return 'unreachable';
  if (/^ERR_(TLS|SSL)|CERT|UNABLE_TO|SELF_SIGNED|EPROTO/.test(code)) return 'tls';
  return code.startsWith('HPE_') || /^Parse Error/.test(message) ? 'not-http' : 'closed';
}

/** For `net.connect`: asks these resolvers, as the probes do. */
function lookupAt(resolvers: readonly string[]): LookupFunction {
  return (name, options, done) => {
    addressesOf(name, resolvers).then(
      (found) => {
        const [first] = found;
        if (options.all) done(null, found);
        else done(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };
}

/** IPv4 first. Rejects where there is none. */
async function addressesOf(name: string, resolvers: readonly string[]): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers(resolvers);
  const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = [
    ...(ipv4.status === 'fulfilled' ? ipv4.value.map((address) => ({ address, family: 4 })) : []),
    ...(ipv6.status === 'fulfilled' ? ipv6.value.map((address) => ({ address, family: 6 })) : []),
  ];
  // `localhost`, and what else only this machine knows.
  return found.length > 0 ? found : lookup(name, { all: true });
}
