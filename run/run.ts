/** One run: every environment at once, each observed, then judged. */
import { availableParallelism } from 'node:os';
import { discardPrepared, prepareBrowser } from '../browser/driver.js';
import { diagnose } from '../diagnosis/index.js';
import { type Environment, secretsOf } from '../environment/environment.js';
import { redactor as newRedactor, type Redactor } from '../evidence/redaction.js';
import type { Asked, Depth, EnvironmentRun, Observation, Path, Requests, Run } from '../evidence/run.js';
import { allPaths, requested, schemaVersion } from '../evidence/run.js';
import { probes } from '../probes/index.js';
import { type Admission, admission } from './admission.js';
import { type Gate, gate } from './gate.js';
import { measureLoad } from './load.js';
import { requireOpenFiles, watchClock } from './machine.js';
import { observeEnvironment } from './planner.js';
import { confirmed } from './repeated.js';
import { describeVantage } from './vantage.js';

/** A subset of a reporter's hooks. */
export interface RunEvents {
  onTarget?(environment: string, probe: string, id: string): void;
  onObservation?(environment: string, observation: Observation): void;
  onEnvironment?(environment: EnvironmentRun): void;
  /** It is checked again, since it was found so. */
  onRepeat?(environment: EnvironmentRun): void;
}

export interface RunOptions extends Requests {
  readonly environments: readonly Environment[];
  readonly depth: Depth;
  /** Absent: every path. */
  readonly paths?: readonly Path[];
  /** Names of probes. Absent: every probe. */
  readonly only?: readonly string[];
  /** What the place is called that the run is made from. Absent: as this machine is. */
  readonly vantage?: string | undefined;
  /** Of livekit-doctor. */
  readonly version: string;
  readonly signal: AbortSignal;
  /** Whether what was found has to be confirmed by a second look at once. Absent: nothing has. */
  readonly repeats?: (environment: EnvironmentRun) => boolean;
  readonly events?: RunEvents;
}

/**
 * Loads what a run needs but only late (0.1 s of protocol classes, 0.4 s of what drives a browser), so that it is there
 * when the first connection is. To be called before there is anything to check, while a server starts. The function that
 * comes back ends what was not used.
 */
export function warmUp({ depth, only }: Pick<RunOptions, 'depth' | 'only'>): () => Promise<void> {
  if (depth === 'media' && (!only || only.some((name) => name === 'browser' || name === 'media'))) prepareBrowser();
  loadProtocol();
  return discardPrepared;
}

function loadProtocol(): void {
  void import('@livekit/protocol');
}

/**
 * Never rejects for what a deployment does. Rejects with a `MachineError` where this machine cannot check, and with the
 * signal's reason when it was aborted, after everything that was opened has been closed.
 */
export async function runChecks(options: RunOptions): Promise<Run> {
  requireOpenFiles();
  loadProtocol();
  const startedAt = new Date().toISOString();
  const origin = performance.now();
  const now = (): number => Math.round((performance.now() - origin) * 100) / 100;
  // Two cores for each that has a browser running.
  const turns = gate(Math.max(1, Math.floor(availableParallelism() / 2)));
  const admitted = admission();
  const environments = await Promise.all(
    options.environments.map((one) =>
      inTurn(admitted, options.signal, () => checkEnvironment(one, options, { startedAt, now, turns })),
    ),
  );
  options.signal.throwIfAborted();
  return {
    schemaVersion,
    tool: { name: 'livekit-doctor', version: options.version },
    startedAt,
    durationMs: now(),
    vantage: describeVantage(
      environments.flatMap(({ observations }) => observations),
      options.vantage,
    ),
    environments,
  };
}

async function inTurn<T>({ enter, leave }: Admission, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  await enter(signal);
  return work().finally(leave);
}

function redactorFor({ name, url, claims, auth }: Environment): Redactor {
  const redactor = newRedactor([name, url.href, claims.turn?.host ?? '']);
  for (const secret of secretsOf(auth)) redactor.add(secret);
  return redactor;
}

/** What all environments of a run share. */
interface Shared {
  /** Of the whole run, ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds since then. */
  readonly now: () => number;
  readonly turns: Gate;
}

/** Once, and once more where that is to be confirmed. */
async function checkEnvironment(environment: Environment, options: RunOptions, shared: Shared) {
  const { repeats, signal, events } = options;
  const moment = (): string => new Date(Date.parse(shared.startedAt) + shared.now()).toISOString();
  const times = { first: moment(), second: '' };
  let found = await checkOnce(environment, options, shared);
  if (repeats?.(found) && !signal.aborted) {
    events?.onRepeat?.(found);
    times.second = moment();
    found = confirmed(found, await checkOnce(environment, options, shared), times);
  }
  events?.onEnvironment?.(found);
  return found;
}

async function checkOnce(
  environment: Environment,
  { depth, paths, only, signal, events, ...options }: RunOptions,
  { now, turns }: Shared,
): Promise<EnvironmentRun> {
  const { name, claims } = environment;
  const asking = requested(options);
  const startMs = now();
  const load = measureLoad();
  const clock = watchClock();
  const observed = await observeEnvironment({
    environment,
    probes,
    depth,
    paths: paths ?? allPaths,
    ...(only && { only }),
    ...asking,
    redactor: redactorFor(environment),
    now,
    signal,
    gate: turns,
    events: {
      onTarget: (probe, id) => events?.onTarget?.(name, probe, id),
      onObservation: (observation) => events?.onObservation?.(name, observation),
    },
  });
  const facts = { ...load(), ...clock() };
  const busy: Observation = { id: 'load', probe: 'load', state: 'ok', startMs, endMs: now(), facts };
  const observations = [...observed, busy];
  const asked: Asked = {
    depth,
    ...(paths && { paths: [...paths] }),
    ...(only && { only: [...only] }),
    ...asking,
  };
  const url = environment.url.href;
  const judged = diagnose({ claims, asked, url, observations });
  return { name, url, durationMs: now() - startMs, claims, asked, observations, ...judged };
}
