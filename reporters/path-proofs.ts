/** What is known of each path and layer, in words, with the time that each proof took. */
import { proofs } from '../diagnosis/paths.js';
import type { IceFacts, MediaFacts, PeerFacts, TurnFacts } from '../evidence/facts.js';
import {
  layers as allLayers,
  allPaths,
  type EnvironmentRun,
  type Layer,
  type Observation,
  type Path,
} from '../evidence/run.js';
import { keyFact, slowest } from './key-fact.js';
import { duration } from './text.js';

/** Whether something is as it should be. */
export type Tone = 'good' | 'bad' | 'unsure';

export interface Cell {
  /** With its mark, so that it needs no colour. Empty: not asked for. */
  readonly text: string;
  readonly tone?: Tone;
}

export function shownPaths({ paths }: EnvironmentRun): Path[] {
  return allPaths.filter((path) => paths[path]);
}

/** Of which there is anything to say. */
export function shownLayers({ paths }: EnvironmentRun): Layer[] {
  return allLayers.filter((layer) => Object.values(paths).some((path) => path[layer]));
}

export function cellOf(environment: EnvironmentRun, path: Path, layer: Layer): Cell {
  const { [layer]: state, forbidden, reach } = environment.paths[path] ?? {};
  switch (state) {
    case undefined:
      return { text: '' };
    case 'ok': {
      if (forbidden) return { text: '✗ works', tone: 'bad' };
      const took = timeOf(environment.observations, path, layer);
      return { text: took === undefined ? '✓' : `✓ ${duration(took)}`, tone: 'good' };
    }
    case 'failed':
      return forbidden ? { text: '✓ shut', tone: 'good' } : { text: '✗ failed', tone: 'bad' };
    default:
      if (forbidden && reach === 'failed') return { text: '–' };
      return { text: `– ${state}`, tone: 'unsure' };
  }
}

/** `optional` only beside paths that are required. */
export function claimOf({ paths }: EnvironmentRun, path: Path): 'forbidden' | 'optional' | undefined {
  const { required, forbidden } = paths[path] ?? {};
  if (forbidden) return 'forbidden';
  return Object.values(paths).some((one) => one.required) && !required ? 'optional' : undefined;
}

/** Required, and some layer of it that was asked for is not proven, or none was asked for. */
export function unproven(paths: EnvironmentRun['paths']): Path[] {
  return allPaths.filter((path) => {
    const states = allLayers.map((layer) => paths[path]?.[layer]).filter((state) => state !== undefined);
    return paths[path]?.required && !(states.length > 0 && states.every((state) => state === 'ok'));
  });
}

/** In milliseconds: of the quickest proof, or how long it was looked for where the facts do not tell. */
function timeOf(observations: readonly Observation[], path: Path, layer: Layer): number | undefined {
  const times = proofs(observations, path, layer)
    .filter(({ state }) => state === 'ok')
    .map((proof) => measured(proof, layer, path) ?? proof.endMs - proof.startMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** In milliseconds: the quickest answer to a check that reached it; undefined where none was measured. */
export function roundTripOf({ observations }: EnvironmentRun, path: Path): number | undefined {
  const times = proofs(observations, path, 'reach').map((proof) => measured(proof, 'reach', path));
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function measured(proof: Observation, layer: Layer, path: Path): number | undefined {
  const facts: unknown = proof.facts;
  if (layer === 'peer') return (facts as Partial<PeerFacts>).totalMs;
  if (layer === 'media') {
    const { caller, callee } = facts as Partial<MediaFacts>;
    return slowest(caller?.received?.firstFrameMs, callee?.received?.firstFrameMs);
  }
  if (path === 'udp' || path === 'tcp') return (facts as Partial<IceFacts>).rttMs;
  return (facts as Partial<TurnFacts>).relayedChecks?.find(({ rttMs }) => rttMs !== undefined)?.rttMs;
}

/** Why something was not looked at: one sentence for each reason, with the layers and paths that it holds for. */
export function reasonsOf(environment: EnvironmentRun): string[] {
  // Each vantage has its own.
  if (environment.vantages) return [];
  const paths = shownPaths(environment);
  const held = new Map<string, string[]>();
  const joined = environment.observations.some(({ id, state }) => id === 'signal' && state === 'ok');
  const nothing = joined ? 'the server does not offer it' : 'nothing to look at was found';
  for (const layer of shownLayers(environment)) {
    // What a forbidden path did not come to behind a way that is shut is no wonder.
    const asked = paths.filter((path) => {
      const { forbidden, reach, [layer]: state } = environment.paths[path] ?? {};
      return state !== undefined && !(forbidden && reach === 'failed');
    });
    const byReason = new Map<string, Path[]>();
    for (const path of asked) {
      const state = environment.paths[path]?.[layer];
      if (state !== 'unreached' && state !== 'unsupported') continue;
      const why = proofs(environment.observations, path, layer).find((proof) => proof.state === state);
      const reason = `${state}: ${why ? keyFact(root(why, environment.observations)) : nothing}`;
      byReason.set(reason, [...(byReason.get(reason) ?? []), path]);
    }
    for (const [reason, where] of byReason) {
      const whole = where.length === asked.length && where.length > 1;
      held.set(reason, [...(held.get(reason) ?? []), whole ? layer : `${layer} of ${where.join(', ')}`]);
    }
  }
  return [...held].map(([reason, where]) => `${where.join('; ')} ${reason}`);
}

/** What waited for something that waited itself is told by the last of them: that is the one that counts. */
function root(observation: Observation, observations: readonly Observation[]): Observation {
  const seen = new Set<Observation>();
  let last = observation;
  while (last.state === 'unreached' && !seen.has(last)) {
    seen.add(last);
    const { waitedFor } = last;
    const cause = observations.find(({ id, probe }) => id === waitedFor || probe === waitedFor);
    if (cause?.state !== 'unreached') break;
    last = cause;
  }
  return last;
}
