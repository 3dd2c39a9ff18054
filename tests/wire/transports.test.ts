/** Framing of byte streams, pacing, and the thin transports against real local sockets. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../fixtures/certificates.js';
import {
  channelData,
  type Deframer,
  frame,
  iceTcpDeframer,
  readChannelData,
  turnDeframer,
} from '../../wire/framing.js';
import { pace } from '../../wire/pacing.js';
import { encode, newTransactionId } from '../../wire/stun.js';
import { openTcp, secure, trusting } from '../../wire/tcp.js';
import { hasRoute, openUdp } from '../../wire/udp.js';

const run = promisify(execFile);
const never = new AbortController().signal;

/** For what must have worked. */
function got<T extends object>(outcome: T): Exclude<T, { readonly code: string }> {
  if ('code' in outcome) throw new Error(String(outcome.code));
  return outcome as Exclude<T, { readonly code: string }>;
}

const stun = (data: number): Buffer =>
  encode({
    class: 'indication',
    method: 'data',
    transactionId: newTransactionId(),
    attributes: [['DATA', Buffer.alloc(data, 7)]],
  });

/** Hands a stream over in chunks of these sizes, again and again. */
function inChunks(deframer: Deframer, stream: Buffer, sizes: readonly number[]): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    messages.push(...deframer.push(stream.subarray(at, at + size)));
    at += size;
  }
  return messages;
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });

t.test('RFC 4571: messages come out as they went in, however the stream is cut', async (t) => {
  const later = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((value) => Buffer.from(value));
  fc.assert(
    fc.property(fc.array(later, { maxLength: 8 }), sizes, (others, cuts) => {
      const messages = [stun(3), ...others];
      const deframer = iceTcpDeframer();
      t.same(inChunks(deframer, Buffer.concat(messages.map(frame)), cuts), messages);
      t.equal(deframer.rest().length, 0);
    }),
  );
});

t.test('ICE over TCP: frames of nothing are left out, however many and however they are cut', async (t) => {
  const empty = fc.nat({ max: 50 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 200 }), empty), { maxLength: 8 }), sizes, (pieces, cuts) => {
      const messages = pieces.map(([data]) => stun(data));
      const stream = pieces.flatMap(([, times], i) => [frame(messages[i] as Buffer), Buffer.alloc(2 * times)]);
      t.same(inChunks(iceTcpDeframer(), Buffer.concat(stream), cuts), messages);
    }),
  );
});

t.test('TURN over a stream: STUN and ChannelData come out whole, without padding', async (t) => {
  const padded = (length: number): { wire: Buffer; message: Buffer } => {
    const message = Buffer.concat([Buffer.from([0x40, 0x01, length >> 8, length & 255]), Buffer.alloc(length, 9)]);
    return { message, wire: Buffer.concat([message, Buffer.alloc((4 - (length % 4)) % 4)]) };
  };
  const piece = fc.oneof(
    fc.nat({ max: 200 }).map((data) => {
      const message = stun(data);
      return { message, wire: message };
    }),
    fc.nat({ max: 200 }).map(padded),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), sizes, (pieces, cuts) => {
      const deframer = turnDeframer((channel) => channel === 0x4001);
      const stream = Buffer.concat(pieces.map(({ wire }) => wire));
      t.same(
        inChunks(deframer, stream, cuts),
        pieces.map(({ message }) => message),
      );
      t.notOk(deframer.broken);
    }),
  );
});

t.test('ChannelData is read as it was written, over a stream and in a datagram', async (t) => {
  const isChannel = (channel: number): boolean => channel === 0x4003;
  const payload = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
  fc.assert(
    fc.property(payload, fc.boolean(), (data, overStream) => {
      const bytes = channelData(0x4003, data, overStream);
      t.equal(bytes.length % (overStream ? 4 : 1), 0);
      t.same(readChannelData(bytes, isChannel), { channel: 0x4003, data });
      if (overStream) t.same(turnDeframer(isChannel).push(bytes), [bytes.subarray(0, 4 + data.length)]);
      t.equal(
        readChannelData(channelData(0x4004, data, overStream), isChannel),
        undefined,
        'a channel that is not bound',
      );
    }),
  );
  t.equal(readChannelData(Buffer.from('40030009aabb', 'hex'), isChannel), undefined, 'cut short');
  t.equal(readChannelData(stun(3), isChannel), undefined, 'a STUN message');
});

