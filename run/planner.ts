/**
 * Makes the observations of one environment. There is no list of steps: each probe says what it could look at with
 * what is known so far, and is asked again whenever more is known. So everything runs as early as it can, and what
 * never became possible ends as `unreached`, naming what it waited for.
 */
import { setMaxListeners } from 'node:events';
import type { Environment } from '../environment/environment.js';
import type { Redactor } from '../evidence/redaction.js';
import type { Depth, Observation, Path, Requests } from '../evidence/run.js';
import { depths, requested } from '../evidence/run.js';
import type { Known, Outcome, Probe, Target } from '../probes/probe.js';
import type { Shared } from '../probes/shared.js';
import type { Gate } from './gate.js';
import { blamed, outcomeOfError } from './machine.js';

export interface PlanEvents {
  onTarget?(probe: string, id: string): void;
  onObservation?(observation: Observation): void;
}

export interface Plan extends Requests {
  readonly environment: Environment;
  readonly probes: readonly Probe[];
  readonly depth: Depth;
  readonly paths: readonly Path[];
  /** Names of probes; what they wait for takes part too. Absent: every probe. */
  readonly only?: readonly string[];
  readonly redactor: Redactor;
  /** Milliseconds since the start of the run. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly events?: PlanEvents;
  /**
   * What goes deeper than the wire keeps the machine busy, so that environments take turns at it. Whoever has nothing
   * like that to do meanwhile gives way, and comes again.
   */
  readonly gate?: Gate;
}

/** A probe that ignores its deadline is left behind after this part of it. */
const grace = 0.1;
const cleanupMs = 2000;
/** A hostile server must not be able to start thousands of probes. */
const mostTargets = 256;

const probeOf = (id: string): string => id.split(':', 1)[0] as string;

