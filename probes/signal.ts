/** `signal`: `GET /`, the websocket upgrade and the join, which opens the ICE session that later probes check. */
import { hostOf } from '../environment/host.js';
import { randomIdentity, randomRoom, TokenEndpointError } from '../environment/token.js';
import type { DnsFacts, SignalFacts } from '../evidence/facts.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { type Answer, endpointOf, get } from './signal-http.js';
import { loadProtocol, openSession } from './signal-session.js';
import { mint, tokenMs } from './tokens.js';

interface Server extends Target {
  readonly address: string;
  /** How long a token may take. */
  readonly tokenMs: number;
}

const joinMs = 8000;

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

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function answered(answer: Answer | undefined): Pick<SignalFacts, 'health' | 'clockSkewMs'> {
  const { facts, clockSkewMs } = answer ?? {};
  return { ...(facts && { health: facts }), ...(clockSkewMs !== undefined && { clockSkewMs }) };
}

async function observe({ address }: Server, tools: Tools): Promise<Outcome> {
  const { known, signal, redactor } = tools;
  const { url } = known.environment;
  const endpoint = endpointOf(known.environment, address);
  const base = url.pathname.replace(/\/+$/, '');
  const startMs = tools.now();
  const health = get(endpoint, `${base}/`, signal);
  void loadProtocol();
  const server = { host: endpoint.host, port: endpoint.port, secure: endpoint.secure, address };
  const request = { room: randomRoom(), identity: randomIdentity(), publish: true, subscribe: true };
  const token = await mint(tools, request).catch((error: Error) => error);
  const tokenAtMs = tools.now();
  if (token instanceof TokenEndpointError) {
    const facts: SignalFacts = {
      ...server,
      ...answered(await within(healthAfterMs, health)),
      upgraded: false,
      tokenEndpoint: token.facts,
    };
    const steps = [{ name: 'token', startMs, endMs: tokenAtMs }];
    return { state: 'failed', facts: { ...facts }, steps, failure: { kind: 'token-endpoint', message: token.message } };
  }
  if (token instanceof Error) throw token;
  let upgradedMs: number | undefined;
  let joinedMs: number | undefined;
  const session = await openSession(endpoint, `${base}/rtc`, token, {
    redactor,
    signal,
    events: {
      onUpgrade: () => {
        upgradedMs = tools.now();
      },
      onIceServers: (servers) => {
        joinedMs = tools.now();
        tools.share('iceServers', servers);
      },
      onIceSession: (ice) => tools.share('iceSession', ice),
      onCandidates: () => tools.changed(),
    },
  });
  tools.onEnd(() => session.close());
  const { failure, ...seen } = await session.done;
  const facts: SignalFacts = { ...server, ...answered(await within(healthAfterMs, health)), ...seen };
  const endMs = tools.now();
  const steps = [
    { name: 'token', startMs, endMs: tokenAtMs },
    { name: 'upgrade', startMs: tokenAtMs, endMs: upgradedMs ?? endMs },
    ...(upgradedMs === undefined ? [] : [{ name: 'join', startMs: upgradedMs, endMs: joinedMs ?? endMs }]),
    ...(joinedMs === undefined ? [] : [{ name: 'candidates', startMs: joinedMs, endMs }]),
  ];
  if (failure) session.close();
  return failure
    ? { state: 'failed', facts: { ...facts }, steps, failure }
    : { state: 'ok', facts: { ...facts }, steps };
}

export const signal: Probe<Server> = {
  name: 'signal',
  depth: 'wire',
  deadlineMs: (server) => joinMs + server.tokenMs,
  targets,
  observe,
};
