/**
 * `idle`: holds a signalling connection open as long as was asked, doing only what an idle client does, to find what
 * cuts it on the way. A connection that was cut is tried once more: the same age twice is somebody's timeout.
 */
import { mintsTokens, randomIdentity, randomRoom } from '../environment/token.js';
import type { IdleFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { type Endpoint, endpointOf } from './signal-http.js';
import { openSession } from './signal-session.js';
import { mint, tokenMs, withoutTokens } from './tokens.js';

interface IdleTarget extends Target {
  readonly address: string;
  readonly askedMs: number;
  /** How long a token may take. */
  readonly tokenMs: number;
}

const graceMs = 3000;

function targets({ asked, environment, observations }: Known): (IdleTarget | Pending)[] {
  if (!asked.idleMs) return [];
  const signal = observations.get('signal');
  if (signal?.state !== 'ok') return [{ id: 'idle', waitingFor: 'signal' }];
  const address = String(signal.facts.address);
  return [{ id: 'idle', address, askedMs: asked.idleMs, tokenMs: tokenMs(environment) }];
}

interface Cut {
  readonly ageMs: number;
  readonly code: number;
  readonly reason: string;
}

type Held = { readonly cut?: Cut } | { readonly failure: Failure };

/** What became of one connection; a failure is one to open it, which says nothing of being idle. */
async function hold(endpoint: Endpoint, path: string, askedMs: number, tools: Tools): Promise<Held> {
  const { redactor, signal } = tools;
  const request = { room: randomRoom(), identity: randomIdentity(), publish: false, subscribe: false };
  const token = await mint(tools, request);
  let openedMs: number | undefined;
  let onUpgrade = (): void => {};
  const upgraded = new Promise<void>((resolve) => {
    onUpgrade = () => {
      openedMs = tools.now();
      resolve();
    };
  });
  const events = { onUpgrade, onIceServers() {}, onIceSession() {}, onCandidates() {} };
  const session = await openSession(endpoint, path, token, { redactor, signal, events, now: tools.now });
  tools.onEnd(() => session.close());
  const over = await Promise.race([upgraded, session.done]);
  if (openedMs === undefined) {
    session.close();
    return { failure: over?.failure ?? { kind: 'no-join', message: 'the connection was never opened' } };
  }
  const cut = await session.cutWithin(askedMs, signal);
  session.close();
  return cut ? { cut: { ageMs: tools.now() - openedMs, ...cut } } : {};
}

async function observe({ address, askedMs }: IdleTarget, tools: Tools): Promise<Outcome> {
  const { environment } = tools.known;
  if (!mintsTokens(environment)) {
    const message = 'a second connection with the same token ends the first: give an API key and secret instead';
    return { state: 'unsupported', facts: { askedMs, cuts: [] }, failure: { kind: 'token', message } };
  }
  const endpoint = endpointOf(environment, address);
  const path = `${environment.url.pathname.replace(/\/+$/, '')}/rtc`;
  const cuts: Cut[] = [];
  try {
    for (let tries = 0; tries < 2 && cuts.length === tries && !tools.signal.aborted; tries += 1) {
      const held = await hold(endpoint, path, askedMs, tools);
      if ('failure' in held) {
        if (tries === 0) return { state: 'failed', facts: { askedMs, cuts }, failure: held.failure };
      } else if (held.cut) cuts.push(held.cut);
    }
  } catch (error) {
    return withoutTokens(error, { askedMs, cuts });
  }
  const facts: IdleFacts = { askedMs, cuts };
  const [first] = cuts;
  if (!first) return { state: 'ok', facts: { ...facts } };
  const message = `the signalling connection was cut ${Math.round(first.ageMs / 100) / 10} s after it was opened`;
  return { state: 'failed', facts: { ...facts }, failure: { kind: 'cut', message } };
}

export const idle: Probe<IdleTarget> = {
  name: 'idle',
  depth: 'wire',
  deadlineMs: ({ askedMs, tokenMs }) => 2 * (askedMs + tokenMs + graceMs),
  targets,
  observe,
};
