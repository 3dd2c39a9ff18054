/** `ice-*` over several flows and with several sizes, against peers that answer some of them. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { IceFacts } from '../../evidence/facts.js';
import type { Observation } from '../../evidence/run.js';
import { bindingCheck } from '../../probes/binding-check.js';
import { paceUntilCertain } from '../../probes/ice-patience.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import { mediaRoundTripMs } from '../../probes/round-trip.js';
import { frame, iceTcpDeframer } from '../../wire/framing.js';
import { decode, first } from '../../wire/stun.js';
import { type AnyProbe, candidate, session } from './ice-turn-world.js';
import { look as lookAt } from './peers.js';

// Certainty takes its time: the tests that wait for it wait together.
t.jobs = 8;

const server = { ...session, username: 'ours:theirs', password: '', localPassword: session.password };

t.test('a round trip to the media ports is the shortest that was measured', async (t) => {
  const measured = (...found: [probe: string, facts: object][]): number => {
    const observations = found.map(([probe, facts], i): [string, Observation] => [
      `${probe}:${i}`,
      { id: `${probe}:${i}`, probe, state: 'ok', startMs: 0, endMs: 1, facts: { ...facts } },
    ]);
    return mediaRoundTripMs({ observations: new Map(observations) });
  };
  t.equal(measured(), 0, 'nobody knows');
  t.equal(measured(['tls', { role: 'turn', connectMs: 700 }]), 0, 'what a server names says nothing');
  t.equal(measured(['tls', { role: 'signal', connectMs: 70 }], ['ice-udp', {}]), 70);
  const checks: [string, object][] = [
    ['ice-udp', { rttMs: 620 }],
    ['ice-tcp', { rttMs: 1850 }],
  ];
  t.equal(measured(['tls', { role: 'signal', connectMs: 70 }], ...checks), 620, 'an edge may be nearer');
  t.equal(measured(['ice-tcp', { rttMs: 9000 }]), 1000, 'what was lost and sent again');
});

/** The server's answer to a check. */
function answerTo(bytes: Buffer, port: number): Buffer | undefined {
  const received = bindingCheck(server, () => 0).receive(bytes, { address: '127.0.0.1', port });
  return received && 'reply' in received ? received.reply : undefined;
}

/** A UDP peer that answers the datagrams that `takes` says. `flow` counts source ports in the order of their coming. */
async function udpPeer(t: Test, takes: (bytes: Buffer, flow: number) => boolean): Promise<number> {
  const flows: number[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { port }) => {
    if (!flows.includes(port)) flows.push(port);
    const answer = takes(bytes, flows.indexOf(port)) && answerTo(bytes, port);
    if (answer) socket.send(answer, port, '127.0.0.1');
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  return socket.address().port;
}

/** A TCP peer; `onMessage` gets the first message of a connection, and which one in the order of their coming it is. */
async function tcpPeer(
  t: Test,
  onMessage: (message: Buffer, socket: Socket, connection: number) => void,
): Promise<number> {
  let connections = 0;
  const peer = createServer((socket) => {
    const connection = connections++;
    const deframer = iceTcpDeframer();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const message of deframer.push(chunk)) onMessage(message, socket, connection);
    });
    t.teardown(() => socket.destroy());
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  t.teardown(() => peer.close());
  return (peer.address() as AddressInfo).port;
}

async function look(t: Test, probe: AnyProbe, port: number, seen: object[] = [], signal?: AbortSignal) {
  const protocol = probe === iceTcp ? 'tcp' : 'udp';
  const offered = candidate(protocol, '127.0.0.1', port, protocol === 'tcp' ? 'passive' : undefined);
  const world = { shared: { iceSession: { ...session, candidates: [offered] } }, seen };
  const outcome = await lookAt(t, probe, world, signal);
  return { ...outcome, facts: outcome.facts as unknown as IceFacts };
}

