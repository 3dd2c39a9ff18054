/** One bounded HTTP request to the signalling host, at an address that was resolved before. */
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Environment } from '../environment/environment.js';
import { hostOf } from '../environment/host.js';
import { eitherSignal } from '../evidence/abort.js';
import type { HttpFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { trusting } from '../wire/tcp.js';

const mostBodyBytes = 4096;
/** A body that does not end is reported as far as it came: the status alone says more than a timeout. */
const bodyMs = 1000;
/** Up to its headers, however slowly they drip: nobody waits for longer, and nothing may be left open in a long run. */
const answerMs = 3000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Where to connect to, whatever the name resolves to elsewhere. */
  readonly address: string;
  /** What to trust; absent where it is not secure. */
  readonly secureContext?: SecureContext;
}

/** Where the signalling of an environment is, at an address that was observed. */
export function endpointOf({ url, ca }: Environment, address: string): Endpoint {
  const secure = url.protocol === 'wss:';
  const port = Number(url.port || (secure ? 443 : 80));
  return { host: hostOf(url), port, secure, address, ...(secure && { secureContext: trusting(ca) }) };
}

/** For `net.connect`: the name stays in SNI and `Host`, the address is the one that was observed. */
export function lookupOf(address: string) {
  const family = address.includes(':') ? 6 : 4;
  return (_host: string, options: { all?: boolean }, done: (error: null, ...found: never[]) => void): void => {
    const found = options.all ? [[{ address, family }]] : [address, family];
    // Later, as a real lookup: without a route the socket fails at once, before anybody could listen for its error.
    queueMicrotask(() => done(null, ...(found as never[])));
  };
}

/**
 * What an answer says, without an opinion. Reads at most 4 kB of its body, for at most 1 s. `clean` takes secrets out of that before it is
 * shortened: a server repeats the token that it refuses, and says why only behind it.
 */
export async function httpFacts(
  response: IncomingMessage,
  clean: (text: string) => string = (text) => text,
): Promise<HttpFacts> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const late = setTimeout(() => response.destroy(), bodyMs);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= mostBodyBytes) break;
    }
  } catch {
    // So is one that breaks off.
  }
  clearTimeout(late);
  response.destroy();
  const { server, location, date } = response.headers;
  const contentType = response.headers['content-type'];
  const time = date ? Date.parse(date) : Number.NaN;
  return {
    status: response.statusCode ?? 0,
    body: printable(clean(Buffer.concat(chunks).subarray(0, mostBodyBytes).toString('utf8'))),
    ...(server && { server: printable(String(server)) }),
    ...(location && { location: printable(location) }),
    ...(contentType && { contentType: printable(contentType) }),
    ...(Number.isFinite(time) && { date: new Date(time).toISOString() }),
  };
}

export interface Answer {
  readonly facts: HttpFacts;
  /** The server's clock minus ours, taken at the middle of the exchange; `Date` has a resolution of 1 s. */
  readonly clockSkewMs?: number;
}

/**
 * `GET path`, over a TLS connection that is there, or a new one; undefined when no answer came before the signal. Redirects are
 * not followed.
 */
export function get(
  endpoint: Endpoint,
  path: string,
  signal: AbortSignal,
  ready?: Socket,
): Promise<Answer | undefined> {
  const over: RequestOptions = ready
    ? { createConnection: () => ready, defaultPort: 443 }
    : {
        agent: false,
        lookup: lookupOf(endpoint.address) as never,
        ...(endpoint.secureContext && { secureContext: endpoint.secureContext }),
      };
  return new Promise((resolve) => {
    const sentAt = Date.now();
    const request = (endpoint.secure ? requestHttps : requestHttp)({
      host: endpoint.host,
      port: endpoint.port,
      path,
      signal: eitherSignal([signal], answerMs + bodyMs),
      timeout: answerMs,
      ...over,
      headers: { 'user-agent': 'livekit-doctor' },
    });
    request.on('error', () => resolve(undefined));
    request.on('timeout', () => request.destroy());
    request.on('response', async (response) => {
      const middle = (sentAt + Date.now()) / 2;
      const facts = await httpFacts(response);
      // The header is cut to whole seconds, so its moment is on average half a second later.
      const clockSkewMs = facts.date ? Date.parse(facts.date) + 500 - middle : undefined;
      resolve({ facts, ...(clockSkewMs !== undefined && { clockSkewMs }) });
    });
    request.end();
  });
}
