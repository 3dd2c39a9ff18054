/** The exporter's HTTP: bounded in size and time, and nothing of it may be framed, sniffed or sent elsewhere. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, isIPv6 } from 'node:net';
import { ConfigurationError } from '../environment/environment.js';
import { printable } from '../evidence/text.js';
import type { Answered, Asked } from './answers.js';

export interface Listen {
  /** Empty: every address of this machine. */
  readonly host: string;
  readonly port: number;
}

export interface Listening {
  /** `http://127.0.0.1:9799`, one for each. */
  readonly urls: readonly string[];
  /** Whoever waits for an answer is left without. */
  stop(): Promise<void>;
}

type Answer = (asked: Asked, request: IncomingMessage) => Promise<Answered> | Answered;

/** Throws a `ConfigurationError` where it cannot listen. */
export async function startHttp(
  places: readonly Listen[],
  answer: (asked: Asked) => Promise<Answered>,
): Promise<Listening> {
  const over = new AbortController();
  const servers: Server[] = [];
  const stop = async (): Promise<void> => {
    over.abort();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  };
  try {
    for (const place of places) servers.push(await listen(place, answer, over.signal));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: servers.map(urlOf), stop };
}

async function listen(
  { host, port }: Listen,
  answer: (asked: Asked) => Promise<Answered>,
  over: AbortSignal,
): Promise<Server> {
  const onlyHere = (): boolean => isLoopback((server.address() as AddressInfo | null)?.address ?? '');
  const guarded: Answer = (asked, { headers }) => {
    if (onlyHere() && !isOwnName(headers.host, host)) return strange(headers.host ?? '');
    return asked.path === '/probe' && headers['sec-fetch-site'] === 'cross-site' ? foreign : answer(asked);
  };
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 65_000 },
    (request, response) => void take(request, response, guarded, over),
  );
  server.maxConnections = 200;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(error, { host, port })));
    // Without a host, also where there is no IPv6.
    server.listen({ ...(host !== '' && { host }), port }, resolve);
  });
  return server;
}

function refused({ code, message }: NodeJS.ErrnoException, { host, port }: Listen): ConfigurationError {
  const why =
    {
      EADDRINUSE: 'something else listens there already',
      EADDRNOTAVAIL: 'this machine has no such address',
      EACCES: 'ports below 1024 need a privilege',
      ENOTFOUND: 'there is no such name',
    }[code ?? ''] ?? message;
  return new ConfigurationError(`--listen ${isIPv6(host) ? `[${host}]` : host}:${port}: ${why}`);
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** An address, localhost (RFC 6761 §6.3), or what it was told to listen as. HTTP/1.0 has no name, and no browser behind it. */
function isOwnName(header: string | undefined, listened: string): boolean {
  if (header === undefined) return true;
  const name = header
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return isIP(name) > 0 || name === listened.toLowerCase() || /^(.+\.)?localhost$/.test(name);
}

const plain = (status: number, body: string): Answered => ({ status, type: 'text/plain; charset=utf-8', body });

/** A page that a browser here has open could have its own name lead to this address (DNS rebinding), and read the answer. */
const strange = (name: string): Answered =>
  plain(
    421,
    `This listens on the loopback, and answers to an address or localhost, not to "${printable(name, 80)}". Have a proxy in front of it send the address as Host, or listen by that name or on another address (--listen).\n`,
  );

/** It could not read the answer, but keep this machine busy. */
const foreign = plain(403, 'A page of another site may not begin a check.\n');

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  over: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const give = (): void => gone.abort();
  response.once('close', give);
  over.addEventListener('abort', give, { once: true });
  request.resume();
  try {
    const { status, type, body, policy } = await answered(request, answer, gone.signal);
    if (gone.signal.aborted) return;
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'content-security-policy': `${policy ?? "default-src 'none'"}; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      ...(status === 405 && { allow: 'GET, HEAD' }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  } finally {
    over.removeEventListener('abort', give);
  }
}

async function answered(request: IncomingMessage, answer: Answer, signal: AbortSignal): Promise<Answered> {
  const { method, url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET and HEAD.\n');
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  const timeout = headers['x-prometheus-scrape-timeout-seconds'];
  try {
    const scrapeTimeout = Array.isArray(timeout) ? timeout[0] : timeout;
    return await answer({ path, query, scrapeTimeout, signal }, request);
  } catch (error) {
    return plain(500, `Something went wrong inside livekit-doctor, please report it: ${(error as Error).message}\n`);
  }
}
