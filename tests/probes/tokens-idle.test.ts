/** Tokens from a backend, and a connection held idle: real HTTP servers and proxies before a real livekit-server. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Auth, type Environment, secretsOf } from '../../environment/environment.js';
import { mintToken } from '../../environment/token.js';
import type { IdleFacts } from '../../evidence/facts.js';
import { type Redactor, redactor } from '../../evidence/redaction.js';
import type { Observation } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { frontAddress, mediaAddress } from '../../fixtures/embedded/ports.js';
import { dns } from '../../probes/dns.js';
import { iceUdp } from '../../probes/ice-udp.js';
import { idle } from '../../probes/idle.js';
import { peer } from '../../probes/peer.js';
import type { Known, Outcome, Probe, Tools } from '../../probes/probe.js';
import { signal } from '../../probes/signal.js';
import { token } from '../../probes/token.js';
import { mintPair, withoutTokens } from '../../probes/tokens.js';
import { observeEnvironment } from '../../run/planner.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const session = 'a-session-that-nobody-may-see';

async function listening(t: Test, server: Server, address = mediaAddress): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, address);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly room_name: string;
  readonly participant_identity: string;
}

/** A backend that answers as it is told, to whoever bears the session. */
async function backend(t: Test, answer: (asked: Asked, nth: number, response: ServerResponse) => unknown) {
  let nth = 0;
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.headers.authorization !== `Bearer ${session}`) {
      response.writeHead(401).end();
      return;
    }
    nth += 1;
    const json = await answer(JSON.parse(body) as Asked, nth, response);
    if (!response.writableEnded) response.end(JSON.stringify(json));
  });
  const tokenEndpoint = new URL(`http://${mediaAddress}:${await listening(t, server)}/api/token`);
  return { tokenEndpoint, headers: { Authorization: `Bearer ${session}` } };
}

/** As an application mints with livekit-server-sdk. */
function minter(environment: Environment, change: (asked: Asked) => Partial<Asked> = () => ({})) {
  return async (asked: Asked) => {
    const { room_name: room, participant_identity: identity } = { ...asked, ...change(asked) };
    return { participant_token: await mintToken(environment, { room, identity, publish: true, subscribe: true }) };
  };
}

interface Looking {
  secrets?: Redactor;
  depth?: 'wire' | 'peer';
  idleMs?: number;
  onObservation?: (observation: Observation) => void;
}

async function look(environment: Environment, probes: readonly Probe[], { depth = 'wire', ...more }: Looking = {}) {
  const { idleMs, onObservation, secrets = redactor() } = more;
  const found = await observeEnvironment({
    environment,
    probes: [dns, signal, ...probes],
    depth,
    paths: ['udp'],
    ...(idleMs && { idleMs }),
    redactor: secrets,
    now: () => performance.now(),
    signal: new AbortController().signal,
    ...(onObservation && { events: { onObservation } }),
  });
  const text = JSON.stringify(found);
  t.notMatch(text, session);
  t.notMatch(text, 'eyJ', 'no token is anywhere');
  return (id: string) => found.find((one) => one.id === id);
}

