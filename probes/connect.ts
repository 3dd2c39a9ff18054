/** A TCP connection to an address that was resolved before, or why there is none. */
import type { Socket } from 'node:net';
import type { Failure } from '../evidence/run.js';
import { openTcp } from '../wire/tcp.js';
import { within } from '../wire/within.js';

export type Connected = { readonly socket: Socket } | { readonly failure: Failure };

const timeoutMs = 3000;

/** Never rejects. Kinds: `timeout`, `refused`, `unreachable`. The caller destroys the socket. */
export async function connectTcp(
  { host, address, port }: { host: string; address: string; port: number },
  signal: AbortSignal,
): Promise<Connected> {
  const opened = await within(timeoutMs, signal, (limit) => openTcp(address, port, limit));
  if ('socket' in opened) return opened;
  const at = `${host} (${address}) port ${port}`;
  if (opened.code === 'ETIMEDOUT') {
    return { failure: { kind: 'timeout', message: `TCP connection to ${at} was not answered` } };
  }
  const kind = opened.code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
  return { failure: { kind, message: `TCP connection to ${at}: ${opened.code}` } };
}
