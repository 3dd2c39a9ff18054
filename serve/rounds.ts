/** The rounds of checks: each environment at each of its depths, when it is due, so many at a time. */
import type { Depth, EnvironmentRun, Run } from '../evidence/run.js';
import { type Settled, settled, settledAtOnce, wantsConfirmation } from '../run/confirm.js';
import { type Gate, gate } from '../run/gate.js';
import type { Keeping, Served } from './protocol.js';
import { jitterMs, nextSlot, phaseOf, type Schedule, slotMs } from './slots.js';
import type { Checked, Workers } from './workers.js';

export interface Limits {
  /** How many checks on the wire at a time. */
  readonly wire: number;
  /** How many with participants at a time, each with a browser or a process of its own. */
  readonly deep: number;
}

/** The newest that is known of an environment at one depth. */
export interface State {
  readonly environment: Served;
  readonly depth: Depth;
  readonly periodMs: number;
  last?: Last;
  /** Oldest first. */
  readonly trend: Point[];
}

export interface Last {
  /** Without pictures; as it was found. */
  readonly run: Run;
  readonly settled: Settled;
  /** Since when the verdict is what it is, ISO 8601. */
  readonly since: string;
  /** The whole document, as JSON in gzip. */
  readonly document: Uint8Array;
}

export interface Point {
  readonly startedAt: string;
  readonly verdict: EnvironmentRun['verdict'];
  readonly flapped: boolean;
  readonly durationMs: number;
}

export interface RoundEvents {
  /** Every run, also one that only confirms. */
  onRun(state: State, run: EnvironmentRun): void;
  onSettled(state: State, before: Settled | undefined): void;
  /** `running`: the one before goes on; `waiting`: it has not begun; `late`: this machine slept or was too busy. */
  onMissed(state: State, slots: number, why: 'running' | 'waiting' | 'late'): void;
  /** The run gave nothing. */
  onLost(state: State, why: string): void;
  onNotKept(why: string): void;
}

export interface Rounds {
  readonly states: readonly State[];
  /** Another configuration. What stays as it was keeps its place and what is known of it. */
  replace(environments: readonly Served[]): void;
  /** On demand, in the queue with the others. Undefined: too many wait already. */
  checkNow(environment: Served, depth: Depth, signal: AbortSignal): Promise<Checked> | undefined;
  queue(): Record<'wire' | 'deep', { running: number; waiting: number }>;
  stop(): void;
}