t.test('a stream of something else is broken, and its beginning is kept to be shown', async (t) => {
  const others = {
    HTTP: Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n400 Bad Request'),
    SSH: Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n'),
    'a TLS ServerHello': Buffer.from('160303007a020000760303aabbccddeeff00112233445566778899', 'hex'),
    'STUN without the cookie': Buffer.from('000100000000000000000000000000000000000000000000', 'hex'),
  };
  for (const [what, stream] of Object.entries(others)) {
    for (const make of [iceTcpDeframer, () => turnDeframer()]) {
      const deframer = make();
      t.same(inChunks(deframer, stream, [5]), [], what);
      t.ok(deframer.broken, what);
      t.same(deframer.rest(), stream.subarray(0, deframer.rest().length));
      t.ok(deframer.rest().length > 0);
      t.same(deframer.push(stun(1)), [], 'and stays so');
    }
  }
});

t.test('a stream that drips, or that never ends a message, stays cheap and bounded', async (t) => {
  const deframer = iceTcpDeframer();
  const message = stun(65_000);
  t.same(inChunks(deframer, frame(message), [1]), [message]);
  const endless = turnDeframer();
  inChunks(endless, Buffer.alloc(2_000_000, 0x80), [1000]);
  t.ok(endless.rest().length <= 512);
});

t.test('pacing sends on schedule, and stops the moment that it is told to', async (t) => {
  let sent = 0;
  await pace({ sendAtMs: [0, 5, 10], giveUpAtMs: 15 }, () => sent++, never);
  t.equal(sent, 3, 'all of them, then it gives up');

  const stop = new AbortController();
  let before = 0;
  const send = (): void => {
    before += 1;
    if (before === 2) stop.abort();
  };
  await pace({ sendAtMs: [0, 1, 2, 3], giveUpAtMs: 60_000 }, send, stop.signal);
  t.equal(before, 2);

  await pace({ sendAtMs: [0], giveUpAtMs: 60_000 }, () => t.fail('it was told before'), AbortSignal.abort());
});

t.test('an answer that arrived while the machine was busy is read before giving up', async (t) => {
  const peer = createSocket('udp4');
  t.teardown(() => peer.close());
  peer.on('message', (bytes, from) => peer.send(bytes, from.port, from.address));
  await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
  let answered = false;
  const stop = new AbortController();
  const opened = await openUdp('127.0.0.1', peer.address().port, {
    onMessage: () => {
      answered = true;
      stop.abort();
    },
    onError: (code) => t.fail(code),
  });
  const socket = got(opened);
  t.teardown(() => socket.close());
  const pacing = pace({ sendAtMs: [0], giveUpAtMs: 30 }, () => socket.send(Buffer.from('x')), stop.signal);
  // Let the peer receive and answer, and then miss the moment to give up.
  await new Promise<void>((resolve) => peer.once('message', () => setImmediate(resolve)));
  const until = performance.now() + 60;
  while (performance.now() < until);
  await pacing;
  t.ok(answered);
});

t.test('UDP: a refusal is noticed, because the socket is connected', async (t) => {
  const gone = createSocket('udp4');
  await new Promise<void>((resolve) => gone.bind(0, '127.0.0.1', resolve));
  const { port } = gone.address();
  await new Promise<void>((resolve) => gone.close(resolve));
  const code = await new Promise<string>((resolve) => {
    void openUdp('127.0.0.1', port, { onMessage: () => {}, onError: resolve }).then((opened) => {
      const socket = got(opened);
      t.teardown(() => socket.close());
      socket.send(Buffer.from('anybody?'));
    });
  });
  t.equal(code, 'ECONNREFUSED');
});

t.test('UDP: an address that this machine cannot send to', async (t) => {
  // Without SO_BROADCAST the limited broadcast address is refused, whatever routes there are.
  t.same(await openUdp('255.255.255.255', 9, { onMessage: () => {}, onError: () => {} }), { code: 'EACCES' });
  t.equal(await hasRoute('255.255.255.255'), false);
  t.equal(await hasRoute('127.0.0.1'), true);
});

