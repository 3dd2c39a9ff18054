/** `nat` and `nat-binding`: real sockets that answer, or not, and a real livekit-server with its TURN. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import { ConfigurationError } from '../../environment/environment.js';
import { loadEnvironments } from '../../environment/load.js';
import type { NatBindingFacts, NatDestination, NatFacts } from '../../evidence/facts.js';
import { redactor } from '../../evidence/redaction.js';
import { allPaths, type Observation } from '../../evidence/run.js';
import { startDnsServer } from '../../fixtures/dns-server.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { dns } from '../../probes/dns.js';
import { nat } from '../../probes/nat.js';
import { natBinding } from '../../probes/nat-binding.js';
import type { Known, Outcome } from '../../probes/probe.js';
import { signal } from '../../probes/signal.js';
import { observeEnvironment } from '../../run/planner.js';
import { describeVantage } from '../../run/vantage.js';
import { decode, encode, shortTermKey, type TransportAddress } from '../../wire/stun.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { candidate, iceServer, knowing, session, type World } from './ice-turn-world.js';

const address = '127.0.0.1';

async function bound(t: Test): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return { socket, port: (socket.address() as AddressInfo).port };
}

interface Answering {
  /** Signs, as the server of an ICE session. */
  password?: string;
  /** Answers from this socket instead. */
  from?: Socket;
  /** What it says it sees. */
  sees?: (from: TransportAddress) => TransportAddress;
  /** Refuses with this error. */
  errorCode?: number;
}

/** A STUN server; its port. */
async function answering(t: Test, { password, from, sees = (it) => it, errorCode }: Answering = {}): Promise<number> {
  const { socket, port } = await bound(t);
  socket.on('message', (bytes, { address, port }) => {
    const request = decode(bytes);
    if (request?.class !== 'request' || request.method !== 'binding') return;
    const { transactionId } = request;
    const answer = encode(
      errorCode === undefined
        ? {
            class: 'success',
            method: 'binding',
            transactionId,
            attributes: [['XOR-MAPPED-ADDRESS', sees({ address, port })]],
          }
        : {
            class: 'error',
            method: 'binding',
            transactionId,
            attributes: [['ERROR-CODE', { code: errorCode, reason: 'no' }]],
          },
      password === undefined ? {} : { integrityKey: shortTermKey(password) },
    );
    (from ?? socket).send(answer, port, address);
  });
  return port;
}

async function observed(world: World, environment: Partial<Known['environment']> = {}) {
  const plain = knowing(world);
  const known: Known = { ...plain, environment: { ...plain.environment, ...environment } };
  const targets = nat.targets(known);
  if (!Array.isArray(targets)) throw new Error('it waits');
  const [target] = targets;
  const outcome: Outcome = await nat.observe(target, {
    known,
    signal: new AbortController().signal,
    now: () => performance.now(),
    redactor: redactor(),
    share: () => {},
    changed: () => {},
    onEnd: () => {},
  });
  const facts = outcome.facts as unknown as NatFacts;
  const of = (kind: NatDestination['kind']) => facts.destinations.filter((one) => one.kind === kind);
  return { outcome, facts, of };
}

