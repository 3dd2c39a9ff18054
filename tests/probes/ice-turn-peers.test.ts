/** What `ice-*` and `turn-*` make of peers that refuse, keep silent, or speak something else. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import t, { type Test } from 'tap';
import type { IceFacts, TurnFacts, TurnLook } from '../../evidence/facts.js';
import { redactor } from '../../evidence/redaction.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { bindingCheck } from '../../probes/binding-check.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import type { Outcome, Target, Tools } from '../../probes/probe.js';
import { turnTcp } from '../../probes/turn-tcp.js';
import { turnTls } from '../../probes/turn-tls.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { channelData, readChannelData, turnDeframer } from '../../wire/framing.js';
import { type Attribute, decode, encode, first, hasIntegrity, longTermKey, type StunMessage } from '../../wire/stun.js';
import { type AnyProbe, candidate, iceServer, knowing, secret, session, type World } from './ice-turn-world.js';

// Silence takes its time: the tests that wait for it wait together.
t.jobs = 4;

/** The only target's outcome. */
async function look(
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

async function tcpPeer(t: Test, accept: (socket: Socket) => void, tls?: TlsOptions): Promise<number> {
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

async function udpPeer(t: Test, answer: (bytes: Buffer, socket: UdpSocket, port: number) => void): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => answer(bytes, socket, from.port));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  return socket.address().port;
}

/** A port at which nothing listens any more. */
async function closedPort(t: Test, protocol: 'udp' | 'tcp'): Promise<number> {
  let port = 0;
  await t.test('a port that is free', async (t) => {
    port = protocol === 'udp' ? await udpPeer(t, () => {}) : await tcpPeer(t, () => {});
  });
  return port;
}

const http = (socket: Socket): void => {
  socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n'));
};

t.test('ice-udp: what strange peers amount to', { buffered: true }, async (t) => {
  const refused = await closedPort(t, 'udp');
  const silent = await udpPeer(t, () => {});
  /** Like every public STUN server: yes to anybody, unsigned. */
  const anyStun = await udpPeer(t, (bytes, socket, port) => {
    const request = decode(bytes);
    if (!request) return;
    const attributes = [['XOR-MAPPED-ADDRESS', { address: '127.0.0.1', port }]] as const;
    socket.send(encode({ ...request, class: 'success', attributes }), port, '127.0.0.1');
  });
  /** An error proves the path as well. */
  const unwilling = await udpPeer(t, (bytes, socket, port) => {
    const request = decode(bytes);
    if (!request) return;
    const attributes = [['ERROR-CODE', { code: 400, reason: 'Bad Request' }]] as const;
    socket.send(encode({ ...request, class: 'error', attributes }), port, '127.0.0.1');
  });
  const at = async (port: number) => {
    const shared = { iceSession: { ...session, candidates: [candidate('udp', '127.0.0.1', port)] } };
    const outcome = await look(t, iceUdp, { shared });
    return { ...outcome, facts: outcome.facts as unknown as IceFacts };
  };
  const [r, s, a, u] = await Promise.all([at(refused), at(silent), at(anyStun), at(unwilling)]);
  t.match(r, { state: 'failed', failure: { kind: 'refused' }, facts: { received: 0, origin: 'advertised' } });
  t.match(s, { state: 'failed', failure: { kind: 'timeout' }, facts: { sent: Number, received: 0 } });
  t.match(a, { state: 'failed', failure: { kind: 'timeout' } });
  t.ok(a.facts.received > 0, 'STUN answered, but nobody who knows the session');
  t.match(u, { state: 'ok', facts: { errorCode: 400 } });
});

