/** What a probe is. To add one: one file beside this and one line in `index.ts`; `CONTRIBUTING.md` walks through it. */
import type { Environment } from '../environment/environment.js';
import type { Redactor } from '../evidence/redaction.js';
import type { Depth, Failure, Observation, Path, Requests, Step } from '../evidence/run.js';
import type { Shared } from './shared.js';

/** What is known so far of one environment. Grows while the run goes on. */
export interface Known {
  readonly environment: Environment;
  readonly asked: Requests & { readonly depth: Depth; readonly paths: readonly Path[] };
  readonly observations: ReadonlyMap<string, Observation>;
  /** Live things that one probe made and others use (a signalling session, a browser). Never part of the run. */
  readonly shared: Partial<Shared>;
}

/** One thing to observe. */
export interface Target {
  /** The observation's id, `probe` or `probe:target`. */
  readonly id: string;
}

/** Known by its id, but this must come first. If it never becomes ready it ends as `unreached`, naming what it waited for. */
export interface Pending {
  readonly id: string;
  /** An observation's id, or a probe's name. If that ends as `unsupported`, so does this one, for the same reason. */
  readonly waitingFor: string;
}

/** Not even the ids are known yet: this observation (an id or a probe's name) must come first. */
export interface Waiting {
  readonly waitingFor: string;
}

export type Outcome = {
  readonly facts: Record<string, unknown>;
  readonly steps?: readonly Step[];
} & (
  | { readonly state: 'ok' }
  | { readonly state: 'failed' | 'unsupported'; readonly failure: Failure }
  | { readonly state: 'unreached'; readonly failure?: Failure; readonly waitedFor: string }
);

export interface Tools {
  readonly known: Known;
  /** Aborted at the deadline, and when the run is cancelled. A probe then answers with what it has, at once. */
  readonly signal: AbortSignal;
  /** Milliseconds since the start of the run, monotonic. */
  now(): number;
  /** Hands a live thing to the probes that wait for it. They are asked for targets again. */
  share<K extends keyof Shared>(key: K, value: Shared[K]): void;
  /** More became known inside something shared (a trickled candidate): ask the other probes for targets again. */
  changed(): void;
  /** Called once when the environment's run ends, however it ends, last registered first. */
  onEnd(cleanup: () => void | Promise<void>): void;
  /** Secrets that the probe came to know, so that no output can show them. */
  readonly redactor: Redactor;
}

/** Written as a method's type, because an index holds probes of every kind of target. */
type DeadlineOf<T> = { of(target: T): number }['of'];

export interface Probe<T extends Target = Target> {
  readonly name: string;
  /** It takes part from this depth on. */
  readonly depth: Depth;
  /** Deeper than the wire, but it only waits: environments need not take turns at it. */
  readonly waits?: true;
  /** The paths that it proves; absent: it always takes part. */
  readonly paths?: readonly Path[];
  /** From being started to having answered; at the deadline `signal` aborts. */
  readonly deadlineMs: number | DeadlineOf<T>;
  /**
   * What can be observed with what is known now. Pure and quick: it is called again whenever more is known, and
   * targets that were started before are ignored by their id. An empty list means that there is nothing (more) to do.
   */
  targets(known: Known): readonly (T | Pending)[] | Waiting;
  /** Looks, and never judges. An exception becomes a `failed` observation of kind `internal`. */
  observe(target: T, tools: Tools): Promise<Outcome>;
}