const withMedia = (port: number) => ({ iceSession: { ...session, candidates: [candidate('udp', address, port)] } });
const claiming = (...servers: string[]) => ({ claims: { stun: { servers } } });

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('one port is seen from several places', async (t) => {
    const media = await answering(t, { password: session.password });
    const stun = await answering(t, { sees: () => ({ address: '198.51.100.7', port: 4000 }) });
    const { outcome, facts, of } = await observed({ ...claiming(`${address}:${stun}`), shared: withMedia(media) });
    t.equal(outcome.state, 'ok');
    t.match(facts, { family: 4, stun: 'claimed', unresolved: [] });
    const [seen] = of('media');
    t.equal(seen?.mapped, seen?.local, 'nothing translates on the loopback');
    t.match(of('stun'), [{ host: address, destination: `${address}:${stun}`, mapped: '198.51.100.7:4000' }]);
    t.notOk(seen?.answeredFrom);
    const observation = { id: 'nat:ipv4', probe: 'nat', state: 'ok', startMs: 0, endMs: 1, facts } as unknown;
    const { mapped, natMapping } = describeVantage([observation as Observation]);
    t.equal(mapped.udp, '198.51.100.7:4000', 'what a public address is seen as counts');
    t.equal(natMapping, 'unknown', 'one far side that sees something else may be wrong');
  });

  t.test('an answer from another socket is seen, and where it came from', async (t) => {
    const other = await bound(t);
    const media = await answering(t, { password: session.password, from: other.socket });
    const { of } = await observed({ shared: withMedia(media) });
    t.match(of('media'), [{ answeredFrom: `${address}:${other.port}` }]);
  });

  t.test('an answer without the password of the session is none', async (t) => {
    const media = await answering(t);
    const turn = await answering(t);
    const { of } = await observed({
      shared: { ...withMedia(media), iceServers: [iceServer(`turn:${address}:${turn}?transport=udp`)] },
    });
    t.notOk(of('media')[0]?.rttMs);
    t.ok(of('turn')[0]?.rttMs, 'TURN answers anybody');
  });

  t.test('an error response proves the way there', async (t) => {
    const media = await bound(t);
    const turn = await answering(t, { errorCode: 401 });
    const { outcome, of } = await observed({
      shared: { ...withMedia(media.port), iceServers: [iceServer(`turn:${address}:${turn}?transport=udp`)] },
    });
    t.equal(outcome.state, 'ok');
    t.match(of('turn'), [{ errorCode: 401 }]);
  });

  t.test('a silent STUN server beside media that answers is not called silent', async (t) => {
    const media = await answering(t, { password: session.password });
    const stun = await bound(t);
    const { of } = await observed({ ...claiming(`${address}:${stun.port}`), shared: withMedia(media) });
    t.ok(of('media')[0]?.rttMs);
    t.ok((of('stun')[0]?.sent ?? 0) > 0);
    t.notOk(of('stun')[0]?.silent);
  });

  t.test('silence is said of each, and only after many requests', async (t) => {
    const [media, stun] = await Promise.all([bound(t), bound(t)]);
    const { outcome, of } = await observed({ ...claiming(`${address}:${stun.port}`), shared: withMedia(media.port) });
    t.match(outcome, { state: 'failed', failure: { kind: 'timeout' } });
    t.match(of('media'), [{ silent: true, sent: 28 }]);
    t.match(of('stun'), [{ silent: true, sent: 9 }]);
  });

  t.test('STUN servers are found by the resolvers of the environment', async (t) => {
    const stun = await answering(t);
    const media = await answering(t, { password: session.password });
    const zone = await startDnsServer({
      address,
      zone: 'test',
      records: new Map([
        ['stun.test', [{ type: 'A', data: address }]],
        ['inside.test', [{ type: 'A', data: '10.1.2.3' }]],
      ]),
    });
    t.teardown(() => zone.stop());
    const resolvers = [`${address}:${zone.port}`];
    const claimed = await observed(
      { ...claiming(`stun.test:${stun}`, 'missing.test'), shared: withMedia(media) },
      { resolvers },
    );
    t.match(claimed.of('stun'), [{ host: 'stun.test', destination: `${address}:${stun}` }]);
    t.same(claimed.facts.unresolved, ['missing.test']);

    const offered = await observed(
      { shared: { ...withMedia(media), iceServers: [iceServer('stun:inside.test:3478')] } },
      { resolvers },
    );
    t.equal(offered.facts.stun, 'offered');
    t.same(offered.of('stun'), [], 'a private address that the server chose is left alone');
    t.same(offered.facts.unresolved, ['inside.test']);

    const nobody = await observed(
      { ...claiming(), shared: { ...withMedia(media), iceServers: [iceServer(`stun:${address}:${stun}`)] } },
      { resolvers },
    );
    t.equal(nobody.facts.stun, 'none', 'an empty list is a claim');
    t.same(nobody.of('stun'), []);
  });

  t.test('a flood of candidates asks for no flood of packets', async (t) => {
    const candidates = Array.from({ length: 64 }, (_, index) => candidate('udp', address, 20_000 + index));
    const stop = await answering(t);
    const { facts } = await observed({
      shared: {
        iceSession: { ...session, candidates },
        iceServers: [iceServer(`turn:${address}:${stop}?transport=udp`)],
      },
    });
    t.equal(facts.destinations.length, 16);
  });

  t.test('the environment names STUN servers', async (t) => {
    const folder = await mkdtemp(`${tmpdir()}/nat-test-`);
    t.teardown(() => rm(folder, { recursive: true }));
    const config = `${folder}/livekit-doctor.yaml`;
    const load = async (servers: string) => {
      const auth = '{ apiKey: key, apiSecret: secret }';
      const entry = `    url: wss://livekit.example.com\n    auth: ${auth}\n    stun: { servers: ${servers} }\n`;
      await writeFile(config, `environments:\n  staging:\n${entry}`);
      const [found] = await loadEnvironments({ arguments: [], config, cwd: folder, env: {} });
      return typeof found === 'string' ? undefined : found?.claims.stun;
    };
    t.same(await load('[STUN.example.org:3478, 192.0.2.1, "[2001:db8::1]:3478"]'), {
      servers: ['stun.example.org:3478', '192.0.2.1', '[2001:db8::1]:3478'],
    });
    t.same(await load('[]'), { servers: [] });
    for (const wrong of ['[stun.example.org:70000]', '[stun:stun.example.org]', '["2001:db8::1"]', '[a, b, c, d, e]']) {
      await t.rejects(load(wrong), ConfigurationError, wrong);
    }
  });

  t.test('a real livekit-server: media and TURN see the same, and mappings outlive a short idle time', async (t) => {
    const { environment, stop } = await startEmbedded();
    t.teardown(stop);
    const observations = await observeEnvironment({
      environment,
      probes: [dns, signal, nat, natBinding],
      depth: 'wire',
      paths: allPaths,
      natLifetimeMs: 1000,
      redactor: redactor(),
      now: () => performance.now(),
      signal: new AbortController().signal,
    });
    const seen = observations.find(({ id }) => id === 'nat:ipv4');
    t.equal(seen?.state, 'ok');
    const { destinations } = (seen?.facts ?? {}) as unknown as NatFacts;
    t.same(new Set(destinations.map(({ kind }) => kind)), new Set(['media', 'turn']));
    for (const { mapped, local, destination } of destinations) t.equal(mapped, local, destination);
    t.equal(describeVantage(observations).natMapping, 'none');

    const idle = observations.find(({ id }) => id === 'nat-binding');
    t.equal(idle?.state, 'ok');
    const { method, trials } = (idle?.facts ?? {}) as unknown as NatBindingFacts;
    t.same(
      trials.map(({ idleMs }) => idleMs),
      [250, 500, 750, 1000],
    );
    for (const trial of trials) {
      if (method === 'inbound') t.equal(trial.cameIn, true);
      t.equal(trial.mappedAfter, trial.mapped);
    }
  });
}
