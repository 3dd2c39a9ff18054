/** `signal`: `GET /`, the websocket upgrade and the join, which opens the ICE session that later probes check. */
import { setTimeout } from 'node:timers/promises';
import type { Environment } from '../environment/environment.js';
import { hostOf } from '../environment/host.js';
import { mintsTokens, randomIdentity, randomRoom, TokenEndpointError } from '../environment/token.js';
import type { DnsFacts, SignalFacts } from '../evidence/facts.js';
import type { Step } from '../evidence/run.js';
import { hedged } from '../wire/hedge.js';
import { roundTripMs } from './ice-check.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { connectSignal } from './signal-connection.js';
import { type Answer, type Endpoint, endpointOf, get } from './signal-http.js';
import { loadProtocol, openSession, type SessionResult } from './signal-session.js';
import { connectEarly } from './tls-early.js';
import { mint, tokenMs } from './tokens.js';

interface Server extends Target {
  readonly address: string;
  /** How long a token may take. */
  readonly tokenMs: number;
}

const joinMs = 8000;
/**
 * A conversation that has no join response after so long, beside its round trips, gets others beside it, each with a room
 * and an identity of its own: where a fifth of the packets is lost, one of TCP's may be silent for seconds.
 */
const unusualMs = 1000;
const roundTrips = 4;
const mostTalks = 3;

function targets(known: Known): (Server | Pending)[] {
  const host = hostOf(known.environment.url);
  const names = known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined;
  const address = names?.addresses?.[0];
  return [
    address
      ? { id: 'signal', address, tokenMs: tokenMs(known.environment) }
      : { id: 'signal', waitingFor: `dns:${host}` },
  ];
}

/** `GET /` takes no longer than the join does; once that has ended, a slow answer is not waited for. */
const healthAfterMs = 1000;

const basePath = ({ url }: Environment): string => url.pathname.replace(/\/+$/, '');

function answered(answer: Answer | undefined): Pick<SignalFacts, 'health' | 'clockSkewMs'> {
  const { facts, clockSkewMs } = answer ?? {};
  return { ...(facts && { health: facts }), ...(clockSkewMs !== undefined && { clockSkewMs }) };
}

/** One conversation, from the connection on. */
interface Talk {
  readonly result: SessionResult;
  readonly steps: readonly Step[];
  readonly close: () => void;
}

async function talk(endpoint: Endpoint, tools: Tools, signal: AbortSignal, claim: () => boolean): Promise<Talk> {
  const { known, redactor, now } = tools;
  const { environment } = known;
  const startMs = now();
  // A backend may take longer for a token than a server waits for a request.
  const ready = tokenMs(environment) === 0 && connectSignal(endpoint, signal);
  const request = { room: randomRoom(), identity: randomIdentity(), publish: true, subscribe: true };
  const token = await mint(tools, request).catch(async (error: Error) => {
    const connected = await ready;
    if (connected && !(connected instanceof Error)) connected.destroy();
    throw error;
  });
  const tokenAtMs = now();
  let upgradedMs: number | undefined;
  let joinedMs: number | undefined;
  const session = await openSession(endpoint, `${basePath(environment)}/rtc`, token, {
    redactor,
    signal,
    now,
    ...(ready && { connection: ready }),
    events: {
      onUpgrade: () => {
        upgradedMs = now();
      },
      onIceServers: (servers) => {
        joinedMs = now();
        if (claim()) tools.share('iceServers', servers);
      },
      onIceSession: (ice) => claim() && tools.share('iceSession', ice),
      onCandidates: () => claim() && tools.changed(),
    },
  });
  tools.onEnd(() => session.close());
  const result = await session.done;
  const endMs = now();
  const steps = [
    { name: 'token', startMs, endMs: tokenAtMs },
    { name: 'upgrade', startMs: tokenAtMs, endMs: upgradedMs ?? endMs },
    ...(upgradedMs === undefined ? [] : [{ name: 'join', startMs: upgradedMs, endMs: joinedMs ?? endMs }]),
    ...(joinedMs === undefined ? [] : [{ name: 'candidates', startMs: joinedMs, endMs }]),
  ];
  if (result.failure) session.close();
  return { result, steps, close: session.close };
}

/** Silence is no answer: the packets of this one connection may have been lost. */
const isSilence = ({ result: { failure } }: Talk): boolean =>
  failure?.kind === 'timeout' || failure?.kind === 'no-join';

async function healthOf(endpoint: Endpoint, { known, signal }: Tools): Promise<Answer | undefined> {
  const ready = await known.shared.signalTls;
  return get(endpoint, `${basePath(known.environment)}/`, signal, ready);
}

async function observe({ address }: Server, tools: Tools): Promise<Outcome> {
  const { known, signal, now } = tools;
  const { environment } = known;
  const endpoint = endpointOf(environment, address);
  const startMs = now();
  const health = healthOf(endpoint, tools);
  const healthFacts = async () =>
    answered(await Promise.race([health, setTimeout(healthAfterMs, undefined, { ref: false })]));
  void loadProtocol();
  void connectEarly(tools);
  const server = { host: endpoint.host, port: endpoint.port, secure: endpoint.secure, address };
  try {
    const { result, steps } = await hedged((own, claim) => talk(endpoint, tools, own, claim), {
      everyMs: unusualMs + roundTrips * roundTripMs(known),
      // A ready token stands for one identity, which the second connection would put out; a backend is asked once.
      most: mintsTokens(environment) && tokenMs(environment) === 0 ? mostTalks : 1,
      signal,
      decides: (one) => !isSilence(one),
      discard: ({ close }) => close(),
    });
    const { failure, ...seen } = result;
    const facts: SignalFacts = { ...server, ...(await healthFacts()), ...seen };
    return failure
      ? { state: 'failed', facts: { ...facts }, steps, failure }
      : { state: 'ok', facts: { ...facts }, steps };
  } catch (error) {
    if (!(error instanceof TokenEndpointError)) throw error;
    const steps = [{ name: 'token', startMs, endMs: now() }];
    const facts: SignalFacts = {
      ...server,
      ...(await healthFacts()),
      upgraded: false,
      tokenEndpoint: error.facts,
    };
    return { state: 'failed', facts: { ...facts }, steps, failure: { kind: 'token-endpoint', message: error.message } };
  }
}

export const signal: Probe<Server> = {
  name: 'signal',
  depth: 'wire',
  deadlineMs: (server) => joinMs + server.tokenMs,
  targets,
  observe,
};