export async function observeEnvironment(plan: Plan): Promise<Observation[]> {
  const { environment, redactor, events, now } = plan;
  const observations = new Map<string, Observation>();
  const started = new Set<string>();
  /** Id to what it waits for. Rebuilt at each round. */
  let pending = new Map<string, { probe: string; waitingFor: string }>();
  const shared: Partial<Shared> = {};
  const cleanups: (() => void | Promise<void>)[] = [];
  const asked = { depth: plan.depth, paths: plan.paths, ...requested(plan) };
  const known: Known = { environment, asked, observations, shared };
  const suitable = plan.probes.filter(
    ({ depth, paths }) =>
      depths.indexOf(depth) <= depths.indexOf(plan.depth) &&
      (!paths || paths.some((path) => plan.paths.includes(path))),
  );
  const enabled = new Set(plan.only ?? suitable.map(({ name }) => name));
  let running = 0;
  /** Nothing more is started: a server may go on to trickle while everything is being closed. */
  let over = false;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = () => {
      over = true;
      resolve();
    };
  });

  const record = (observation: Observation): void => {
    const { id, probe, state, failure } = observation;
    // Our own words stay, whatever a server calls secret; and the id is what the probes know it by.
    const itsId = id.startsWith(probe) ? `${probe}${redactor.text(id.slice(probe.length))}` : redactor.text(id);
    const clean = { ...redactor.json(observation), id: itsId, probe, state };
    if (clean.failure && failure) clean.failure.kind = failure.kind;
    observations.set(id, clean);
    events?.onObservation?.(clean);
  };

  const advance = (): void => {
    if (over) return;
    if (plan.signal.aborted) {
      if (running === 0) finish();
      return;
    }
    for (let more = true; more; ) {
      more = false;
      pending = new Map();
      for (const probe of suitable) {
        if (!enabled.has(probe.name)) continue;
        for (const wait of start(probe)) {
          // `--only ice-udp` needs the session, so what a probe waits for takes part.
          const needed = probeOf(wait);
          if (!enabled.has(needed)) {
            enabled.add(needed);
            more = true;
          }
        }
      }
    }
    if (running === 0) finish();
  };

  /** Starts what can be started, and returns what the rest waits for. */
  const start = (probe: Probe): string[] => {
    const reason = unsupportedReason(environment, probe);
    if (reason) {
      conclude(probe, { state: 'unsupported', failure: { kind: 'vantage', message: reason } });
      return [];
    }
    const found = targetsOf(probe);
    if (!Array.isArray(found)) {
      const { waitingFor } = found as { waitingFor: string };
      pending.set(probe.name, { probe: probe.name, waitingFor });
      return [waitingFor];
    }
    const waits: string[] = [];
    for (const target of found) {
      if (started.has(target.id)) continue;
      if ('waitingFor' in target) {
        pending.set(target.id, { probe: probe.name, waitingFor: target.waitingFor });
        waits.push(target.waitingFor);
      } else if (started.size < mostTargets) {
        started.add(target.id);
        void look(probe, target);
      }
    }
    return waits;
  };

  /** Without looking. */
  const conclude = ({ name }: Probe, outcome: Pick<Observation, 'state' | 'failure'>): void => {
    const at = now();
    if (!observations.has(name)) record({ id: name, probe: name, startMs: at, endMs: at, facts: {}, ...outcome });
  };

  const targetsOf = (probe: Probe): ReturnType<Probe['targets']> => {
    try {
      return probe.targets(known);
    } catch (error) {
      const { state, failure } = outcomeOfError(error);
      conclude(probe, { state, failure });
      return [];
    }
  };

  /** What goes deeper than the wire and is being looked at; as long as there is any, it is our turn. */
  let deep = 0;
  let leave = (): void => {};
  let turn: Promise<void> | undefined;
  const ourTurn = (): Promise<void> => {
    turn ??= new Promise((resolve) => {
      leave = plan.gate?.enter(resolve) ?? leave;
      plan.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return turn;
  };

  const look = async (probe: Probe, target: Target): Promise<void> => {
    const gated = plan.gate !== undefined && probe.depth !== 'wire' && !probe.waits;
    running += 1;
    if (gated) {
      deep += 1;
      await ourTurn();
    }
    if (!plan.signal.aborted) await observe(probe, target);
    running -= 1;
    advance();
    // Whoever only waits, for silence to be certain, keeps nobody else waiting.
    if (gated) {
      deep -= 1;
      if (deep === 0 && !over) {
        leave();
        turn = undefined;
      }
    }
  };

  const observe = async (probe: Probe, target: Target): Promise<void> => {
    events?.onTarget?.(probe.name, target.id);
    const startMs = now();
    const outcome = blamed(await withDeadline(probe, target, startMs));
    const { state, facts, steps } = outcome;
    record({
      id: target.id,
      probe: probe.name,
      state,
      startMs,
      endMs: now(),
      facts: facts as Observation['facts'],
      ...(steps && { steps: [...steps] }),
      ...('failure' in outcome && outcome.failure && { failure: outcome.failure }),
      ...('waitedFor' in outcome && { waitedFor: outcome.waitedFor }),
    });
  };

  const withDeadline = async (probe: Probe, target: Target, startMs: number): Promise<Outcome> => {
    const deadline = new AbortController();
    const abort = (): void => deadline.abort();
    plan.signal.addEventListener('abort', abort, { once: true });
    const deadlineMs = typeof probe.deadlineMs === 'number' ? probe.deadlineMs : probe.deadlineMs(target);
    const timer = setTimeout(abort, deadlineMs);
    let late: NodeJS.Timeout | undefined;
    const overdue = new Promise<Outcome>((resolve) => {
      deadline.signal.addEventListener('abort', () => {
        const message = `${target.id} did not end ${Math.round(now() - startMs)} ms after its start`;
        const give = (): void => resolve({ state: 'failed', facts: {}, failure: { kind: 'deadline', message } });
        late = setTimeout(give, Math.max(100, deadlineMs * grace));
      });
    });
    const tools = {
      known,
      signal: deadline.signal,
      now,
      redactor,
      share: <K extends keyof Shared>(key: K, value: Shared[K]): void => {
        shared[key] = value;
        advance();
      },
      changed: advance,
      onEnd: (cleanup: () => void | Promise<void>): void => {
        // One that was left behind comes too late for the end, and still has to be closed.
        if (over) void bounded(cleanup);
        else cleanups.push(cleanup);
      },
    };
    try {
      return await Promise.race([probe.observe(target, tools), overdue]);
    } catch (error) {
      return outcomeOfError(error);
    } finally {
      clearTimeout(timer);
      clearTimeout(late);
      plan.signal.removeEventListener('abort', abort);
    }
  };

  /** What never became possible: `unsupported` is inherited, for the same reason; all else is `unreached`. */
  const settlePending = (): void => {
    const at = now();
    for (let more = true; more; ) {
      more = false;
      for (const [id, { probe, waitingFor }] of pending) {
        if (observations.has(id)) continue;
        const cause =
          observations.get(waitingFor) ?? [...observations.values()].find((one) => one.probe === waitingFor);
        const waitsOnPending =
          !cause && [...pending].some(([other, { probe: name }]) => other === waitingFor || name === waitingFor);
        if (waitsOnPending && pending.get(waitingFor)?.waitingFor !== id && waitingFor !== id) continue;
        const base = { id, probe, startMs: at, endMs: at, facts: {} };
        const inherits = cause?.state === 'unsupported' && cause.failure;
        record(
          inherits
            ? { ...base, state: 'unsupported', failure: inherits }
            : { ...base, state: 'unreached', waitedFor: waitingFor },
        );
        more = true;
      }
    }
    // Whatever waits in a circle.
    for (const [id, { probe, waitingFor }] of pending) {
      if (!observations.has(id)) {
        record({ id, probe, state: 'unreached', startMs: at, endMs: at, facts: {}, waitedFor: waitingFor });
      }
    }
  };

  const onAbort = (): void => {
    if (running === 0) finish();
  };
  setMaxListeners(0, plan.signal); // every probe listens
  plan.signal.addEventListener('abort', onAbort, { once: true });
  advance();
  await finished;
  plan.signal.removeEventListener('abort', onAbort);
  settlePending();
  for (const cleanup of cleanups.reverse()) await bounded(cleanup);
  leave();
  return [...observations.values()].sort((a, b) => a.startMs - b.startMs);
}

/** Why this environment cannot offer what the probe proves, if that is known beforehand. */
function unsupportedReason(environment: Environment, probe: Probe): string | undefined {
  const [path, ...others] = probe.paths ?? [];
  return path && others.length === 0 ? environment.unsupportedPaths?.[path] : undefined;
}

/** A cleanup that fails or hangs must not keep the others from running. */
async function bounded(cleanup: () => void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, cleanupMs);
  });
  try {
    await Promise.race([cleanup(), over]);
  } catch {
    // Nothing more can be done for what did not want to be closed.
  } finally {
    clearTimeout(timer);
  }
}