t.test('padding: a check of that many bytes, which the server can still verify', async (t) => {
  const check = bindingCheck(session, () => 0);
  for (const bytes of [576, 1228, 1472]) {
    const request = check.padded(bytes);
    t.equal(request.length, bytes);
    t.ok(answerTo(request, 4000), 'answered');
    const numbers = decode(request)?.attributes.flatMap(([type]) => (typeof type === 'number' ? [type] : []));
    t.ok(numbers?.length === 1 && (numbers[0] ?? 0) >= 0x8000, 'comprehension-optional');
  }
  const received = check.receive(answerTo(check.padded(1000), 4000) as Buffer, { address: '127.0.0.1', port: 1 });
  t.match(received, { answer: { paddedTo: 1000 } });
});

t.test('a healthy port: every flow and every needed size, in a moment', async (t) => {
  const { state, facts } = await look(t, iceUdp, await udpPeer(t, () => true));
  t.equal(state, 'ok');
  // On a busy machine it takes long enough that more flows are opened.
  t.ok((facts.flows?.tried ?? 0) >= 8);
  t.equal(facts.flows?.answered, facts.flows?.tried);
  t.ok(facts.sizes?.answeredBytes.includes(1228));
  t.same([facts.sizes?.silentBytes, facts.sizes?.notSent], [[], []]);
});

t.test('half of the flows are answered', { buffered: true }, async (t) => {
  const { state, facts } = await look(t, iceUdp, await udpPeer(t, (_, flow) => flow % 2 === 0));
  t.equal(state, 'ok');
  t.same(facts.flows, { tried: 16, answered: 8 });
  t.same(facts.sizes?.silentBytes, [], 'a silent flow says nothing about sizes');
});

t.test('no flow is answered', { buffered: true }, async (t) => {
  const { state, facts } = await look(t, iceUdp, await udpPeer(t, () => false));
  t.equal(state, 'failed');
  t.same(facts.flows, { tried: 16, answered: 0 });
  t.equal(facts.sizes, undefined);
});

t.test('large datagrams disappear', { buffered: true }, async (t) => {
  const { state, facts } = await look(t, iceUdp, await udpPeer(t, (bytes) => bytes.length <= 1192));
  t.equal(state, 'ok');
  t.equal(facts.flows?.answered, facts.flows?.tried);
  const [plain, ...padded] = facts.sizes?.answeredBytes ?? [];
  t.ok(plain && plain < 200);
  t.same(padded, [576, 1000, 1100]);
  t.same(facts.sizes?.silentBytes, [1200, 1228, 1280, 1372, 1472]);
});

t.test('a fifth of all packets is lost each way, and nothing is found', { buffered: true }, async (t) => {
  let state = 7;
  const lost = (): boolean => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 < 0.36;
  };
  const ports = await Promise.all(Array.from({ length: 3 }, () => udpPeer(t, () => !lost())));
  for (const { facts } of await Promise.all(ports.map((port) => look(t, iceUdp, port)))) {
    t.equal(facts.flows?.answered, facts.flows?.tried);
    t.same(facts.sizes?.silentBytes, []);
    t.ok(facts.sizes?.answeredBytes.includes(1228));
  }
});

t.test('half of the TCP connections are answered, the others stay silent', { buffered: true }, async (t) => {
  const port = await tcpPeer(t, (message, socket, connection) => {
    const answer = connection % 2 === 0 && answerTo(message, 4000);
    if (answer) socket.write(frame(answer));
  });
  const { state, facts } = await look(t, iceTcp, port);
  t.equal(state, 'ok');
  t.equal(facts.flows?.answered, 4);
  t.ok((facts.flows?.tried ?? 0) >= 7, 'three that are silent are a second node');
});

