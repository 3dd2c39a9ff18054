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
import { eitherSignal } from '../evidence/abort.js';
import type { EndpointAnswerFacts, TokenEndpointFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import type { TokenEndpoint } from './environment.js';
import { hostOf } from './host.js';
import { findToken } from './token-answer.js';
import { endpointRequest, type Wanted } from './token-request.js';

/** From the first query for its name to the last byte of its answer. */
export const endpointMs = 5000;
const mostBytes = 64 * 1024;

export interface Asking {
  readonly signal?: AbortSignal;
  /** What to trust; absent: the public authorities. */
  readonly secureContext?: SecureContext;
  /** As in an environment; absent: the system's. */
  readonly resolvers?: readonly string[];
}

export type EndpointAnswer =
  | { readonly token: string; readonly answer: EndpointAnswerFacts; readonly asked: Partial<Wanted> }
  | { readonly failure: TokenEndpointFacts };

/** Never rejects. One request: redirects are not followed. The room and identity in the token may be others. */
export function askTokenEndpoint(
  endpoint: TokenEndpoint,
  wanted: Wanted,
  { signal, secureContext, resolvers }: Asking = {},
): Promise<EndpointAnswer> {
  const { url, method, headers, body, asked } = endpointRequest(endpoint, wanted);
  const secure = url.protocol === 'https:';
  const at = { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)) };
  const over = eitherSignal([signal], endpointMs);
  let connected = false;
  let readyMs = performance.now();
  return new Promise((resolve) => {
    const fail = (reason: TokenEndpointFacts['reason'], more: Partial<TokenEndpointFacts> = {}): void =>
      resolve({ failure: { ...at, ...(method !== 'POST' && { method }), reason, ...more } });
    const request = (secure ? requestHttps : requestHttp)(url, {
      method,
      agent: false,
      signal: over,
      ...(resolvers && { lookup: lookupAt(resolvers) }),
      ...(secureContext && { secureContext }),
      headers,
    });
    request.on('socket', (socket) => {
      const onReady = (): void => {
        connected = true;
        readyMs = performance.now();
      };
      for (const event of ['connect', 'secureConnect']) socket.once(event, onReady);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (over.aborted) fail(connected ? 'timeout' : 'unreachable');
      else fail(reasonOf(error), error.code === undefined ? {} : { error: error.code });
    });
    request.on('response', async (response) => {
      const status = response.statusCode ?? 0;
      const contentType = response.headers['content-type'];
      const seen = { status, ...(contentType !== undefined && { contentType: printable(contentType, 80) }) };
      try {
        const read = await readAnswer(response, url, endpoint);
        if ('token' in read) {
          const { token, ...more } = read;
          resolve({
            token,
            answer: { ...at, status, answerMs: Math.round(performance.now() - readyMs), ...more },
            asked,
          });
        } else fail(read.reason, { ...seen, ...read });
      } catch {
        fail(over.aborted ? 'timeout' : 'closed', seen);
      }
      request.destroy();
    });
    request.end(body);
  });
}

type Read =
  | { readonly token: string; readonly serverUrl?: string }
  | (Partial<TokenEndpointFacts> & Pick<TokenEndpointFacts, 'reason'>);

/** Rejects where the body breaks off. */
async function readAnswer(response: IncomingMessage, url: URL, places: TokenEndpoint): Promise<Read> {
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
  return findToken(Buffer.concat(chunks).toString('utf8'), places);
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
