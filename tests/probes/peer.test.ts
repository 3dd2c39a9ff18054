/** `peer` against a real livekit-server: two participants, by each path, alone. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import t, { type Test } from 'tap';
import { boundsOf } from '../../browser/page/bounds.js';
import type { Environment } from '../../environment/environment.js';
import { mintToken, randomIdentity, randomRoom } from '../../environment/token.js';
import type { PeerFacts } from '../../evidence/facts.js';
import { redactor } from '../../evidence/redaction.js';
import type { Observation, Path } from '../../evidence/run.js';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../fixtures/embedded/embedded.js';
import { frontAddress, mediaAddress } from '../../fixtures/embedded/ports.js';
import { signalHost } from '../../fixtures/environments/embedded.js';
import { dns } from '../../probes/dns.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import { peer } from '../../probes/peer.js';
import { outcomeOf } from '../../probes/peer-outcome.js';
import type { PeerProcess } from '../../probes/peer-process.js';
import type { Met } from '../../probes/peer-protocol.js';
import type { Known, Outcome, Probe, Tools } from '../../probes/probe.js';
import type { Shared } from '../../probes/shared.js';
import { signal } from '../../probes/signal.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { observeEnvironment } from '../../run/planner.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const paths: Path[] = ['udp', 'tcp', 'turn-udp'];

async function embeddedFor(t: Test, options?: EmbeddedOptions): Promise<Embedded> {
  const embedded = await startEmbedded(options);
  t.teardown(() => embedded.stop());
  return embedded;
}

function known(
  environment: Environment,
  observations: Partial<Observation>[] = [],
  shared: Partial<Shared> = {},
): Known {
  const all = observations.map((one) => [one.id as string, one as Observation] as const);
  return { environment, asked: { depth: 'peer', paths }, observations: new Map(all), shared };
}

const signalNames = { id: `dns:${signalHost}`, probe: 'dns', facts: { addresses: [frontAddress] } };

function observe(environment: Environment, probes: Probe[]): Promise<Observation[]> {
  return observeEnvironment({
    environment,
    probes,
    depth: 'peer',
    paths,
    redactor: redactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
}

/** The exchanges share one process: loading it from sources takes seconds. */
const sharedByAll: Partial<Shared> = {};
t.teardown(() => sharedByAll.peerProcess?.end());

/** One exchange without what comes before it. `during` runs while it does. */
async function exchange(
  environment: Environment,
  target: { path: 'udp' | 'tcp' },
  during: (abort: () => void) => Promise<void> = async () => {},
  shared = sharedByAll,
): Promise<Outcome> {
  const cancel = new AbortController();
  const tools: Tools = {
    known: known(environment, [signalNames], shared),
    signal: cancel.signal,
    now: () => performance.now(),
    share: (key, value) => Object.assign(shared, { [key]: value }),
    changed: () => {},
    onEnd: () => {},
    redactor: redactor(),
  };
  const outcome = peer.observe({ id: `peer:${target.path}`, ...target }, tools);
  await shared.peerProcess?.unusable;
  await during(() => cancel.abort());
  return outcome;
}

/** Of processes that we started, directly. */
async function children(): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(
    all.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(stat.split(') ').at(-1)?.split(' ')[1]) === process.pid;
    }),
  );
  return all.filter((_, i) => ours[i]);
}

function roomsOf({ environment: { auth }, ports }: Embedded): RoomServiceClient {
  const { apiKey, apiSecret } = auth as { apiKey: string; apiSecret: string };
  return new RoomServiceClient(`http://${mediaAddress}:${ports.http}`, apiKey, apiSecret);
}

