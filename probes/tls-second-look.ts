/** What else is asked of a port whose handshake did not go well, so that its causes can be told apart. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { connectTcp } from './connect.js';
import { shake, type TlsServer } from './tls-handshake.js';

const patienceMs = 1000;
const mostBytes = 4096;

/** Sends one line and reads until `enough`, silence or the end. */
function say(socket: Socket, text: string, enough: (got: string) => boolean, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      socket.removeAllListeners();
      socket.on('error', () => {}).destroy();
      resolve(got);
    };
    const timer = setTimeout(end, patienceMs);
    signal.addEventListener('abort', end, { once: true });
    socket.on('data', (data) => {
      got += data.toString('latin1').slice(0, mostBytes);
      if (enough(got) || got.length >= mostBytes) end();
    });
    socket.on('error', end);
    socket.on('close', end);
    socket.write(text);
    if (signal.aborted) end();
  });
}

/** What the port says to a plain HTTP request, when it did not understand a ClientHello. */
export async function plainAnswer(server: TlsServer, signal: AbortSignal): Promise<string | undefined> {
  const connected = await connectTcp(server, signal);
  if ('failure' in connected) return undefined;
  const got = await say(connected.socket, `GET / HTTP/1.0\r\nHost: ${server.host}\r\n\r\n`, () => true, signal);
  return got === '' ? undefined : printable(got);
}

/** The peer's clock, over a connection that was not verified: good enough to ask whose clock is wrong, no more. */
export async function peerDate(
  secure: TLSSocket,
  { host }: TlsServer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const request = `HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const got = await say(secure, request, (text) => text.includes('\r\n\r\n'), signal);
  const time = Date.parse(/^date:\s*(.+)$/im.exec(got)?.[1] ?? '');
  return Number.isFinite(time) ? new Date(time).toISOString() : undefined;
}

/** The leaf for clients that name no host: an ingress shows its default certificate to those. */
export async function withoutSni(server: TlsServer, signal: AbortSignal): Promise<TlsFacts['withoutSni']> {
  const { chain, secure } = await shake(server, { signal, timeoutMs: patienceMs });
  secure?.destroy();
  return chain?.[0] && { fingerprint256: chain[0].fingerprint256 };
}

/** The newest version below 1.2 that the server accepts. */
export async function olderProtocol(server: TlsServer, signal: AbortSignal): Promise<string | undefined> {
  for (const version of ['TLSv1.1', 'TLSv1'] as const) {
    const more = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
    const { secure, protocol } = await shake(server, { signal, timeoutMs: patienceMs, servername: server.host, more });
    secure?.destroy();
    if (secure) return protocol;
  }
  return undefined;
}

/**
 * A ClientHello that a server of today refuses with an alert of a few bytes. If that arrives where the certificate
 * chain (thousands of bytes) did not, large packets are lost on the way (RFC 4821 §1).
 */
export async function smallHello(server: TlsServer, signal: AbortSignal): Promise<TlsFacts['smallHello']> {
  const more = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' } as const;
  // Named, or whoever tells backends apart by the name would have another one answer.
  const named = { servername: server.host, more };
  const { secure, failure } = await shake(server, { signal, timeoutMs: patienceMs, ...named });
  secure?.destroy();
  return failure?.kind === 'timeout' ? 'silent' : 'answered';
}
