/** How far each path was proven, and whether it has to be. */
import type { Change, EnvironmentRun, Path, PathResult, State } from '../../evidence/run.js';
import { allPaths, layers } from '../../evidence/run.js';
import { list } from '../words.js';
import type { Difference } from './change.js';

export function paths(before: EnvironmentRun, after: EnvironmentRun): Difference[] {
  const both = allPaths.flatMap((path) => {
    const [was, is] = [before.paths[path], after.paths[path]];
    return was && is ? [{ path, was, is }] : [];
  });
  return [...both.flatMap(required), ...proven(both)];
}

interface Both {
  readonly path: Path;
  readonly was: PathResult;
  readonly is: PathResult;
}

const standing = ({ required, forbidden }: PathResult): string =>
  forbidden ? 'forbidden' : required ? 'required' : 'optional';

function required({ path, was, is }: Both): Difference[] {
  const [before, after] = [standing(was), standing(is)];
  if (before === after) return [];
  return [{ about: 'deployment', kind: 'path-required', what: path, before, after }];
}

/** What went the same way is one change. A layer that one of the runs was not asked for is none. */
function proven(both: readonly Both[]): Difference[] {
  const ways = new Map<string, Way & { paths: Path[] }>();
  for (const { path, was, is } of both) {
    for (const way of waysOf(was, is)) {
      const key = JSON.stringify(way);
      ways.set(key, { ...way, paths: [...(ways.get(key)?.paths ?? []), path] });
    }
  }
  return [...ways.values()].map(({ before, after, effect, layers, paths }) => ({
    about: 'finding',
    kind: 'path',
    what: `${layers} of ${list(paths)}`,
    before,
    after,
    effect,
  }));
}

interface Way {
  readonly before: State;
  readonly after: State;
  readonly effect: Change['effect'];
  readonly layers: string;
}

/** Of one path: layers that went the same way. */
function waysOf(was: PathResult, is: PathResult): Way[] {
  const ways = new Map<string, Omit<Way, 'layers'> & { layers: string[] }>();
  for (const layer of layers) {
    const [before, after] = [was[layer], is[layer]];
    if (!before || !after || before === after) continue;
    const same = ways.get(`${before} ${after}`)?.layers ?? [];
    const effect = effectOf(before, after, is.forbidden);
    ways.set(`${before} ${after}`, { before, after, effect, layers: [...same, layer] });
  }
  return [...ways.values()].map((way) => ({ ...way, layers: list(way.layers) }));
}

/** What is forbidden should not work. */
function effectOf(before: State, after: State, forbidden = false): Change['effect'] {
  if (after === 'ok') return forbidden ? 'worse' : 'better';
  if (before === 'ok') return forbidden ? 'better' : 'worse';
  return after === 'failed' && !forbidden ? 'worse' : 'neutral';
}
