/** A real Chromium against a real livekit-server: each path alone, and that the check fails where it must. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RoomServiceClient } from 'livekit-server-sdk';
import t, { type Test } from 'tap';
import { findBrowser } from '../../browser/executable.js';
import type { Environment } from '../../environment/environment.js';
import type { MediaFacts } from '../../evidence/facts.js';
import { redactor as newRedactor } from '../../evidence/redaction.js';
import { allPaths, type Observation, type Path } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { probes } from '../../probes/index.js';
import { exchangeOf } from '../../probes/media.js';
import { judgeExchange } from '../../probes/media-outcome.js';
import type { Known, Outcome, Probe } from '../../probes/probe.js';
import { observeEnvironment } from '../../run/planner.js';
import { ownDirectory, untilNothingRemains } from '../fixtures/left-behind.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const paths = ['udp', 'tcp', 'turn-udp', 'turn-tls'] as const;
const turnTls = 'turns:turn.livekit.doctor.test:443?transport=tcp';

interface Look {
  readonly environment: Environment;
  readonly more?: readonly Probe[];
  readonly without?: readonly string[];
  readonly signal?: AbortSignal;
}

function look({ environment, more = [], without = ['peer'], signal }: Look): Promise<Observation[]> {
  return observeEnvironment({
    environment,
    probes: [...probes.filter(({ name }) => !without.includes(name)), ...more],
    depth: 'media',
    paths: allPaths,
    redactor: newRedactor(),
    now: () => performance.now(),
    signal: signal ?? new AbortController().signal,
  });
}

/** Refuses every websocket, and sends whoever asks why to another place. */
async function startRedirector(t: Test): Promise<{ readonly port: number; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://127.0.0.1').pathname);
    response.writeHead(302, { location: '/elsewhere', 'access-control-allow-origin': '*' }).end();
  });
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

const byId = (observations: readonly Observation[], id: string): Observation | undefined =>
  observations.find((one) => one.id === id);

