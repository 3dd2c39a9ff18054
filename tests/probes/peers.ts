/** Peers on the loopback interface for probes to look at, and one look. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Test } from 'tap';
import { redactor } from '../../evidence/redaction.js';
import type { Outcome, Target, Tools } from '../../probes/probe.js';
import { type AnyProbe, knowing, secret, type World } from './ice-turn-world.js';

/** The only target's outcome. */
export async function look(
  t: Test,
  probe: AnyProbe,
  world: World,
  signal?: AbortSignal,
): Promise<Outcome & { facts: object }> {
  const known = knowing(world);
  const [target] = probe.targets(known) as readonly Target[];
  const tools: Tools = {
    known,
    signal: signal ?? new AbortController().signal,
    now: () => performance.now(),
    share: () => {},
    changed: () => {},
    onEnd: (cleanup) => t.teardown(cleanup),
    redactor: redactor(),
  };
  const outcome = await probe.observe(target as never, tools);
  t.notMatch(JSON.stringify(outcome), secret, 'no credential is in it');
  return outcome;
}

export async function tcpPeer(t: Test, accept: (socket: Socket) => void, tls?: TlsOptions): Promise<number> {
  const accepted = (socket: Socket): void => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    accept(socket);
  };
  const server: Server = tls ? createTlsServer(tls, accepted) : createServer(accepted);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

export async function udpPeer(
  t: Test,
  answer: (bytes: Buffer, socket: UdpSocket, port: number) => void,
): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => answer(bytes, socket, from.port));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  return socket.address().port;
}

/** A port at which nothing listens any more. */
export async function closedPort(t: Test, protocol: 'udp' | 'tcp'): Promise<number> {
  let port = 0;
  await t.test('a port that is free', async (t) => {
    port = protocol === 'udp' ? await udpPeer(t, () => {}) : await tcpPeer(t, () => {});
  });
  return port;
}