async function listening(t: Test, accept: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('TCP: connected, refused, or given up', async (t) => {
  const port = await listening(t, () => {});
  const connected = got(await openTcp('127.0.0.1', port, never));
  t.equal(connected.socket.remotePort, port);
  connected.socket.destroy();

  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port: closed } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  t.same(await openTcp('127.0.0.1', closed, never), { code: 'ECONNREFUSED' });
  t.same(await openTcp('127.0.0.1', port, AbortSignal.abort()), { code: 'ETIMEDOUT' });
});

t.test('TLS: what verifies is let through, everything else is refused with its code', async (t) => {
  const ca = await makeCertificate({ subject: 'CN=test CA', ca: true });
  const day = 24 * 3600 * 1000;
  const serve = async (options: Parameters<typeof makeCertificate>[0]): Promise<number> => {
    const { chain, privateKey } = await makeCertificate(options);
    const server = createTlsServer({ cert: chain, key: privateKey }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    return (server.address() as AddressInfo).port;
  };
  const shake = async (port: number, host: string, pem?: string): Promise<string> => {
    const connected = await openTcp('127.0.0.1', port, never);
    if ('code' in connected) return connected.code;
    const secured = await secure(connected.socket, host, trusting(pem), never);
    if ('code' in secured) return secured.code;
    secured.socket.destroy();
    return 'ok';
  };
  const good = await serve({ names: ['turn.doctor.test'], issuer: ca });
  t.equal(await shake(good, 'turn.doctor.test', ca.certificate), 'ok');
  t.equal(await shake(good, 'other.doctor.test', ca.certificate), 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.equal(await shake(good, 'turn.doctor.test'), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the private CA is not named');
  const notAfter = new Date(Date.now() - day);
  const notBefore = new Date(Date.now() - 2 * day);
  const expired = await serve({ names: ['turn.doctor.test'], issuer: ca, notBefore, notAfter });
  t.equal(await shake(expired, 'turn.doctor.test', ca.certificate), 'CERT_HAS_EXPIRED');
  const byAddress = await serve({ names: ['127.0.0.1'], issuer: ca });
  t.equal(await shake(byAddress, '127.0.0.1', ca.certificate), 'ok', 'a URL may carry an address');
  t.equal(trusting(ca.certificate), trusting(ca.certificate), 'what to trust is read once');

  // Nobody here has the key of a public root, so Node is told of another one.
  const root = await makeCertificate({ subject: 'CN=public root', ca: true });
  const below = await serve({ names: ['turn.doctor.test'], issuer: root });
  const file = join(t.testdir(), 'root.pem');
  writeFileSync(file, root.certificate);
  const program = `const { openTcp, secure, trusting } = await import(${JSON.stringify(new URL('../../wire/tcp.ts', import.meta.url))});
    for (const port of [${good}, ${below}]) {
      const { signal } = new AbortController();
      const { socket } = await openTcp('127.0.0.1', port, signal);
      const { code } = await secure(socket, 'turn.doctor.test', trusting(${JSON.stringify(ca.certificate)}), signal);
      console.log(code ?? 'ok');
    }
    process.exit();`;
  const { stdout } = await run(
    process.execPath,
    [...process.execArgv, '--use-openssl-ca', '--input-type=module', '--eval', program],
    {
      env: { ...process.env, SSL_CERT_FILE: file },
    },
  );
  t.equal(stdout, 'ok\nok\n', 'a private CA is trusted beside the roots that Node has');
});

t.test('TLS: a port that does not speak it, or that says nothing', async (t) => {
  const plain = await listening(t, (socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  const http = got(await openTcp('127.0.0.1', plain, never));
  t.match(await secure(http.socket, 'turn.doctor.test', trusting(undefined), never), { code: /^ERR_SSL_/ });

  const shut = await listening(t, (socket) => {
    socket.on('data', () => socket.end());
  });
  const closed = got(await openTcp('127.0.0.1', shut, never));
  t.match(await secure(closed.socket, 'turn.doctor.test', trusting(undefined), never), { code: 'ECONNRESET' });

  const mute = got(await openTcp('127.0.0.1', await listening(t, () => {}), never));
  const stop = new AbortController();
  const waiting = secure(mute.socket, 'turn.doctor.test', trusting(undefined), stop.signal);
  stop.abort();
  t.match(await waiting, { code: 'ETIMEDOUT' });
});
