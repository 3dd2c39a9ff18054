/** The table of paths × layers of proof, with the time that each proof took. */
import type { Colors } from 'picocolors/types.js';
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
import { printable } from '../evidence/text.js';
import { keyFact, slowest } from './key-fact.js';
import { duration, padTo, width, wrap } from './text.js';

interface Cell {
  readonly text: string;
  readonly colour: 'green' | 'red' | 'yellow' | undefined;
}

/** Lines without an end; none where no path was looked at. */
export function pathsTable(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const paths = allPaths.filter((path) => environment.paths[path]);
  const layers = allLayers.filter((layer) => paths.some((path) => environment.paths[path]?.[layer]));
  if (layers.length === 0) return [];
  const someRequired = paths.some((path) => environment.paths[path]?.required);
  const rows = paths.map((path) => ({ path, cells: layers.map((layer) => cell(environment, path, layer)) }));
  const widths = layers.map((layer, i) =>
    Math.max(width(layer), ...rows.map(({ cells }) => width(cells[i]?.text ?? ''))),
  );
  const first = Math.max(...['path', ...paths].map(width));
  const header = [padTo('path', first), ...layers.map((layer, i) => padTo(layer, widths[i] ?? 0))];
  const lines = [colours.dim(header.join('   ').trimEnd())];
  for (const { path, cells } of rows) {
    const painted = cells.map(({ text, colour }, i) => {
      const padding = ' '.repeat((widths[i] ?? 0) - width(text));
      return `${colour ? colours[colour](text) : text}${padding}`;
    });
    const { required, forbidden } = environment.paths[path] ?? {};
    const said = forbidden ? 'forbidden' : !someRequired || required ? '' : 'optional';
    lines.push([padTo(path, first), ...painted, ...(said ? [colours.dim(said)] : [])].join('   ').trimEnd());
  }
  return [...lines, ...reasons(environment, paths, layers, columns).map((line) => colours.dim(line))];
}

function cell(environment: EnvironmentRun, path: Path, layer: Layer): Cell {
  const { [layer]: state, forbidden, reach } = environment.paths[path] ?? {};
  switch (state) {
    case undefined:
      return { text: '', colour: undefined };
    case 'ok': {
      if (forbidden) return { text: '✗ works', colour: 'red' };
      const took = time(environment.observations, path, layer);
      return { text: took === undefined ? '✓' : `✓ ${duration(took)}`, colour: 'green' };
    }
    case 'failed':
      return forbidden ? { text: '✓ shut', colour: 'green' } : { text: '✗ failed', colour: 'red' };
    default:
      if (forbidden && reach === 'failed') return { text: '–', colour: undefined };
      return { text: `– ${state}`, colour: 'yellow' };
  }
}

/** In milliseconds: of the quickest proof, or how long it was looked for where the facts do not tell. */
function time(observations: readonly Observation[], path: Path, layer: Layer): number | undefined {
  const times = proofs(observations, path, layer)
    .filter(({ state }) => state === 'ok')
    .map((proof) => measured(proof, layer, path) ?? proof.endMs - proof.startMs);
  return times.length === 0 ? undefined : Math.min(...times);
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

/** Why something was not looked at: one line for each reason, with the layers and paths that it holds for. */
function reasons(environment: EnvironmentRun, paths: Path[], layers: Layer[], columns: number): string[] {
  const held = new Map<string, string[]>();
  const joined = environment.observations.some(({ id, state }) => id === 'signal' && state === 'ok');
  const nothing = joined ? 'the server does not offer it' : 'nothing to look at was found';
  for (const layer of layers) {
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
  return [...held].flatMap(([reason, where]) =>
    wrap(`– ${where.join('; ')} ${printable(reason, 400)}`, columns - 2).map((line, i) =>
      i === 0 ? line : `  ${line}`,
    ),
  );
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
