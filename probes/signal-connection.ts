/** The connection that signalling goes over. It needs no token, so it is made while there is none yet. */
import type { Socket } from 'node:net';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { hedged } from '../wire/hedge.js';
import { openTcp, secure } from '../wire/tcp.js';
import { within } from '../wire/within.js';
import type { Endpoint } from './signal-http.js';

const connectMs = 3000;
const handshakeMs = 5000;
const silence = { everyMs: 600, most: 3 };

/** With the code of the system or of OpenSSL; `ETIMEDOUT` for silence. */
export type Connected = Socket | NodeJS.ErrnoException;

async function attempt({ address, port, host, secureContext }: Endpoint, signal: AbortSignal): Promise<Connected> {
  const opened = await within(connectMs, signal, (limit) => openTcp(address, port, limit));
  if ('code' in opened) {
    const message = opened.code === 'ETIMEDOUT' ? `no TCP connection in ${connectMs} ms` : `connect ${opened.code}`;
    return Object.assign(new Error(message), { code: opened.code });
  }
  // Nobody may be listening yet when the peer resets it.
  const { socket } = opened;
  if (!secureContext) return socket.on('error', () => {});
  const secured = await secure(socket, host, secureContext, signal, ['http/1.1']);
  if ('socket' in secured) return secured.socket.on('error', () => {});
  return Object.assign(new Error(secured.message), { code: secured.code });
}

/** Ready for a websocket. Never rejects; the caller destroys the socket. */
export function connectSignal(endpoint: Endpoint, signal: AbortSignal): Promise<Connected> {
  return within(handshakeMs, signal, (limit) =>
    hedged((own) => attempt(endpoint, own), {
      ...silence,
      signal: limit,
      decides: (outcome) => !(outcome instanceof Error) || outcome.code !== 'ETIMEDOUT',
      discard: (outcome) => {
        if (!(outcome instanceof Error)) outcome.destroy();
      },
    }),
  );
}

/** Of whatever went wrong with it, then or later. `at` is the URL. */
export function failureOf(error: NodeJS.ErrnoException, at: string): Failure {
  const code = error.code ?? '';
  const message = `${at}: ${printable(error.message)}`;
  if (code === 'ECONNREFUSED') return { kind: 'refused', message };
  if (code === 'ECONNRESET' || code === 'EPIPE') return { kind: 'reset', message };
  if (code === 'ETIMEDOUT' || /timed out/.test(error.message)) return { kind: 'timeout', message };
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return { kind: 'unreachable', message };
  if (/^ERR_(TLS|SSL)|^CERT_|CERT|UNABLE_TO|SELF_SIGNED|EPROTO/.test(code)) return { kind: 'tls', message };
  return { kind: 'no-join', message };
}