export interface RoundOptions {
  readonly workers: Workers;
  readonly limits: Limits;
  readonly keeping?: Keeping;
  readonly events: RoundEvents;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** An hour of checks on the wire each half minute, a day of calls each quarter of an hour. */
const mostPoints = 120;
/** On demand; more are refused. */
const mostWaiting = 50;
/** Longer than any run takes that its probes' deadlines bound. */
const longestMs = { wire: 90_000, peer: 180_000, media: 300_000 };

const kindOf = (depth: Depth): 'wire' | 'deep' => (depth === 'wire' ? 'wire' : 'deep');

export function startRounds({ workers, limits, keeping, events, random = Math.random }: RoundOptions): Rounds {
  const startedMs = performance.now();
  const now = (): number => performance.now() - startedMs;
  const gates: Record<'wire' | 'deep', Gate> = { wire: gate(limits.wire), deep: gate(limits.deep) };
  const busy = { wire: { running: 0, waiting: 0 }, deep: { running: 0, waiting: 0 } };
  let tasks: { state: State; stop(): void }[] = [];

  /** Waits for its turn; rejects with the signal's reason. */
  const inTurn = async <T>(depth: Depth, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const kind = kindOf(depth);
    busy[kind].waiting += 1;
    let leave = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const give = (): void => reject(signal.reason);
        signal.addEventListener('abort', give, { once: true });
        if (signal.aborted) give();
        else
          leave = gates[kind].enter(() => {
            signal.removeEventListener('abort', give);
            resolve();
          });
      });
    } catch (error) {
      leave();
      throw error;
    } finally {
      busy[kind].waiting -= 1;
    }
    busy[kind].running += 1;
    try {
      return await work();
    } finally {
      busy[kind].running -= 1;
      leave();
    }
  };

  const checkOnce = async (environment: Served, depth: Depth, signal: AbortSignal): Promise<Checked> => {
    // It may have been given up in the moment in which its turn came.
    signal.throwIfAborted();
    const bounded = new AbortController();
    const stop = (): void => bounded.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => bounded.abort(new Error('it did not end in time')), longestMs[depth]);
    try {
      const request = { environment, depth, signal: bounded.signal };
      return await workers.check(keeping ? { ...request, keeping } : request);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  };

  /** Once, and where it says something new and bad once more, in the same turn. */
  const look = async (state: State, signal: AbortSignal): Promise<void> => {
    const before = state.last?.settled;
    const take = async (): Promise<{ checked: Checked; run: EnvironmentRun }> => {
      const checked = await checkOnce(state.environment, state.depth, signal);
      if (checked.notKept !== undefined) events.onNotKept(checked.notKept);
      const run = checked.run.environments[0];
      if (!run) throw new Error('the run is empty');
      events.onRun(state, run);
      return { checked, run };
    };
    const first = await take();
    const again = wantsConfirmation(first.run, before) ? await take() : undefined;
    const { checked, run } = again ?? first;
    const result = again ? settled(first.run, again.run, before) : settledAtOnce(first.run);
    const { startedAt } = checked.run;
    const since = state.last?.settled.verdict === result.verdict ? state.last.since : first.checked.run.startedAt;
    // Of one that flaps, what went wrong is the interesting one.
    const { document } = result.flapped ? first.checked : checked;
    state.last = { run: checked.run, settled: result, since, document };
    const { verdict, flapped } = result;
    state.trend.push({ startedAt, verdict, flapped, durationMs: run.durationMs });
    if (state.trend.length > mostPoints) state.trend.shift();
    events.onSettled(state, before);
  };

  const begin = (state: State, phase: number): { state: State; stop(): void } => {
    const schedule: Schedule = { periodMs: state.periodMs, phase };
    const beganMs = now();
    const over = new AbortController();
    let going: 'running' | 'waiting' | undefined;
    let timer: NodeJS.Timeout;
    const due = (number: number): void => {
      if (going) events.onMissed(state, 1, going);
      else void go();
      const next = nextSlot(schedule, number, now() - beganMs);
      if (next.skipped > 0) events.onMissed(state, next.skipped, 'late');
      arm(next.number);
    };
    const arm = (number: number): void => {
      const atMs = slotMs(schedule, number) + (number === 0 ? 0 : jitterMs(schedule, random()));
      timer = setTimeout(() => due(number), Math.max(0, atMs - (now() - beganMs)));
    };
    const go = async (): Promise<void> => {
      going = 'waiting';
      try {
        await inTurn(state.depth, over.signal, () => {
          going = 'running';
          return look(state, over.signal);
        });
      } catch (error) {
        if (!over.signal.aborted) events.onLost(state, (error as Error).message);
      } finally {
        going = undefined;
      }
    };
    arm(0);
    return {
      state,
      stop() {
        clearTimeout(timer);
        over.abort(new Error('it is not wanted any more'));
      },
    };
  };

  return {
    get states() {
      return tasks.map(({ state }) => state);
    },
    replace(environments) {
      const before = tasks;
      tasks = environments.flatMap((environment, i) =>
        Object.entries(environment.periods).map(([depth, periodMs], j) => {
          const same = before.find(({ state }) => {
            const { environment: was } = state;
            return state.depth === depth && state.periodMs === periodMs && was.packed === environment.packed;
          });
          if (same) return same;
          const state: State = { environment, depth: depth as Depth, periodMs, trend: [] };
          // The depths of one environment do not start together.
          return begin(state, (phaseOf(i) + j / 3) % 1);
        }),
      );
      for (const task of before) if (!tasks.includes(task)) task.stop();
    },
    checkNow(environment, depth, signal) {
      if (busy[kindOf(depth)].waiting >= mostWaiting) return undefined;
      return inTurn(depth, signal, () => checkOnce(environment, depth, signal));
    },
    queue: () => busy,
    stop() {
      for (const task of tasks) task.stop();
      tasks = [];
    },
  };
}
