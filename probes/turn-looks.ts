/**
 * Second looks at the host of a TURN URL that does not do: whether TURN answers at the ports where a listener would be,
 * or at the same port without TLS, or with TLS inside TLS. They send one request without credentials, and no secret.
 */
import type { Socket } from 'node:net';
import type { TurnLook } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { turnDeframer } from '../wire/framing.js';
import { decode, encode, first, newTransactionId } from '../wire/stun.js';
import { openTcp } from '../wire/tcp.js';
import type { TurnServer } from '../wire/turn-link.js';
import { within } from '../wire/within.js';
import { handshake } from './tls-handshake.js';

type Heard = Pick<TurnLook, 'heard' | 'realm'>;

/** An answer tells, silence proves nothing, so this is enough for a few round trips and a lost packet. */
const patienceMs = 1500;
/** IANA's ports of TURN over TLS and of TURN, which are also what LiveKit's documentation uses for `tls_port`. */
const usualPorts = [5349, 3478] as const;
const protocolUdp = 17;

/** What answers a request for an allocation without credentials; a TURN server wants them (401), or says another no. */
function ask(socket: Socket, limit: AbortSignal): Promise<Heard> {
  return new Promise((resolve) => {
    const transactionId = newTransactionId();
    const deframer = turnDeframer();
    const end = (heard: Heard): void => {
      limit.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(heard);
    };
    const onAbort = (): void => end({ heard: 'silent' });
    const onClosed = (): void => end({ heard: deframer.rest().length > 0 ? 'not-turn' : 'closed' });
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of deframer.push(chunk)) {
        const message = decode(bytes);
        if (!message?.transactionId.equals(transactionId)) continue;
        // A server for STUN alone calls it a bad request.
        if (first(message, 'ERROR-CODE')?.code === 400) return end({ heard: 'not-turn' });
        const realm = first(message, 'REALM');
        return end({ heard: 'turn', ...(realm !== undefined && { realm: printable(realm) }) });
      }
      if (deframer.broken) end({ heard: 'not-turn' });
    });
    socket.on('error', onClosed);
    socket.on('end', onClosed);
    socket.on('close', onClosed);
    limit.addEventListener('abort', onAbort, { once: true });
    if (limit.aborted) return onAbort();
    const attributes = [['REQUESTED-TRANSPORT', protocolUdp]] as const;
    socket.write(encode({ class: 'request', method: 'allocate', transactionId, attributes }));
  });
}

async function look(
  { address, host }: TurnServer,
  port: number,
  over: TurnLook['over'],
  limit: AbortSignal,
): Promise<Heard> {
  const opened = await openTcp(address, port, limit);
  if ('code' in opened) return { heard: opened.code === 'ECONNREFUSED' ? 'refused' : 'unreachable' };
  let { socket } = opened;
  for (let layers = { tcp: 0, tls: 1, 'tls-in-tls': 2 }[over]; layers > 0; layers--) {
    const outer = socket;
    const { secure } = await handshake(outer, { host, address, port }, { servername: host, signal: limit });
    if (!secure) {
      outer.on('error', () => {}).destroy();
      return { heard: 'no-handshake' };
    }
    socket = secure;
  }
  socket.removeAllListeners('error');
  return ask(socket, limit);
}

/** Everywhere at once. Ends by itself, sooner if the signal aborts, and never rejects. */
export async function turnLooks(server: TurnServer, signal: AbortSignal): Promise<TurnLook[]> {
  const { port, transport } = server;
  const elsewhere = usualPorts.filter((one) => one !== port);
  const wanted: (readonly [number, TurnLook['over']])[] = [
    ...(transport === 'tls'
      ? ([
          [port, 'tcp'],
          [port, 'tls-in-tls'],
        ] as const)
      : ([[port, 'tls']] as const)),
    ...elsewhere.flatMap(
      (one) =>
        [
          [one, 'tls'],
          [one, 'tcp'],
        ] as const,
    ),
  ];
  return within(patienceMs, signal, (limit) =>
    Promise.all(wanted.map(async ([to, over]) => ({ port: to, over, ...(await look(server, to, over, limit)) }))),
  );
}
