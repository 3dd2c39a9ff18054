/** A TCP connection to an address that was resolved before, or why there is none. */
import { connect, type Socket } from 'node:net';
import type { Failure } from '../evidence/run.js';

export type Connected = { readonly socket: Socket } | { readonly failure: Failure };

const timeoutMs = 3000; // the kernel sends a SYN at 0, 1 and 3 s, so this is two chances

/** Never rejects. Kinds: `timeout`, `refused`, `unreachable`. The caller destroys the socket. */
export function connectTcp(
  { host, address, port }: { host: string; address: string; port: number },
  signal: AbortSignal,
): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: Connected): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      if ('failure' in result) socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const at = `${host} (${address}) port ${port}`;
    const onAbort = (): void =>
      end({ failure: { kind: 'timeout', message: `TCP connection to ${at} was not answered` } });
    const timer = setTimeout(onAbort, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => end({ socket }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
      end({ failure: { kind, message: `TCP connection to ${at}: ${error.code ?? error.message}` } });
    });
    if (signal.aborted) onAbort();
  });
}