if (await inOwnNamespace(t, import.meta.url)) {
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { environment } = embedded;

  t.test('with tokens from a backend, participants join and meet', async (t) => {
    const auth = await backend(t, minter(environment));
    const seen = await look({ ...environment, auth }, [iceUdp, peer], { depth: 'peer' });
    t.match(seen('signal'), { state: 'ok', facts: { upgraded: true } });
    t.match(seen('peer:udp'), { state: 'ok' }, JSON.stringify(seen('peer:udp')?.failure));
  });

  t.test('a backend that fails is seen at the signalling, and nothing is said of what comes after', async (t) => {
    const auth = await backend(t, (_asked, _nth, response) =>
      response.writeHead(500, { 'content-type': 'text/html' }).end(`<html>${session}</html>`),
    );
    const seen = await look({ ...environment, auth }, [iceUdp, peer], { depth: 'peer' });
    t.match(seen('signal'), {
      state: 'failed',
      failure: { kind: 'token-endpoint', message: `the token endpoint at ${mediaAddress} answered 500 (text/html)` },
      facts: {
        health: { status: 200, body: 'OK' },
        upgraded: false,
        tokenEndpoint: { host: mediaAddress, reason: 'status', status: 500, contentType: 'text/html' },
      },
    });
    t.match(seen('ice-udp'), { state: 'unreached', waitedFor: 'signal' });
    t.match(seen('peer:udp'), { state: 'unreached' });
  });

  t.test('a backend that fails later leaves the deeper layers open', async (t) => {
    const mint = minter(environment);
    const auth = await backend(t, (asked, nth, response) => (nth === 1 ? mint(asked) : response.writeHead(429).end()));
    const seen = await look({ ...environment, auth }, [iceUdp, peer, idle], { depth: 'peer', idleMs: 100 });
    t.match(seen('signal'), { state: 'ok' });
    const without = { state: 'unsupported', failure: { kind: 'token-endpoint', message: /answered 429/ } };
    t.match(seen('peer:udp'), without);
    t.match(seen('idle'), without);
  });

  t.test('a token of a backend of its own shape is looked at, and nothing secret of it is kept', async (t) => {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const { user, key } = JSON.parse(body) as { user: string; key: string };
      // Cut to what is shown, half of the key would be left.
      const identity = `${user}${'x'.repeat(45)}${key}`;
      const jwt = await mintToken(environment, { room: 'lobby', identity, publish: true, subscribe: true });
      const url = `wss://${searchParams.get('code')}.example.com/?${key}`;
      response.end(JSON.stringify({ data: { jwt, url } }));
    });
    const port = await listening(t, server);
    const auth = {
      tokenEndpoint: new URL(`http://${mediaAddress}:${port}/{room}?code=${session}-q`),
      headers: {},
      body: { user: '{identity}', key: `${session}-b` },
      tokenAt: 'data.jwt',
      serverUrlAt: '/data/url',
    };
    const secrets = redactor();
    for (const secret of secretsOf(auth)) secrets.add(secret);
    const seen = await look({ ...environment, auth }, [token], { secrets });
    t.match(seen('signal'), { state: 'ok' });
    t.match(seen('token'), {
      state: 'ok',
      facts: {
        source: 'endpoint',
        answer: { host: mediaAddress, port, status: 200, answerMs: Number, serverUrl: 'wss://[redacted].example.com' },
        asked: { room: /^doctor-/, identity: /^doctor-/ },
        claims: {
          room: 'lobby',
          identity: /^doctor-\S{12}x+\[redacted\]$/,
          joins: true,
          grants: [],
          refuses: [],
          livesS: 120,
        },
      },
    });
  });

  t.test(
    'a ready token is looked at; a token that is made here is not, and none where a backend gives none',
    async (t) => {
      const request = { room: 'doctor-x', identity: 'x', publish: false, subscribe: true };
      const auth = { token: await mintToken(environment, request) };
      const seen = await look({ ...environment, auth }, [token]);
      t.match(seen('token'), {
        state: 'ok',
        facts: {
          source: 'ready',
          claims: { room: 'doctor-x', identity: 'x', refuses: ['canPublish', 'canPublishData'] },
        },
      });
      t.equal((await look(environment, [token]))('token'), undefined);
      const none = await backend(t, (_asked, _nth, response) => response.writeHead(500).end());
      t.match((await look({ ...environment, auth: none }, [token]))('token'), {
        state: 'unreached',
        waitedFor: 'signal',
      });
      const noJwt = await look({ ...environment, auth: { token: 'not-a-token' } }, [token]);
      t.match(noJwt('token'), { state: 'failed', failure: { kind: 'not-a-token' }, facts: { source: 'ready' } });
    },
  );

  t.test('two participants only meet where nobody else is, and each under a name of its own', async (t) => {
    const pair = async (change: (asked: Asked) => Partial<Asked>, auth?: Auth) => {
      const asking = { ...environment, auth: auth ?? (await backend(t, minter(environment, change))) };
      const known: Known = {
        environment: asking,
        asked: { depth: 'peer', paths: ['udp'] },
        observations: new Map(),
        shared: {},
      };
      return mintPair({ known, redactor: redactor() }).catch((error: unknown) => withoutTokens(error, {}));
    };
    const message = async (outcome: Promise<Outcome | object>) =>
      ((await outcome) as { failure?: { message: string } }).failure?.message;
    t.match(await pair(() => ({}), environment.auth), { room: /^doctor-/, tokens: { caller: /^eyJ/ } });
    t.match(await pair(({ room_name }) => ({ room_name: `acme:${room_name}` })), { tokens: { callee: /^eyJ/ } });
    const start = 'two participants cannot meet in a room of their own: the token endpoint gives';
    t.equal(
      await message(pair(() => ({ room_name: 'lobby' }))),
      `${start} tokens for the room "lobby", whatever is asked for`,
    );
    t.equal(
      await message(pair(() => ({ participant_identity: 'alice' }))),
      `${start} every token the identity "alice", which can be in a room only once`,
    );
  });

  t.test('idle', async (t) => {
    const known: Known = {
      environment,
      asked: { depth: 'wire', paths: ['udp'] },
      observations: new Map(),
      shared: {},
    };
    /** Passes everything on, and from then on ends each connection at this age. */
    const proxy = async (t: Test) => {
      let endsAfterMs: number | undefined;
      const server = createTcp(async (near) => {
        const far = connect(embedded.ports.front, frontAddress);
        far.on('error', () => {}).on('close', () => near.destroy());
        near.on('close', () => far.destroy());
        near.pipe(far).pipe(near);
        if (endsAfterMs === undefined) return;
        await sleep(endsAfterMs);
        near.destroy();
      });
      const url = new URL(`wss://${environment.url.hostname}:${await listening(t, server, frontAddress)}`);
      return {
        url,
        cut: (ms: number) => {
          endsAfterMs = ms;
        },
      };
    };

    t.test('cut twice at the same age', async (t) => {
      const { url, cut } = await proxy(t);
      const onObservation = ({ id }: Observation) => id === 'signal' && cut(1500);
      const seen = await look({ ...environment, url }, [idle], { idleMs: 20_000, onObservation });
      t.match(seen('signal'), { state: 'ok' });
      t.match(seen('idle'), { state: 'failed', failure: { kind: 'cut', message: /was cut [\d.]+ s after/ } });
      const { askedMs, cuts } = (seen('idle') as Observation).facts as unknown as IdleFacts;
      t.equal(askedMs, 20_000);
      t.equal(cuts.length, 2, 'a second one was tried');
      for (const { ageMs, code } of cuts) {
        t.ok(ageMs > 0 && ageMs < 20_000, `${ageMs}`);
        t.equal(code, 1006, 'without a word of the websocket (RFC 6455 §7.4.1)');
      }
    });
    t.test('a connection that is not let in again was not held, and not cut', async (t) => {
      const answers = ['HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nfull', ''];
      for (const answer of answers) {
        const server = createTcp((socket) => socket.once('data', () => socket.end(answer)));
        const port = await listening(t, server, mediaAddress);
        const tools: Partial<Tools> = {
          known: { ...known, environment: { ...environment, url: new URL(`ws://${mediaAddress}:${port}`) } },
          redactor: redactor(),
          signal: new AbortController().signal,
          now: () => performance.now(),
          onEnd() {},
        };
        const target = { id: 'idle', address: mediaAddress, askedMs: 20_000, tokenMs: 0 };
        const outcome = await idle.observe(target as never, tools as Tools);
        t.match(outcome, { state: 'failed', facts: { cuts: [] } });
        t.not('failure' in outcome && outcome.failure?.kind, 'cut');
      }
    });
    t.test('a ready token, which stands for one participant, is not used twice', async (t) => {
      const auth = {
        token: await mintToken(environment, { room: 'doctor-x', identity: 'x', publish: true, subscribe: true }),
      };
      const seen = await look({ ...environment, auth }, [idle], { idleMs: 300 });
      t.match(seen('idle'), { state: 'unsupported', failure: { kind: 'token' } });
    });
    t.test('held as long as was asked', async (t) => {
      const { url } = await proxy(t);
      const seen = await look({ ...environment, url }, [idle], { idleMs: 300 });
      t.match(seen('idle'), { state: 'ok', facts: { askedMs: 300, cuts: [] } });
    });
    t.test('not asked for', async (t) => {
      t.equal((await look(environment, [idle]))('idle'), undefined);
    });
  });
}
