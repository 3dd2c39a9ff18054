/** `agent`: sends for the agent that the environment names, to a room in which somebody waits, and sees it come. */

import type { ParticipantInfo } from '@livekit/protocol';
import { randomIdentity, randomRoom } from '../environment/token.js';
import type { AgentFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { within } from '../wire/within.js';
import { type Dispatched, type DispatchService, dispatchService } from './agent-dispatch.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { endpointOf } from './signal-http.js';
import { openSession } from './signal-session.js';
import { mint } from './tokens.js';

interface AgentTarget extends Target {
  readonly address: string;
  readonly claim: NonNullable<Known['environment']['claims']['agent']>;
}

/** To join, and to be heard by the service. */
const dispatchMs = 6000;
/** The server tells others of those who publish nothing every 3 s only (`subscriberUpdateInterval` in `rtc/room.go`). */
const announceMs = 3500;
const askMs = 2000;
const cleanMs = 1500;

function targets({ environment, observations }: Known): (AgentTarget | Pending)[] {
  const { agent: claim } = environment.claims;
  if (!claim) return [];
  const signal = observations.get('signal');
  if (signal?.state !== 'ok') return [{ id: 'agent', waitingFor: 'signal' }];
  return [{ id: 'agent', address: String(signal.facts.address), claim }];
}

interface Seen {
  readonly joinedMs?: number;
  readonly publishedMs?: number;
}

/** What the one who waits is told of agents. */
function watch(now: () => number) {
  let startMs = now();
  let createdAtMs: number | undefined;
  let seen: Seen = {};
  let news = (): void => {};
  return {
    start(dispatched: Dispatched): void {
      startMs = now();
      createdAtMs = dispatched.createdAtMs;
    },
    tell(participants: readonly ParticipantInfo[]): void {
      for (const { kind, joinedAtMs, tracks } of participants) {
        // ParticipantInfo.Kind AGENT; TrackType AUDIO is 0.
        if (kind !== 4) continue;
        const afterMs = now() - startMs;
        // By the server's clock: we may be told later.
        const exactMs = createdAtMs === undefined ? afterMs : Number(joinedAtMs) - createdAtMs;
        const joinedMs = exactMs >= 0 && exactMs < afterMs ? exactMs : afterMs;
        const publishedMs = tracks.some(({ type }) => type === 0) ? afterMs : undefined;
        seen = { joinedMs, ...(publishedMs !== undefined && { publishedMs }), ...seen };
      }
      news();
    },
    /** Until it came, and published if it shall; or as long. */
    async until(isDone: (seen: Seen) => boolean, ms: number, signal: AbortSignal): Promise<Seen> {
      if (isDone(seen) || signal.aborted) return seen;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', end, { once: true });
        news = () => {
          if (isDone(seen)) end();
        };
      });
      return seen;
    },
  };
}

async function observe({ address, claim }: AgentTarget, tools: Tools): Promise<Outcome> {
  const { known, redactor, signal, now } = tools;
  const { environment } = known;
  const { name, joinWithinMs, publishes = false } = claim;
  const facts: AgentFacts = { name, joinWithinMs, publishes };
  if (!('apiSecret' in environment.auth)) {
    const message = 'an agent is dispatched with an API key and secret, and there are none';
    return { state: 'unsupported', facts: { ...facts }, failure: { kind: 'token', message } };
  }
  const room = randomRoom();
  const endpoint = endpointOf(environment, address);
  const service = await dispatchService(environment, endpoint, room, redactor);
  const token = await mint(tools, { room, identity: randomIdentity(), publish: false, subscribe: true });
  const agents = watch(now);
  let onJoin = (): void => {};
  const joined = new Promise<undefined>((resolve) => {
    onJoin = () => resolve(undefined);
  });
  const path = `${environment.url.pathname.replace(/\/+$/, '')}/rtc`;
  const session = await openSession(endpoint, path, token, {
    redactor,
    signal,
    now,
    events: {
      onUpgrade() {},
      onIceServers: () => onJoin(),
      onIceSession() {},
      onCandidates() {},
      onParticipants: (participants) => agents.tell(participants),
    },
  });
  let dispatched: Dispatched | undefined;
  const leave = cleanup(
    service,
    () => dispatched?.id,
    () => session.close(),
  );
  tools.onEnd(leave);
  try {
    const early = await Promise.race([joined, session.done]);
    if (early?.failure) return { state: 'failed', facts: { ...facts }, failure: early.failure };
    const startMs = now();
    const made = await within(dispatchMs, signal, (limit) => service.dispatch(name, limit));
    if ('refusal' in made) {
      const message = `the dispatch was answered with ${made.refusal.status}: ${made.refusal.body}`;
      return {
        state: 'failed',
        facts: { ...facts, refusal: made.refusal },
        failure: { kind: 'dispatch-refused', message },
      };
    }
    if ('error' in made) {
      return { state: 'failed', facts: { ...facts }, failure: { kind: 'no-dispatch', message: made.error } };
    }
    dispatched = made;
    agents.start(made);
    const isDone = ({ joinedMs, publishedMs }: Seen): boolean => (publishes ? publishedMs : joinedMs) !== undefined;
    const seen = await agents.until(isDone, joinWithinMs + announceMs, signal);
    const all: AgentFacts = { ...facts, ...seen };
    const steps = [{ name: 'join', startMs, endMs: startMs + (seen.joinedMs ?? now() - startMs) }];
    const failure = failureOf(all);
    if (!failure) return { state: 'ok', facts: { ...all }, steps };
    const jobs = signal.aborted ? undefined : await service.jobs(made.id, AbortSignal.timeout(askMs));
    return { state: 'failed', facts: { ...all, ...(jobs && { jobs }) }, steps, failure };
  } finally {
    await leave();
  }
}

function failureOf({ name, joinWithinMs, publishes, joinedMs, publishedMs }: AgentFacts): Failure | undefined {
  const within = `within ${joinWithinMs / 1000} s`;
  if (joinedMs === undefined) return { kind: 'no-agent', message: `no agent "${name}" joined ${within}` };
  if (joinedMs > joinWithinMs) {
    const message = `the agent "${name}" joined only after ${Math.round(joinedMs / 100) / 10} s`;
    return { kind: 'late-agent', message };
  }
  if (publishes && publishedMs === undefined) {
    return { kind: 'silent-agent', message: `the agent "${name}" joined and published no sound ${within}` };
  }
  return undefined;
}

/** The agent is sent away, the room is closed, and whoever waited leaves; once, however it ends. */
function cleanup(service: DispatchService, id: () => string | undefined, close: () => void): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= service.clean(id(), AbortSignal.timeout(cleanMs)).finally(close);
    return done;
  };
}

export const agent: Probe<AgentTarget> = {
  name: 'agent',
  depth: 'media',
  waits: true,
  deadlineMs: ({ claim }) => 2 * dispatchMs + claim.joinWithinMs + announceMs + askMs + cleanMs,
  targets,
  observe,
};
