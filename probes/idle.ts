/**
 * `idle`: holds a signalling connection open as long as was asked, doing only what an idle client does, to find what
 * cuts it on the way. A connection that was cut is tried once more: the same age twice is somebody's timeout.
 */
import { randomIdentity, randomRoom } from '../environment/token.js';
import type { IdleFacts } from '../evidence/facts.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { type Endpoint, endpointOf } from './signal-http.js';
import { openSession } from './signal-session.js';
import { mint, tokenMs, withoutTokens } from './tokens.js';

interface Held extends Target {
  readonly address: string;
  readonly askedMs: number;
  /** How long a token may take. */
  readonly tokenMs: number;
}

const graceMs = 3000;

function targets({ asked, environment, observations }: Known): (Held | Pending)[] {
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

async function hold(endpoint: Endpoint, path: string, askedMs: number, tools: Tools): Promise<Cut | undefined> {
  const { redactor, signal } = tools;
  const request = { room: randomRoom(), identity: randomIdentity(), publish: false, subscribe: false };
  const token = await mint(tools, request);
  const nothing = { onUpgrade() {}, onIceServers() {}, onIceSession() {}, onCandidates() {} };
  const session = await openSession(endpoint, path, token, { redactor, signal, events: nothing });
  const openedMs = tools.now();
  tools.onEnd(() => session.close());
  const cut = await session.cutWithin(askedMs, signal);
  session.close();
  return cut && { ageMs: tools.now() - openedMs, ...cut };
}

async function observe({ address, askedMs }: Held, tools: Tools): Promise<Outcome> {
  const { environment } = tools.known;
  const endpoint = endpointOf(environment, address);
  const path = `${environment.url.pathname.replace(/\/+$/, '')}/rtc`;
  const cuts: Cut[] = [];
  try {
    for (let tries = 0; tries < 2 && cuts.length === tries && !tools.signal.aborted; tries += 1) {
      const cut = await hold(endpoint, path, askedMs, tools);
      if (cut) cuts.push(cut);
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

export const idle: Probe<Held> = {
  name: 'idle',
  depth: 'wire',
  deadlineMs: ({ askedMs, tokenMs }) => 2 * (askedMs + tokenMs + graceMs),
  targets,
  observe,
};
