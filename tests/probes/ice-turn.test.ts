/** `ice-*`, `turn-*` and the TURN client against a real livekit-server, healthy and misconfigured. */
import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { redactor } from '../../evidence/redaction.js';
import type { Observation } from '../../evidence/run.js';
import { allPaths } from '../../evidence/run.js';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { untilCertain } from '../../probes/binding-check.js';
import { dns } from '../../probes/dns.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import type { Probe } from '../../probes/probe.js';
import type { IceServer } from '../../probes/shared.js';
import { signal } from '../../probes/signal.js';
import { turnTcp } from '../../probes/turn-tcp.js';
import { turnTls } from '../../probes/turn-tls.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { observeEnvironment } from '../../run/planner.js';
import type { TransportAddress } from '../../wire/stun.js';
import { openTurn, type TurnClient } from '../../wire/turn.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

async function embedded(t: Test, options: EmbeddedOptions = {}): Promise<Embedded> {
  const started = await startEmbedded(options);
  t.teardown(() => started.stop());
  return started;
}

interface Looked {
  byId: Map<string, Observation>;
  /** The credentials that the server handed out. They stay valid for a while. */
  iceServers: readonly IceServer[];
}

async function look({ environment }: Embedded): Promise<Looked> {
  let iceServers: readonly IceServer[] = [];
  /** Takes what no output may hold. */
  const spy: Probe = {
    name: 'spy',
    depth: 'wire',
    deadlineMs: 1000,
    targets: ({ shared }) => {
      iceServers = shared.iceServers ?? iceServers;
      return [];
    },
    observe: () => Promise.reject(new Error('it has no targets')),
  };
  const observations = await observeEnvironment({
    environment,
    probes: [dns, signal, iceUdp, iceTcp, turnUdp, turnTcp, turnTls, spy],
    depth: 'wire',
    paths: allPaths,
    redactor: redactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
  const text = JSON.stringify(observations);
  for (const { credential } of iceServers) if (text.includes(credential)) throw new Error('a credential is in it');
  return { byId: new Map(observations.map((one) => [one.id, one])), iceServers };
}

/** A TURN client with the credentials of a join, at the port of the embedded TURN or another one. */
async function client(
  { iceServers }: Looked,
  port: number,
  {
    onData = () => {},
    credential,
  }: { onData?: (peer: TransportAddress, data: Buffer) => void; credential?: string } = {},
): Promise<TurnClient> {
  const server = iceServers.find(({ url }) => url.startsWith('turn:'));
  if (!server) throw new Error('no TURN over UDP is offered');
  const opened = await openTurn(
    { transport: 'udp', address: '127.0.0.1', port, host: '127.0.0.1' },
    {
      username: server.username,
      credential: credential ?? server.credential,
      schedule: untilCertain,
      signal: new AbortController().signal,
      now: () => performance.now(),
      onData,
    },
  );
  if ('failure' in opened) throw new Error(opened.failure.message);
  return opened.client;
}

const only = (state: string) => ({ state });

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('a healthy server: each address and each TURN URL proves its path', async (t) => {
    const server = await embedded(t);
    const looked = await look(server);
    const { ports } = server;
    const ice = { origin: 'advertised', received: Number, rttMs: Number, mapped: /^127\.0\.0\.1:\d+$/ };
    t.match(looked.byId.get(`ice-udp:127.0.0.1:${ports.udp}`), { state: 'ok', facts: ice });
    t.match(looked.byId.get(`ice-tcp:127.0.0.1:${ports.tcp}`), { state: 'ok', facts: { ...ice, connectMs: Number } });
    const turn = {
      realm: 'livekit',
      relayed: /^127\.0\.0\.1:\d+$/,
      mapped: /^127\.0\.0\.1:\d+$/,
      lifetimeS: 600,
      relayedChecks: [{ candidate: `127.0.0.1:${ports.udp}`, rttMs: Number, channelRttMs: Number }],
      allocateMs: Number,
    };
    const udp = looked.byId.get(`turn-udp:127.0.0.1:${ports.turnUdp}`);
    t.match(udp, {
      state: 'ok',
      facts: { ...turn, transport: 'udp', url: `turn:127.0.0.1:${ports.turnUdp}?transport=udp` },
    });
    const steps = ['allocate', 'challenge', 'channel', 'permission', 'refresh', 'relayed-check', 'release'];
    t.same(udp?.steps?.map(({ name }) => name).sort(), steps);
    if (ports.turnTls) {
      const tls = looked.byId.get('turn-tls:turn.livekit.doctor.test:443');
      t.match(tls, { state: 'ok', facts: { ...turn, transport: 'tls', connectMs: Number, tlsMs: Number } });
    }
    const elsewhere = [...looked.byId.values()].filter(({ facts }) => facts.origin && facts.origin !== 'advertised');
    t.same(elsewhere, [], 'nobody looked elsewhere');
  });

  t.test('an ICE-lite server makes us the controlling side', async (t) => {
    const server = await embedded(t, { config: { rtc: { use_ice_lite: true } } });
    const { byId } = await look(server);
    const answered = { state: 'ok', facts: { errorCode: undefined, mapped: String } };
    t.match(byId.get(`ice-udp:127.0.0.1:${server.ports.udp}`), answered);
    t.match(byId.get(`ice-tcp:127.0.0.1:${server.ports.tcp}`), answered);
  });

  t.test('a media address at which nothing answers: the one that does is found', async (t) => {
    const server = await embedded(t, { config: { rtc: { node_ip: '127.0.0.9' } } });
    const { ports } = server;
    const { byId } = await look(server);
    const wrong = byId.get(`ice-udp:127.0.0.9:${ports.udp}`);
    t.match(wrong, { state: 'failed', failure: { kind: 'refused' }, facts: { origin: 'advertised' } });
    const right = byId.get(`ice-udp:127.0.0.1:${ports.udp}`);
    t.match(right, { state: 'ok', facts: { origin: 'claimed', insteadOf: `127.0.0.9:${ports.udp}` } });
    t.match(byId.get(`ice-udp:127.0.77.1:${ports.udp}`), { state: 'failed', facts: { origin: 'signal-host' } });
    // ICE/TCP listens on every address, but keeps silent where it does not expect the session.
    const tcp = byId.get(`ice-tcp:127.0.0.9:${ports.tcp}`);
    t.match(tcp, { state: 'failed', failure: { kind: 'timeout' }, facts: { connectMs: Number } });
    const rightTcp = byId.get(`ice-tcp:127.0.0.1:${ports.tcp}`);
    t.match(rightTcp, { state: 'ok', facts: { origin: 'claimed', insteadOf: `127.0.0.9:${ports.tcp}` } });
    t.ok((rightTcp?.startMs ?? Infinity) < (tcp?.endMs ?? 0), 'without waiting for the silent one to end');
    if (ports.turnTls) {
      const tls = byId.get('turn-tls:turn.livekit.doctor.test:443');
      t.match(tls, { state: 'failed', failure: { kind: 'no-relayed-answer' }, facts: { relayed: String } });
    }
  });

  t.test('a private address that is not of this network is not touched, but replaced', async (t) => {
    const server = await embedded(t, { config: { rtc: { node_ip: '10.1.2.3' } } });
    const { ports } = server;
    const { byId } = await look(server);
    const notAllowed = { state: 'unsupported', failure: { kind: 'address-not-allowed' } };
    t.match(byId.get(`ice-udp:10.1.2.3:${ports.udp}`), { ...notAllowed, facts: { sent: 0, origin: 'advertised' } });
    t.match(byId.get(`turn-udp:10.1.2.3:${ports.turnUdp}`), notAllowed);
    t.match(byId.get(`ice-udp:127.0.0.1:${ports.udp}`), { state: 'ok', facts: { insteadOf: `10.1.2.3:${ports.udp}` } });
  });

  t.test('a relay that may not reach the media address says so', async (t) => {
    const server = await embedded(t, { config: { turn: { allow_restricted_peer_cidrs: ['10.0.0.0/8'] } } });
    const { byId } = await look(server);
    const udp = byId.get(`turn-udp:127.0.0.1:${server.ports.turnUdp}`);
    t.match(udp, {
      state: 'failed',
      failure: { kind: 'turn-error' },
      facts: { error: { step: 'permission', code: 403 } },
    });
  });

  t.test('a relay port that another session has had does not look blocked', async (t) => {
    // Of two relay ports the first session leaves one that livekit-server takes for its own as long as it lasts.
    const { environment } = await embedded(t, {
      config: { turn: { relay_range_start: 31_000, relay_range_end: 31_001 } },
    });
    const relayedOver = async (...more: Probe[]): Promise<Observation[]> => {
      const observations = await observeEnvironment({
        environment,
        probes: [dns, signal, turnUdp, ...more],
        depth: 'wire',
        paths: allPaths,
        redactor: redactor(),
        now: () => performance.now(),
        signal: new AbortController().signal,
      });
      return observations.filter(({ probe }) => probe === 'turn-udp');
    };
    const later: Observation[] = [];
    const meanwhile: Probe = {
      name: 'meanwhile',
      depth: 'wire',
      deadlineMs: 60_000,
      targets: ({ observations }) =>
        [...observations.values()].some(({ probe }) => probe === 'turn-udp')
          ? [{ id: 'meanwhile' }]
          : { waitingFor: 'signal' },
      observe: async () => {
        for (let i = 0; i < 6; i++) later.push(...(await relayedOver()));
        return { state: 'ok', facts: {} };
      },
    };
    const [first] = await relayedOver(meanwhile);
    t.equal(first?.state, 'ok');
    t.equal(later.length, 6);
    for (const { state, failure } of later) t.equal(state, 'ok', failure?.message ?? 'it relays');
  });

  t.test('allocations are given back, and errors keep their codes', async (t) => {
    // One relay port: who has it, has the only one.
    const config = { turn: { relay_range_start: 31_000, relay_range_end: 31_000 } };
    const server = await embedded(t, { config });
    const looked = await look(server);
    const { turnUdp: port } = server.ports;
    const urls = [...looked.byId.values()].filter(({ probe }) => probe.startsWith('turn-'));
    t.ok(urls.some(({ state }) => state === 'ok'));

    const one = await client(looked, port);
    t.match(await one.challenge(), { ok: true });
    t.match(await one.allocate(4), { ok: true, relayed: { port: 31_000 } }, 'the probes gave it back');
    const two = await client(looked, port);
    await two.challenge();
    const full = { ok: false, failure: { kind: 'turn-error', error: { step: 'allocate', code: 508 } } };
    t.match(await two.allocate(4), full);
    t.match(await one.refresh(120), { ok: true });
    await one.release();
    t.match(await two.allocate(4), { ok: true }, 'after a release there is room again');
    await two.release();
    t.match(await two.allocate(4), { ok: false, failure: { kind: 'closed' } }, 'a released client is of no more use');

    const stranger = await client(looked, port, { credential: 'another' });
    await stranger.challenge();
    // RFC 8489 §9.2.4 wants 401 here; livekit-server says 400.
    const rejected = { ok: false, failure: { kind: 'turn-error', error: { step: 'allocate', code: 400 } } };
    t.match(await stranger.allocate(4), rejected);
    await stranger.release();
    const wrongFamily = await client(looked, port);
    await wrongFamily.challenge();
    await wrongFamily.allocate(4);
    const mismatch = { ok: false, failure: { kind: 'turn-error', error: { step: 'permission', code: 443 } } };
    t.match(await wrongFamily.createPermission([{ address: '2001:db8::1', port: 9 }]), mismatch);
    await wrongFamily.release();
  });

  t.test('what is sent to a peer arrives, and its answer comes back', async (t) => {
    const server = await embedded(t);
    const looked = await look(server);
    const peer = createSocket('udp4');
    t.teardown(() => peer.close());
    peer.on('message', (bytes, from) => peer.send(Buffer.from(`${bytes} yourself`), from.port, from.address));
    await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
    const to = { address: '127.0.0.1', port: peer.address().port };
    let turn: TurnClient | undefined;
    const answer = await new Promise<{ from: TransportAddress; text: string }>((resolve) => {
      const onData = (from: TransportAddress, data: Buffer): void => resolve({ from, text: data.toString() });
      void client(looked, server.ports.turnUdp, { onData }).then(async (opened) => {
        turn = opened;
        await opened.challenge();
        await opened.allocate(4);
        await opened.createPermission([to]);
        opened.send(to, Buffer.from('hello'));
      });
    });
    t.same(answer, { from: to, text: 'hello yourself' });
    await turn?.release();
  });

  t.test('a channel carries what is sent, both ways, and keeps its peer', async (t) => {
    const server = await embedded(t);
    const looked = await look(server);
    const peer = createSocket('udp4');
    t.teardown(() => peer.close());
    peer.on('message', (bytes, from) => peer.send(Buffer.from(`${bytes} yourself`), from.port, from.address));
    await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
    const to = { address: '127.0.0.1', port: peer.address().port };
    let hear: (text: string) => void = () => {};
    const onData = (_: TransportAddress, data: Buffer): void => hear(data.toString());
    const turn = await client(looked, server.ports.turnUdp, { onData });
    await turn.challenge();
    await turn.allocate(4);
    // Binding a channel installs the permission, too (RFC 8656 §12).
    t.match(await turn.bindChannel(to), { ok: true });
    t.match(await turn.bindChannel(to), { ok: true }, 'again is the same channel');
    const heard = new Promise<string>((resolve) => {
      hear = resolve;
    });
    turn.sendOnChannel(to, Buffer.from('hello'));
    t.equal(await heard, 'hello yourself');
    t.match(await turn.refresh(300), { ok: true });
    await turn.release();
  });

  t.test('a nonce of another server is stale, and the next one is taken', async (t) => {
    const first = await embedded(t);
    const looked = await look(first);
    const { auth } = first.environment;
    if (!('apiKey' in auth)) return void t.fail('the embedded environment has a key');
    const second = await embedded(t, { config: { keys: { [auth.apiKey]: auth.apiSecret } } });
    // As when a load balancer changes its mind: the challenge comes from one server, the rest goes to another.
    const middle = createSocket('udp4');
    const onward = createSocket('udp4');
    t.teardown(() => {
      middle.close();
      onward.close();
    });
    let back = 0;
    let behind = first.ports.turnUdp;
    middle.on('message', (bytes, from) => {
      back = from.port;
      onward.send(bytes, behind, '127.0.0.1');
    });
    onward.on('message', (bytes) => middle.send(bytes, back, '127.0.0.1'));
    await new Promise<void>((resolve) => middle.bind(0, '127.0.0.1', resolve));
    const turn = await client(looked, middle.address().port);
    t.match(await turn.challenge(), { ok: true });
    behind = second.ports.turnUdp;
    t.match(await turn.allocate(4), { ok: true });
    await turn.release();
  });

  t.test('without signalling there is nothing to look at, and that is said', async (t) => {
    const server = await embedded(t, { front: false });
    const { byId } = await look(server);
    for (const probe of ['ice-udp', 'ice-tcp', 'turn-udp', 'turn-tcp', 'turn-tls']) {
      t.match(byId.get(probe), { ...only('unreached'), waitedFor: 'signal' }, probe);
    }
  });
}