t.test('in a network of our own', { timeout: 110_000 }, async (t) => {
  if (!(await inOwnNamespace(t, import.meta.url))) return;
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { environment, ports } = embedded;

  t.test('each path alone, and then that the check fails where it must', async (t) => {
    const directory = ownDirectory(t);
    const redactor = newRedactor();
    const redirector = await startRedirector(t);
    const judged = new Map<string, Outcome>();
    let known: Known | undefined;
    const tester: Probe = {
      name: 'tester',
      depth: 'media',
      deadlineMs: 60_000,
      // After the others, so that nothing is slowed down that must be quick.
      targets: ({ observations }) =>
        paths.every((path) => observations.has(`media:${path}`)) ? [{ id: 'tester' }] : { waitingFor: 'media' },
      observe: async (_, tools) => {
        known = tools.known;
        const { browser } = tools.known.shared;
        if (!browser) return { state: 'unreached', facts: {}, waitedFor: 'browser' };
        const meet = async (
          path: Path,
          change: object = {},
          { as = path, signal = tools.signal }: { as?: Path; signal?: AbortSignal } = {},
        ): Promise<Outcome> => {
          const target = { id: '', path, ...(path === 'turn-tls' && { turnUrl: turnTls }) };
          const exchange = { ...(await exchangeOf(target, tools.known, redactor)), ...change };
          const reports = await browser.exchange(exchange, signal);
          return judgeExchange({ path: as, browser, reports, startMs: 0 });
        };
        const nowhere = { bounds: { addresses: [], kinds: ['public'] }, deadlineMs: 2000 };
        const redirecting = { url: `ws://127.0.0.1:${redirector.port}`, deadlineMs: 2000 };
        const unsigned = { tokens: { caller: 'a.b.c', callee: 'a.b.c' } };
        const one = async (name: string, outcome: Promise<Outcome>): Promise<void> => {
          judged.set(name, await outcome);
        };
        await one('tcp is no udp', meet('tcp', {}, { as: 'udp' }));
        await one('turn-tls is no turn-udp', meet('turn-tls', {}, { as: 'turn-udp' }));
        await Promise.all([
          one('the callee publishes nothing', meet('udp', { publish: { caller: true, callee: false } })),
          one('a path that is not offered', meet('turn-tcp', { deadlineMs: 2000 })),
          one('a TURN server that nobody vouches for', meet('turn-udp', nowhere)),
          one('a token that nobody signed', meet('udp', unsigned)),
          one('a server that sends us on', meet('udp', redirecting)),
          one('given up early', meet('turn-udp', nowhere, { signal: AbortSignal.timeout(300) })),
        ]);
        return { state: 'ok', facts: {} };
      },
    };
    const observations = await look({ environment, more: [tester] });

    const browser = byId(observations, 'browser');
    t.match(browser, { failure: undefined, state: 'ok', facts: { name: 'chromium', origin: findBrowser()?.origin } });
    for (const path of paths) {
      const one = byId(observations, `media:${path}`);
      t.match(one, { state: 'ok' }, path);
      const facts = one?.facts as MediaFacts | undefined;
      for (const side of [facts?.caller, facts?.callee]) {
        t.match(side?.received, { frameWidth: 320, frameHeight: 180 });
        t.ok((side?.received.framesDecoded ?? 0) > 0 && (side?.received.audioEnergy ?? 0) > 0, 'seen and heard');
        const local = side?.selected.map(({ local }) => local) ?? [];
        t.ok(local.length > 0);
        for (const { candidateType, protocol, relayProtocol, url } of local) {
          const relayed = path.startsWith('turn-');
          t.equal(candidateType === 'relay', relayed, `${candidateType} for ${path}`);
          t.equal(relayed ? relayProtocol : protocol, path.replace('turn-', ''));
          if (path === 'turn-tls') t.equal(url, turnTls);
        }
      }
    }
    t.notOk(byId(observations, 'media:turn-tcp'), 'nobody offers it');

    const fails = (name: string, kind: string, message?: RegExp): void => {
      const failure = { kind, ...(message && { message }) };
      t.match(judged.get(name), { state: 'failed', failure }, name);
    };
    fails('the callee publishes nothing', 'no-video', /the caller decoded no picture of the callee/);
    const oneSided = judged.get('the callee publishes nothing')?.facts as MediaFacts | undefined;
    t.ok((oneSided?.callee?.received.framesDecoded ?? 0) > 0, 'while the callee sees the caller');
    fails('tcp is no udp', 'wrong-path', /held to udp, but took tcp/);
    fails('turn-tls is no turn-udp', 'wrong-path', /held to turn-udp, but took turn-tls/);
    fails('a path that is not offered', 'timeout', /connecting/);
    fails('a TURN server that nobody vouches for', 'timeout', /connecting/);
    fails('a token that nobody signed', 'join', /joining/);
    fails('given up early', 'timeout');
    fails('a server that sends us on', 'join');
    t.ok(redirector.asked.includes('/rtc/v1/validate'), 'it is asked why it refuses');
    t.notOk(redirector.asked.includes('/elsewhere'), 'and not followed');

    const text = JSON.stringify([...observations, ...judged.values()]);
    const secrets = [
      'apiSecret' in environment.auth ? environment.auth.apiSecret : '',
      ...(known?.shared.iceServers ?? []).map(({ credential }) => credential),
    ].filter(Boolean);
    t.ok(secrets.length > 1);
    for (const secret of secrets) t.notOk(text.includes(secret), 'no secret comes out');
    t.notMatch(text, /eyJ[\w-]{8}/, 'no token comes out');
    t.same(await untilNothingRemains(directory), [], 'nothing stays behind');
    if ('apiKey' in environment.auth) {
      const { apiKey, apiSecret } = environment.auth;
      const service = new RoomServiceClient(`http://127.0.0.1:${ports.http}`, apiKey, apiSecret);
      const rooms = await service.listRooms();
      t.ok(rooms.length > 0, 'they close by themselves some seconds later');
      for (const { name } of rooms) t.same(await service.listParticipants(name), [], `nobody is left in ${name}`);
    }
  });

  t.test('without a browser the rest still runs', async (t) => {
    const { LIVEKIT_DOCTOR_BROWSER } = process.env;
    t.teardown(() => {
      if (LIVEKIT_DOCTOR_BROWSER === undefined) delete process.env.LIVEKIT_DOCTOR_BROWSER;
      else process.env.LIVEKIT_DOCTOR_BROWSER = LIVEKIT_DOCTOR_BROWSER;
    });
    process.env.LIVEKIT_DOCTOR_BROWSER = '/nowhere/chromium';
    const failure = { kind: 'browser-missing', message: /\/nowhere\/chromium/ };
    const observations = await look({ environment });
    for (const path of paths) {
      t.match(byId(observations, `media:${path}`), { state: 'unsupported', failure }, path);
    }
    t.match(byId(observations, 'ice-udp:127.0.0.1:7882'), { state: 'ok' });

    process.env.LIVEKIT_DOCTOR_BROWSER = '/bin/false';
    t.match(byId(await look({ environment }), 'media:udp'), {
      state: 'unsupported',
      failure: { kind: 'browser-launch', message: /does not start/ },
    });
    const token = { ...environment, auth: { token: 'a.b.c' } };
    t.match(byId(await look({ environment: token, without: ['peer', 'signal'] }), 'browser'), { state: 'unreached' });
  });

  t.test('a run that is cancelled leaves nothing behind', async (t) => {
    const directory = ownDirectory(t);
    for (const afterMs of [50, 700, 2500]) {
      const signal = AbortSignal.timeout(afterMs);
      t.ok((await look({ environment, signal })).length > 0);
      t.same(await untilNothingRemains(directory), [], `cancelled after ${afterMs} ms`);
    }
  });

  t.test('a run that dies leaves nothing behind', async (t) => {
    const directory = ownDirectory(t);
    const driver = new URL('../../browser/driver.ts', import.meta.url).href;
    const scripts = t.testdir({
      'dies.mjs': `
        import { startBrowser } from ${JSON.stringify(driver)};
        const options = { executable: ${JSON.stringify(findBrowser()?.executable)}, names: [], trustedKeys: [] };
        await startBrowser(options).ready;
        console.log('started');
        process.kill(process.pid, 'SIGKILL');`,
      'dies-early.mjs': `
        import { prepareBrowser } from ${JSON.stringify(driver)};
        prepareBrowser();
        console.log('started');
        // While the other process loads, and listens to nobody yet.
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200);`,
    });
    for (const name of ['dies.mjs', 'dies-early.mjs']) {
      const parameters = [...process.execArgv, join(scripts, name)];
      const error = await promisify(execFile)(process.execPath, parameters).catch((one) => one);
      t.match(error, { signal: 'SIGKILL', stdout: /started/ }, name);
      t.same(await untilNothingRemains(directory), [], name);
    }
  });
});
