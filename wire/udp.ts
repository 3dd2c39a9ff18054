/** A UDP socket that talks to one peer. It is connected, because only then ICMP refusals come back (RFC 1122 §4.1.3.3). */
import { createSocket } from 'node:dgram';

export interface UdpEvents {
  onMessage(bytes: Buffer): void;
  /** `ECONNREFUSED`: nothing is bound at the peer. `EHOSTUNREACH`, …: no way there. It may come more than once. */
  onError(code: string): void;
}

export interface UdpSocket {
  /** Of this machine, without port: where packets to the peer leave from. */
  readonly localAddress: string;
  /** What cannot be sent is reported by `onError`, except `EPERM`: a firewall here dropped it, as one elsewhere would. */
  send(bytes: Buffer): void;
  close(): void;
}

/**
 * Opens a socket to an address (no name). Gives the system's error code where that fails: `ENETUNREACH` where this
 * machine has no route there, `EADDRNOTAVAIL` where it has no address of this family. Never rejects.
 */
export function openUdp(address: string, port: number, events: UdpEvents): Promise<UdpSocket | { code: string }> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      socket.close();
    };
    const report = (error: Error | null): void => {
      const code = (error as NodeJS.ErrnoException | null)?.code;
      if (error && !closed && code !== 'EPERM') events.onError(code ?? 'EIO');
    };
    socket.on('error', report);
    socket.on('message', (bytes) => {
      if (!closed) events.onMessage(bytes);
    });
    socket.connect(port, address, (error?: NodeJS.ErrnoException) => {
      if (error) {
        close();
        return resolve({ code: error.code ?? 'EIO' });
      }
      resolve({
        localAddress: socket.address().address,
        send(bytes) {
          if (!closed) socket.send(bytes, report);
        },
        close,
      });
    });
  });
}

/** This machine knows a way to send to an address (no name). Nothing is sent. */
export async function hasRoute(address: string): Promise<boolean> {
  const socket = await openUdp(address, 9, { onMessage: () => {}, onError: () => {} });
  if ('code' in socket) return false;
  socket.close();
  return true;
}