/** How many are in the rooms, as soon as it is what is awaited; otherwise after a while. */
async function participants(service: RoomServiceClient, awaited: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const rooms = await service.listRooms();
    const lists = await Promise.all(rooms.map(({ name }) => service.listParticipants(name).catch(() => [])));
    const count = lists.flat().length;
    if (count === awaited || tries === 100) return count;
    await sleep(50);
  }
}

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('two participants exchange data by each path, in a healthy environment', async (t) => {
    const embedded = await embeddedFor(t);
    const found = await observe(embedded.environment, [dns, signal, iceUdp, iceTcp, turnUdp, peer]);
    const ways = {
      udp: { candidateType: 'host', protocol: 'udp' },
      tcp: { protocol: 'tcp' },
      'turn-udp': { candidateType: 'relay', protocol: 'udp', relayProtocol: 'udp' },
    };
    for (const [path, way] of Object.entries(ways)) {
      const seen = found.find(({ id }) => id === `peer:${path}`);
      t.equal(seen?.state, 'ok', `${path}: ${JSON.stringify(seen?.failure)}`);
      const facts = seen?.facts as unknown as PeerFacts;
      t.match(facts.echo, { sentBytes: 4096, receivedBytes: 4096, rttMs: Number });
      const port = path === 'tcp' ? embedded.ports.tcp : embedded.ports.udp;
      const end = [{ local: way, remote: { address: mediaAddress, port } }];
      t.match(facts.selected, { caller: end, callee: end });
      for (const transports of [facts.transports?.caller, facts.transports?.callee]) {
        t.match(transports, [{ dtlsState: 'connected', pair: end[0] }]);
        const [transport] = transports ?? [];
        t.ok(Number(transport?.checks?.answered) > 0);
        t.ok(Number(transport?.bytesReceived) > 4096, 'what came is counted');
        t.equal(transport?.dtlsWaitMs, undefined);
      }
      t.same(
        seen?.steps?.map(({ name }) => name),
        ['prepare', 'join', 'connect', 'echo'],
      );
    }
    const text = JSON.stringify(found);
    t.notMatch(text, 'eyJ', 'no token is in what was observed');
    const { apiSecret } = embedded.environment.auth as { apiSecret: string };
    t.notMatch(text, apiSecret);

    const service = roomsOf(embedded);
    const rooms = await service.listRooms();
    t.ok(rooms.length >= 1);
    for (const { name, emptyTimeout, departureTimeout } of rooms) {
      t.match(name, /^doctor-/);
      t.same([emptyTimeout, departureTimeout], [10, 5], 'the room ends soon after it is left: the token says so');
    }
    t.equal(await participants(service, 0), 0, 'everybody left');
  });

  t.test('a path on which nothing can come about ends as a timeout in its phase, when it is stopped', async (t) => {
    const { environment } = await embeddedFor(t, { config: { rtc: { force_tcp: true } } });
    const soon = async (abort: () => void): Promise<void> => {
      await sleep(2000);
      abort();
    };
    const silent = { state: 'failed', failure: { kind: 'timeout', message: /connecting \(ICE and DTLS\)/ } };
    const udp = await exchange(environment, { path: 'udp' }, soon);
    t.match(udp, silent, 'no candidate of the server is of the path');
    t.same((udp.facts as { selected: unknown }).selected, { caller: [], callee: [] });
    const stuck = { dtlsState: 'new', packetsReceived: 0, pair: undefined };
    t.match((udp.facts as unknown as PeerFacts).transports, { caller: [stuck], callee: [stuck] });
    t.match(await exchange(environment, { path: 'tcp' }), { state: 'ok' });
  });

  t.test('the TURN host is where the resolvers said', async (t) => {
    const { environment } = await embeddedFor(t);
    const at = async (address: string): Promise<Observation | undefined> => {
      const impatient: Probe = {
        ...peer,
        deadlineMs: 2000,
        targets: ({ shared: { iceServers } }) => {
          const url = iceServers?.find((server) => server.url.startsWith('turn:'))?.url;
          return url ? [{ id: 'peer:turn-udp', path: 'turn-udp', turn: { url, address } }] : { waitingFor: 'signal' };
        },
        observe(target, tools) {
          tools.share('peerProcess', sharedByAll.peerProcess as PeerProcess);
          return peer.observe(target as never, tools);
        },
      };
      const found = await observe(environment, [dns, signal, impatient]);
      return found.find(({ id }) => id === 'peer:turn-udp');
    };
    t.match(await at('127.0.0.9'), { state: 'failed', failure: { kind: 'timeout' } });
    t.match(await at(mediaAddress), { state: 'ok' });
  });

  t.test('a server may send us only where somebody vouches for the address', async (t) => {
    const { environment } = await embeddedFor(t);
    const room = randomRoom();
    const token = () => mintToken(environment, { room, identity: randomIdentity(), publish: true, subscribe: true });
    const tokens = { caller: await token(), callee: await token() };
    const bounds = boundsOf({ signal: ['203.0.113.7'], claimed: [] });
    const process = sharedByAll.peerProcess as PeerProcess;
    const met = process.meet({
      kind: 'meet',
      key: room,
      path: 'tcp',
      url: environment.url.href,
      addresses: [frontAddress],
      ca: environment.ca,
      tokens,
      bounds,
      deadlineMs: 2000,
    });
    t.match(await met, { phase: 'connect', error: undefined, selected: { caller: [], callee: [] } });
  });

  t.test('who may not join is told so', async (t) => {
    const { environment } = await embeddedFor(t);
    const { apiKey } = environment.auth as { apiKey: string };
    const auth = { apiKey, apiSecret: 'another-secret-than-that-of-the-server' };
    const outcome = await exchange({ ...environment, auth }, { path: 'udp' });
    t.match(outcome, { state: 'failed', failure: { kind: 'join', message: /^joining: .* 401$/ } });
    t.notMatch(JSON.stringify(outcome), 'eyJ');
    const foreign = await exchange({ ...environment, ca: undefined }, { path: 'udp' });
    t.match(
      foreign,
      { state: 'failed', failure: { kind: 'join', message: /certificate/ } },
      'nor who does not trust the CA',
    );
  });

  t.test('a crash of the native library decides nothing about the path', async (t) => {
    const { environment } = await embeddedFor(t, { config: { rtc: { force_tcp: true } } });
    const before = new Set(await children());
    const crash = async (): Promise<void> => {
      const started = (await children()).filter((pid) => !before.has(pid));
      t.equal(started.length, 1);
      await sleep(500);
      process.kill(started[0] as number, 'SIGSEGV');
    };
    const outcome = await exchange(environment, { path: 'udp' }, crash, {});
    t.match(outcome, { state: 'unsupported', failure: { kind: 'crash', message: /SIGSEGV/ } });
  });

  t.test('when the parent is gone in the middle of it, rooms are left and the process ends', async (t) => {
    const embedded = await embeddedFor(t, { config: { rtc: { force_tcp: true } } });
    const service = roomsOf(embedded);
    const before = await children();
    const shared: Partial<Shared> = {};
    const gone = async (): Promise<void> => {
      t.equal(await participants(service, 2), 2, 'both are in');
      await shared.peerProcess?.end();
    };
    t.match(await exchange(embedded.environment, { path: 'udp' }, gone, shared), { state: 'unsupported' });
    t.same(await children(), before);
    t.equal(await participants(service, 0), 0, 'both are out');
  });

  t.test('who is stopped in the middle of joining has left, and is not let in afterwards', async (t) => {
    const embedded = await embeddedFor(t);
    const service = roomsOf(embedded);
    for (const afterMs of [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50]) {
      const soon = async (abort: () => void): Promise<void> => {
        await sleep(afterMs);
        abort();
      };
      await exchange(embedded.environment, { path: 'udp' }, soon);
      // Long enough for those who were let in late.
      await sleep(300);
      t.equal(await participants(service, 0), 0, `stopped after ${afterMs} ms`);
    }
  });

  t.test('a ready token is for one identity, so nobody could answer', async (t) => {
    const environment = { name: 'x', url: new URL('ws://x.test'), auth: { token: 'ready' }, claims: {} };
    t.match(await exchange(environment, { path: 'udp' }), { state: 'unsupported', failure: { kind: 'token' } });
  });

  t.test('a path is looked at once its reach is proven', async (t) => {
    const environment = { name: 'x', url: new URL('ws://x.test'), auth: { apiKey: 'k', apiSecret: 's' }, claims: {} };
    const check = (id: string, state: string, origin: string) =>
      ({ id, probe: id.split(':', 1)[0], state, facts: { origin } }) as Partial<Observation>;
    t.same(peer.targets(known(environment)), [
      { id: 'peer:udp', waitingFor: 'ice-udp' },
      { id: 'peer:tcp', waitingFor: 'ice-tcp' },
      { id: 'peer:turn-udp', waitingFor: 'turn-udp' },
    ]);
    const relay = { url: 'turn:t.test:3478?transport=udp', address: '192.0.2.9' };
    const reached = [
      check('ice-udp:192.0.2.1:7882', 'failed', 'advertised'),
      check('ice-udp:192.0.2.2:7882', 'ok', 'claimed'),
      check('ice-tcp:192.0.2.1:7881', 'ok', 'advertised'),
      { id: 'turn-udp:t.test:3478', probe: 'turn-udp', state: 'ok', facts: relay } as Partial<Observation>,
    ];
    t.same(peer.targets(known(environment, reached)), [
      { id: 'peer:udp', waitingFor: 'ice-udp' },
      { id: 'peer:tcp', path: 'tcp', roundTripMs: 0 },
      { id: 'peer:turn-udp', path: 'turn-udp', turn: relay, roundTripMs: 0 },
    ]);
    const candidates = [{ protocol: 'udp', address: '192.0.2.1', port: 7882, type: 'host', priority: 1 }] as const;
    const offered = (complete: boolean) =>
      known(environment, [], {
        iceSession: { username: 'u', password: 'p', localPassword: 'l', candidates, complete },
        iceServers: [{ url: 'turns:t.test:443?transport=tcp', username: 'u', credential: 'c' }],
      });
    t.match(peer.targets(offered(false)), [{ id: 'peer:udp' }, { id: 'peer:tcp' }], 'more candidates may come');
    t.same(
      peer.targets(offered(true)),
      [{ id: 'peer:udp', waitingFor: 'ice-udp' }],
      'what is not offered is not tried',
    );
  });

  t.test('what both ends took and what came back decide', async (t) => {
    const pair = (protocol: string) => [
      { local: { candidateType: 'host', protocol }, remote: { candidateType: 'host', protocol } },
    ];
    const good: Met = {
      kind: 'met',
      key: 'doctor-r',
      path: 'udp',
      phase: 'done',
      reachedMs: { join: 10, connect: 20, echo: 30 },
      echo: { sentBytes: 4, receivedBytes: 4, equal: true, rttMs: 1 },
      selected: { caller: pair('udp'), callee: pair('udp') },
      transports: {},
    };
    t.match(outcomeOf(good, 100, 140), { state: 'ok', facts: { path: 'udp', joinMs: 10, totalMs: 30 } });
    t.same(outcomeOf(good, 100, 140).steps.at(-1), { name: 'echo', startMs: 120, endMs: 130 });
    const failure = (changed: Partial<Met>) => {
      const outcome = outcomeOf({ ...good, ...changed }, 100, 140);
      return outcome.state === 'failed' ? outcome.failure : undefined;
    };
    t.match(failure({ selected: { caller: pair('udp'), callee: pair('tcp') } }), {
      kind: 'wrong-path',
      message: 'the callee was held to udp, but took tcp',
    });
    t.match(failure({ selected: { caller: pair('udp') } }), { kind: 'wrong-path' });
    t.match(failure({ echo: { sentBytes: 4, receivedBytes: 4, equal: false, rttMs: 1 } }), { kind: 'echo' });
    t.match(failure({ phase: 'echo', echo: undefined }), { kind: 'timeout', message: /waiting for data/ });
    t.match(failure({ phase: 'join', error: 'no\u001b[31m' }), { kind: 'join', message: 'joining: no [31m' });
    t.match(failure({ phase: 'connect', error: 'x' }), { kind: 'connect' });
    t.match(failure({ phase: 'connect', stalled: true }), { kind: 'dtls-timeout' });
    const late = outcomeOf({ ...good, phase: 'connect', reachedMs: { join: 10 } }, 100, 140);
    t.same(late.steps.at(-1), { name: 'connect', startMs: 110, endMs: 140 }, 'the step in which it stopped is shown');
  });
}
