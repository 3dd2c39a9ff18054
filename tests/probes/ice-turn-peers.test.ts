/** What `ice-*` and `turn-*` make of peers that refuse, keep silent, or speak something else. */
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import t from 'tap';
import type { IceFacts } from '../../evidence/facts.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import { turnTcp } from '../../probes/turn-tcp.js';
import { turnTls } from '../../probes/turn-tls.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { decode, encode } from '../../wire/stun.js';
import { type AnyProbe, candidate, iceServer, session } from './ice-turn-world.js';
import { closedPort, look, tcpPeer, udpPeer } from './peers.js';

// Silence takes its time: the tests that wait for it wait together.
t.jobs = 4;

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