t.test('half of the TCP connections are closed by a node that does not know the session', async (t) => {
  const port = await tcpPeer(t, (message, socket, connection) => {
    const answer = connection % 2 === 1 && answerTo(message, 4000);
    if (answer) socket.write(frame(answer));
    else socket.end();
  });
  const { state, facts } = await look(t, iceTcp, port);
  t.equal(state, 'ok', 'although the first one was closed');
  const { tried = 0, answered = 0, refused = 0 } = facts.flows ?? {};
  t.ok(answered >= 3 && refused >= 3 && tried === answered + refused, 'nobody was silent');
});

t.test('TCP is checked once where UDP has met one server', async (t) => {
  // By connection: on a busy machine a check is sent again before its answer is read.
  const connections = new Set<object>();
  const port = await tcpPeer(t, (message, socket) => {
    connections.add(socket);
    socket.write(frame(answerTo(message, 4000) as Buffer));
  });
  const udp = { address: '127.0.0.1', port: 7882, flows: { tried: 8, answered: 8 } };
  const { state, facts } = await look(t, iceTcp, port, [
    { id: 'ice-udp:127.0.0.1:7882', probe: 'ice-udp', facts: udp },
  ]);
  t.equal(state, 'ok');
  t.same([facts.flows, connections.size], [{ tried: 1, answered: 1 }, 1]);
});

t.test(
  'another livekit-server closes what bears no USERNAME, and says nothing to the rest',
  { buffered: true },
  async (t) => {
    const mux = await tcpPeer(t, (message, socket) => {
      const request = decode(message);
      if (!request || first(request, 'USERNAME') === undefined) socket.end();
    });
    const mute = await tcpPeer(t, () => {});
    const [other, silent] = await Promise.all([mux, mute].map((port) => look(t, iceTcp, port)));
    const timeout = { state: 'failed', failure: { kind: 'timeout' }, facts: { connectMs: Number } };
    t.match(other, timeout);
    t.equal(other?.facts.closesUnnamed, true);
    t.match(silent, timeout);
    t.equal(silent?.facts.closesUnnamed, false);
  },
);

t.test('what was stopped proves nothing about flows', async (t) => {
  for (const [probe, port] of [
    [iceUdp, await udpPeer(t, (_, flow) => flow === 0)],
    [iceTcp, await tcpPeer(t, () => {})],
  ] as const) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const { facts } = await look(t, probe, port, [], stop.signal);
    t.equal(facts.flows, undefined);
  }
});

t.test('silence counts from when the server has our answer', async (t) => {
  const short = { sendAtMs: [0], giveUpAtMs: 5 };
  const paced = async (ourAnswer: { heardMs?: number } | undefined, ...clock: number[]) => {
    const stop = new AbortController();
    let sent = 0;
    const now = () => clock.shift() ?? 60_000;
    const send = () => {
      sent += 1;
      if (sent === 3) stop.abort();
    };
    const asking = { ...session, ...(ourAnswer && { ourAnswer }) };
    return { certain: await paceUntilCertain(short, send, stop.signal, asking, now), sent };
  };
  t.same(await paced(undefined, 0), { certain: true, sent: 1 }, 'nobody asks');
  t.same(await paced({ heardMs: 100 }, 0), { certain: true, sent: 1 }, 'in time');
  t.same(await paced({ heardMs: 2000 }, 0), { certain: true, sent: 3 }, 'too late, so that it is asked again');
  t.same(await paced({}, 0), { certain: false, sent: 1 }, 'never');
});

t.test('ice-tcp: a check that came before the server could answer is sent again over its connection', async (t) => {
  const checks = new Map<Socket, number>();
  const port = await tcpPeer(t, (message, socket) => {
    checks.set(socket, (checks.get(socket) ?? 0) + 1);
    const answer = checks.get(socket) === 2 && answerTo(message, socket.remotePort ?? 0);
    if (answer) socket.write(frame(answer));
  });
  const { state, facts } = await look(t, iceTcp, port);
  t.equal(state, 'ok');
  t.equal(facts.flows?.answered, facts.flows?.tried);
});
