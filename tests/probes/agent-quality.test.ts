/** An agent that is sent for, by a real worker and a real livekit-server; and what figures of a call are made into. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import t, { type Test } from 'tap';
import { atLeastShare } from '../../diagnosis/share.js';
import type { Environment } from '../../environment/environment.js';
import type { MeasuredMedia, RoundTrips } from '../../evidence/facts.js';
import { redactor } from '../../evidence/redaction.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { frontAddress, mediaAddress } from '../../fixtures/embedded/ports.js';
import { nodeCommand } from '../../fixtures/lab/entry.js';
import { agent } from '../../probes/agent.js';
import { dispatchService } from '../../probes/agent-dispatch.js';
import { dns } from '../../probes/dns.js';
import { mosEstimate } from '../../probes/mos.js';
import { signal } from '../../probes/signal.js';
import { observeEnvironment } from '../../run/planner.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const name = 'copilot';

async function look(environment: Environment, stop?: AbortController) {
  const found = await observeEnvironment({
    environment,
    probes: [dns, signal, agent],
    depth: 'media',
    paths: ['udp'],
    redactor: redactor(),
    now: () => performance.now(),
    signal: (stop ?? new AbortController()).signal,
    events: {
      onTarget: (probe) => {
        // It has joined and dispatched by then, or is about to.
        if (stop && probe === 'agent') setTimeout(() => stop.abort(), 400);
      },
    },
  }).catch((error: Error) => {
    if (!stop) throw error;
    return [];
  });
  t.notMatch(JSON.stringify(found), 'eyJ', 'no token is anywhere');
  return found.find((one) => one.id === 'agent');
}

if (await inOwnNamespace(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { environment } = embedded;
  const { auth } = environment;
  if (!('apiSecret' in auth)) throw new Error('the embedded environment has a key');
  const claiming = (claim: object): Environment => ({
    ...environment,
    claims: { ...environment.claims, agent: { name, joinWithinMs: 8000, ...claim } },
  });
  // Past the front, whose certificate nobody but the environment knows.
  const direct = `${mediaAddress}:7880`;
  const rooms = new RoomServiceClient(`http://${direct}`, auth.apiKey, auth.apiSecret);
  const noRooms = async (t: Test): Promise<void> => {
    while ((await rooms.listRooms()).length > 0) await sleep(50);
    t.pass('no room is left');
  };

  t.test('nobody is sent for who is not claimed', async (t) => {
    t.equal(await look(environment), undefined);
  });

  t.test('without a worker nobody takes the job', async (t) => {
    t.match(await look(claiming({ joinWithinMs: 100 })), {
      state: 'failed',
      failure: { kind: 'no-agent' },
      facts: { name, jobs: [] },
    });
    await noRooms(t);
  });

  t.test('without a secret nobody can be sent for', async (t) => {
    const tokenEndpoint = new URL('http://127.0.0.1:9/');
    const tools = {
      known: { environment: { ...claiming({}), auth: { tokenEndpoint, headers: {} } } },
      signal: new AbortController().signal,
      now: () => performance.now(),
    };
    const target = { id: 'agent', address: '127.0.0.1', claim: { name, joinWithinMs: 100 } };
    t.match(await agent.observe(target, tools as never), { state: 'unsupported', failure: { kind: 'token' } });
  });

  t.test('interrupted, the room is closed all the same', async (t) => {
    await look(claiming({}), new AbortController());
    await noRooms(t);
  });

  t.test('with a worker the agent comes and speaks', async (t) => {
    const [node, file] = nodeCommand('agent-worker');
    const worker: ChildProcess = spawn(node, [file, `ws://${direct}`, name, 'speaks', '7200'], {
      env: { ...process.env, LIVEKIT_API_KEY: auth.apiKey, LIVEKIT_API_SECRET: auth.apiSecret },
      stdio: 'inherit',
    });
    t.teardown(() => worker.kill('SIGKILL'));
    let found = await look(claiming({ publishes: true }));
    // It takes a while until the worker is registered.
    for (let i = 0; i < 5 && found?.state !== 'ok'; i += 1) found = await look(claiming({ publishes: true }));
    t.match(found, { state: 'ok', facts: { name, joinedMs: Number, publishedMs: Number } });
    await noRooms(t);
  });

  t.test('what answers for the service is not trusted', async (t) => {
    const ask = async (answer: RequestListener) => {
      const server = createServer(answer);
      server.listen(0, frontAddress);
      await once(server, 'listening');
      t.teardown(() => {
        server.closeAllConnections();
        server.close();
      });
      const { port } = server.address() as AddressInfo;
      const endpoint = { host: frontAddress, port, secure: false, address: frontAddress };
      const service = await dispatchService(environment, endpoint, 'doctor-x', redactor());
      return service.dispatch(name, AbortSignal.timeout(2000));
    };
    let followed = false;
    const redirect: RequestListener = ({ url }, response) => {
      followed ||= url === '/elsewhere';
      response.writeHead(302, { location: '/elsewhere' }).end();
    };
    t.match(await ask(redirect), { refusal: { status: 302 } });
    t.notOk(followed, 'a redirect is not followed');
    const endless: RequestListener = (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const write = (): void => {
        if (response.destroyed) return;
        response.write(chunk, () => setImmediate(write));
      };
      write();
    };
    t.match(await ask(endless), { error: /too large/ });
    t.match(await ask((_request, response) => response.end('nonsense')), { error: /no dispatch/ });
    t.match(await ask(() => {}), { error: String }, 'silence ends by the deadline');
    const repeats: RequestListener = ({ headers }, response) => response.writeHead(403).end(headers.authorization);
    t.notMatch(JSON.stringify(await ask(repeats)), 'eyJ', 'a token that is repeated is hidden');
  });

  t.test('an estimate of how a voice sounds', async (t) => {
    const media: MeasuredMedia = {
      measuredMs: 4000,
      packetsReceived: 250,
      packetsLost: 0,
      lossEvents: 0,
      audioPacketsReceived: 200,
      audioPacketsLost: 0,
      jitterMs: 3,
      freezes: 0,
      frozenMs: 0,
    };
    const rtt = (ms: number): RoundTrips => ({ count: 3, leastMs: ms, lowMs: ms, medianMs: ms, mostMs: ms });
    // R = 93.2 − 0.024 × 46 = 92.1, by hand.
    t.equal(mosEstimate(media, rtt(20), rtt(20)), 4.39);
    const worse = [
      mosEstimate({ ...media, audioPacketsReceived: 180, audioPacketsLost: 20 }, rtt(20), rtt(20)),
      mosEstimate(media, rtt(400), rtt(400)),
      mosEstimate({ ...media, audioPacketsReceived: 20, audioPacketsLost: 180 }, rtt(900), rtt(900)),
    ];
    t.ok(
      worse.every((mos, i) => (mos ?? 9) < ([4.39, ...worse][i] ?? 0)),
      worse.join(),
    );
    t.equal(worse.at(-1), 1, 'no less than the worst there is');
    t.equal(mosEstimate(media, undefined, rtt(20)), undefined);
    t.equal(mosEstimate(undefined, rtt(20), rtt(20)), undefined);
  });

  t.test('what a share is at least', async (t) => {
    t.equal(atLeastShare(0, 100, 0), 0);
    t.ok(atLeastShare(1, 70, 1) < 0.01, 'one of seventy is no loss of 1 %');
    t.ok(atLeastShare(30, 500, 1) < 0.01, 'nor is one burst');
    const many = atLeastShare(50, 1000, 50);
    t.ok(many > 0.03 && many < 0.05, `fifty of a thousand, one by one: ${many}`);
    t.ok(atLeastShare(10, 10, 10) > 0.4, 'nothing at all came');
  });
}