t.test('ice-tcp: what strange peers amount to', { buffered: true }, async (t) => {
  const ports = {
    refused: await closedPort(t, 'tcp'),
    silent: await tcpPeer(t, () => {}),
    http: await tcpPeer(t, http),
    closing: await tcpPeer(t, (socket) => socket.on('data', () => socket.end())),
    ssh: await tcpPeer(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\x1b[31m\r\n')),
  };
  const at = (port: number) =>
    look(t, iceTcp, {
      shared: { iceSession: { ...session, candidates: [candidate('tcp', '127.0.0.1', port, 'passive')] } },
    });
  const [refused, silent, web, closing, ssh] = await Promise.all(Object.values(ports).map(at));
  t.match(refused, { state: 'failed', failure: { kind: 'refused' }, facts: { sent: 0, received: 0 } });
  t.match(silent, { state: 'failed', failure: { kind: 'timeout' }, facts: { connectMs: Number, received: 0 } });
  t.match(web, { state: 'failed', failure: { kind: 'not-stun' }, facts: { plaintext: /^HTTP\/1\.1 400 Bad Request/ } });
  t.match(closing, { state: 'failed', failure: { kind: 'closed' }, facts: { connectMs: Number } });
  t.match(ssh, { state: 'failed', failure: { kind: 'not-stun' }, facts: { plaintext: 'SSH-2.0-OpenSSH_9.2p1 [31m' } });
});

t.test('addresses that may not be probed are not', async (t) => {
  const world = { url: 'wss://livekit.doctor.test', names: { 'livekit.doctor.test': ['20.0.0.3'] } };
  let packets = 0;
  const port = await udpPeer(t, () => {
    packets += 1;
  });
  const iceSession = { ...session, candidates: [candidate('udp', '127.0.0.1', port)] };
  const notAllowed = { state: 'unsupported', failure: { kind: 'address-not-allowed' } };
  t.match(await look(t, iceUdp, { ...world, shared: { iceSession } }), notAllowed);
  const iceServers = [iceServer(`turn:127.0.0.1:${port}?transport=udp`)];
  t.match(await look(t, turnUdp, { ...world, shared: { iceServers, iceSession } }), notAllowed);
  t.equal(packets, 0);
});

t.test('turn-*: what strange peers amount to', { buffered: true }, async (t) => {
  const ca = await makeCertificate({ subject: 'CN=test CA', ca: true });
  const certificate = async (options: Parameters<typeof makeCertificate>[0]): Promise<TlsOptions> => {
    const { chain, privateKey } = await makeCertificate({ issuer: ca, ...options });
    return { cert: chain, key: privateKey };
  };
  const good = await certificate({ names: ['turn.doctor.test'] });
  const hourAgo = new Date(Date.now() - 3_600_000);
  const expired = await certificate({ names: ['turn.doctor.test'], notBefore: new Date(0), notAfter: hourAgo });
  const errorFor = (bytes: Buffer, code: number): Buffer => {
    const request = decode(bytes);
    if (!request) throw new Error('the probe speaks STUN');
    return encode({ ...request, class: 'error', attributes: [['ERROR-CODE', { code, reason: 'x\x1b[31m' }]] });
  };
  const cases: [AnyProbe, string, number, object][] = [
    [turnUdp, '127.0.0.1', await closedPort(t, 'udp'), { failure: { kind: 'refused' } }],
    [turnUdp, '127.0.0.1', await udpPeer(t, () => {}), { failure: { kind: 'timeout' } }],
    [
      turnUdp,
      '127.0.0.1',
      await udpPeer(t, (_, socket, port) => socket.send('what?', port, '127.0.0.1')),
      { failure: { kind: 'not-turn' }, facts: { plaintext: 'what?' } },
    ],
    [
      turnUdp,
      '127.0.0.1',
      await udpPeer(t, (bytes, socket, port) => socket.send(errorFor(bytes, 508), port, '127.0.0.1')),
      { failure: { kind: 'turn-error' }, facts: { error: { step: 'allocate', code: 508, reason: 'x [31m' } } },
    ],
    [turnTcp, '127.0.0.1', await closedPort(t, 'tcp'), { failure: { kind: 'refused' } }],
    [turnTcp, '127.0.0.1', await tcpPeer(t, () => {}), { failure: { kind: 'timeout' }, facts: { connectMs: Number } }],
    [turnTcp, '127.0.0.1', await tcpPeer(t, (socket) => socket.end()), { failure: { kind: 'closed' } }],
    [turnTcp, '127.0.0.1', await tcpPeer(t, http), { failure: { kind: 'not-turn' }, facts: { plaintext: /^HTTP/ } }],
    [
      turnTls,
      'turn.doctor.test',
      await tcpPeer(t, http, good),
      { failure: { kind: 'not-turn' }, facts: { plaintext: /^HTTP/, tlsMs: Number } },
    ],
    [
      turnTls,
      'turn.doctor.test',
      await tcpPeer(t, () => {}, expired),
      { failure: { kind: 'tls', message: /CERT_HAS_EXPIRED/ } },
    ],
    [
      turnTls,
      'other.doctor.test',
      await tcpPeer(t, () => {}, good),
      { failure: { kind: 'tls', message: /ERR_TLS_CERT_ALTNAME_INVALID/ } },
    ],
    [turnTls, 'turn.doctor.test', await tcpPeer(t, http), { failure: { kind: 'tls', message: /ERR_SSL/ } }],
    [turnTls, 'turn.doctor.test', await tcpPeer(t, () => {}), { failure: { kind: 'timeout' } }],
  ];
  const names = { 'turn.doctor.test': ['127.0.0.1'], 'other.doctor.test': ['127.0.0.1'] };
  const outcomes = cases.map(([probe, host, port]) => {
    const scheme = probe === turnTls ? 'turns' : 'turn';
    const url = `${scheme}:${host}:${port}?transport=${probe === turnUdp ? 'udp' : 'tcp'}`;
    return look(t, probe, { names, ca: ca.certificate, shared: { iceServers: [iceServer(url)], iceSession: session } });
  });
  for (const [index, outcome] of (await Promise.all(outcomes)).entries()) {
    const [probe, , , expected] = cases[index] as (typeof cases)[number];
    t.match(outcome, { state: 'failed', facts: { transport: String, relayedChecks: [] } });
    t.match(outcome, expected, `${probe.name} ${JSON.stringify(expected)}`);
  }
});

/** TURN over UDP as coturn does it: requests of a new client may be handled in another order than they were sent. */
function disorderly(): Parameters<typeof udpPeer>[1] {
  const key = longTermKey('doctor', 'r', secret);
  const relayedAt = { address: '127.0.0.1', port: 50_000 };
  const asServer = { ...session, username: 'ours:theirs', password: '', localPassword: session.password };
  const sfu = bindingCheck(asServer, () => 0);
  let allocated = false;
  let permitted = false;
  return (bytes, socket, port) => {
    const relayed = permitted && readChannelData(bytes, (channel) => channel === 0x4000);
    const checked = relayed && sfu.receive(relayed.data, relayedAt);
    if (checked && 'reply' in checked) socket.send(channelData(0x4000, checked.reply, false), port, '127.0.0.1');
    const request = decode(bytes);
    if (!request) return;
    const send = (reply: Partial<StunMessage>, integrityKey?: Buffer): void =>
      socket.send(encode({ ...request, ...reply }, integrityKey && { integrityKey }), port, '127.0.0.1');
    const refuse = (code: number): void => {
      const error = ['ERROR-CODE', { code, reason: 'x' }] as const;
      send({ class: 'error', attributes: [error, ['REALM', 'r'], ['NONCE', Buffer.from('n')]] });
    };
    if (!hasIntegrity(bytes, key) && request.class === 'request') return refuse(401);
    if (!allocated && request.class === 'request' && request.method !== 'allocate') return refuse(437);
    if (request.method === 'allocate') {
      setTimeout(() => {
        allocated = true;
        send({ class: 'success', attributes: [['XOR-RELAYED-ADDRESS', relayedAt]] }, key);
      }, 30);
    } else if (request.method === 'createPermission' || request.method === 'channelBind') {
      permitted = true;
      send({ class: 'success', attributes: [] }, key);
    } else if (request.method === 'send' && permitted) {
      const peer = first(request, 'XOR-PEER-ADDRESS');
      const received = sfu.receive(first(request, 'DATA') ?? Buffer.alloc(0), relayedAt);
      if (!peer || !received || !('reply' in received)) return;
      const attributes: Attribute[] = [
        ['XOR-PEER-ADDRESS', peer],
        ['DATA', received.reply],
      ];
      send({ method: 'data', attributes });
    } else if (request.method === 'refresh') {
      send({ class: 'success', attributes: [] }, key);
    }
  };
}

t.test('turn-udp: a permission that overtakes its allocation is asked for again', async (t) => {
  const port = await udpPeer(t, disorderly());
  const candidates = [candidate('udp', '20.0.0.1', 7882)];
  const shared = {
    iceServers: [iceServer(`turn:127.0.0.1:${port}?transport=udp`)],
    iceSession: { ...session, candidates },
  };
  const outcome = await look(t, turnUdp, { shared });
  const relayedChecks = [{ candidate: '20.0.0.1:7882', rttMs: Number, channelRttMs: Number }];
  t.match(outcome, { state: 'ok', facts: { relayed: '127.0.0.1:50000', realm: 'r', relayedChecks } });
});

/** Answers every request over a stream with this error. */
function refusing(code: number): (socket: Socket) => void {
  return (socket) => {
    const deframer = turnDeframer();
    socket.on('data', (chunk) => {
      for (const bytes of deframer.push(chunk)) {
        const request = decode(bytes);
        if (!request) continue;
        const attributes: Attribute[] = [
          ['ERROR-CODE', { code, reason: 'No' }],
          ['REALM', 'r'],
          ['NONCE', Buffer.from('n')],
        ];
        socket.write(encode({ ...request, class: 'error', attributes }));
      }
    });
  };
}

t.test('turn-tcp: a connection that says nothing gets others beside it', async (t) => {
  let connections = 0;
  const port = await tcpPeer(t, (socket) => {
    connections += 1;
    if (connections > 2) refusing(508)(socket);
  });
  const shared = { iceServers: [iceServer(`turn:127.0.0.1:${port}?transport=tcp`)], iceSession: session };
  const outcome = await look(t, turnTcp, { shared });
  t.match(outcome, { failure: { kind: 'turn-error' }, facts: { error: { code: 508 } } });
  t.notOk('looks' in outcome.facts, 'TURN answered, so nothing else was asked');
});

t.test('turn-tls: TLS that is ended twice, or nowhere, shows in second looks', { buffered: true }, async (t) => {
  const { chain: cert, privateKey: key } = await makeCertificate({
    subject: 'CN=test CA',
    names: ['turn.doctor.test'],
  });
  const want = refusing(401);
  const nowhere = await tcpPeer(t, want);
  // Like Go's TLS, which hangs on to a connection that began with something else.
  const inner = await tcpPeer(t, want, { cert, key });
  const twice = await tcpPeer(
    t,
    (outer) => {
      outer.once('data', (first) => {
        if (first[0] !== 22) return;
        const behind = connect(inner, '127.0.0.1');
        t.teardown(() => behind.destroy());
        behind.write(first);
        outer.pipe(behind).pipe(outer);
      });
    },
    { cert, key },
  );
  const at = (port: number) =>
    look(t, turnTls, {
      ca: cert,
      names: { 'turn.doctor.test': ['127.0.0.1'] },
      shared: { iceServers: [iceServer(`turns:turn.doctor.test:${port}`)], iceSession: session },
    });
  const heard = ({ facts }: { facts: object }, port: number, over: TurnLook['over']) =>
    (facts as TurnFacts).looks?.find((one) => one.port === port && one.over === over);
  const [plain, both] = await Promise.all([at(nowhere), at(twice)]);
  t.equal(plain.state, 'failed');
  t.match(heard(plain, nowhere, 'tcp'), { heard: 'turn', realm: 'r' });
  t.match(heard(plain, nowhere, 'tls-in-tls'), { heard: 'no-handshake' });
  t.match(both, { state: 'failed', failure: { kind: 'timeout' } });
  t.match(heard(both, twice, 'tls-in-tls'), { heard: 'turn', realm: 'r' });
  t.match(heard(both, twice, 'tcp'), { heard: /silent|closed/ });
});

t.test('a probe that is told to stop answers at once', { buffered: true }, async (t) => {
  const udp = await udpPeer(t, () => {});
  const tcp = await tcpPeer(t, () => {});
  const candidates = [candidate('udp', '127.0.0.1', udp), candidate('tcp', '127.0.0.1', tcp, 'passive')];
  const iceServers = ['turn', 'turns'].flatMap((scheme) =>
    [`${scheme}:127.0.0.1:${tcp}?transport=tcp`, `turn:127.0.0.1:${udp}?transport=udp`].map(iceServer),
  );
  const shared = { iceSession: { ...session, candidates }, iceServers };
  for (const probe of [iceUdp, iceTcp, turnUdp, turnTcp, turnTls]) {
    for (const already of [true, false]) {
      const stop = new AbortController();
      if (already) stop.abort();
      const looking = look(t, probe, { shared }, stop.signal);
      setTimeout(() => stop.abort(), 20);
      t.match(await looking, { state: 'failed', failure: { kind: 'timeout' } }, probe.name);
    }
  }
});
