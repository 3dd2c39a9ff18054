/** The exporter's HTTP: bounded in size and time, and nothing of it may be framed, sniffed or sent elsewhere. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../environment/environment.js';
import type { Answered, Asked } from './answers.js';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface Listening {
  /** `http://127.0.0.1:9799`, one for each. */
  readonly urls: readonly string[];
  /** Whoever waits for an answer is left without. */
  stop(): Promise<void>;
}

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
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 65_000 },
    (request, response) => void take(request, response, answer, over),
  );
  server.maxConnections = 200;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(error, { host, port })));
    server.listen({ host, port }, resolve);
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
  return new ConfigurationError(`--listen ${host}:${port}: ${why}`);
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (asked: Asked) => Promise<Answered>,
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

async function answered(
  { method, url = '/', headers }: IncomingMessage,
  answer: (asked: Asked) => Promise<Answered>,
  signal: AbortSignal,
): Promise<Answered> {
  const plain = (status: number, body: string): Answered => ({ status, type: 'text/plain; charset=utf-8', body });
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET and HEAD.\n');
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  const timeout = headers['x-prometheus-scrape-timeout-seconds'];
  try {
    return await answer({ path, query, scrapeTimeout: Array.isArray(timeout) ? timeout[0] : timeout, signal });
  } catch (error) {
    return plain(500, `Something went wrong inside livekit-doctor, please report it: ${(error as Error).message}\n`);
  }
}
