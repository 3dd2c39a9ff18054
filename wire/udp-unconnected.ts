/**
 * A UDP socket that talks to many peers from one port. It is not connected, so that one mapping of a NAT is seen from
 * several places, and answers that leave by the wrong address are seen at all. ICMP refusals are not.
 */
import { createSocket } from 'node:dgram';
import type { TransportAddress } from './stun.js';
import { openUdp } from './udp.js';

export interface UnconnectedSocket {
  readonly port: number;
  /** What cannot be sent is as if it was lost on the way. */
  send(bytes: Buffer, to: TransportAddress): void;
  close(): void;
}

/** Binds a port of the system's choice. Gives the system's error code where that fails. Never rejects. */
export function openUnconnected(
  family: 4 | 6,
  onMessage: (bytes: Buffer, from: TransportAddress) => void,
): Promise<UnconnectedSocket | { code: string }> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: family === 6 });
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      socket.close();
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      close();
      resolve({ code: error.code ?? 'EIO' });
    });
    socket.on('message', (bytes, { address, port }) => {
      if (!closed) onMessage(bytes, { address: address.replace(/%.*$/, ''), port });
    });
    socket.bind(0, () => {
      const { port } = socket.address();
      const send = (bytes: Buffer, to: TransportAddress): void => {
        if (!closed && to.port > 0) socket.send(bytes, to.port, to.address, () => {});
      };
      resolve({ port, send, close });
    });
  });
}

/** Which of this machine's addresses packets to an address (no name) leave from; undefined: no way there. Sends nothing. */
export async function sourceAddress(address: string): Promise<string | undefined> {
  const socket = await openUdp(address, 9, { onMessage: () => {}, onError: () => {} });
  if ('code' in socket) return undefined;
  socket.close();
  return socket.localAddress;
}
