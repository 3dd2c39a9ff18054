/** What `turn-*` make of servers that are out of order, slow to speak, or behind TLS that is ended twice or nowhere. */
import { connect, type Socket } from 'node:net';
import t from 'tap';
import type { TurnFacts, TurnLook } from '../../evidence/facts.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { bindingCheck } from '../../probes/binding-check.js';
import { turnTcp } from '../../probes/turn-tcp.js';
import { turnTls } from '../../probes/turn-tls.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { channelData, readChannelData, turnDeframer } from '../../wire/framing.js';
import { type Attribute, decode, encode, first, hasIntegrity, longTermKey, type StunMessage } from '../../wire/stun.js';
import { candidate, iceServer, secret, session } from './ice-turn-world.js';
import { look, tcpPeer, udpPeer } from './peers.js';

// Silence takes its time: the tests that wait for it wait together.
t.jobs = 3;

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
    if (connections > 1) refusing(508)(socket);
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
