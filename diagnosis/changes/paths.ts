/** How far each path was proven, and whether it has to be. */
import type { EnvironmentRun, Path, PathResult } from '../../evidence/run.js';
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

function required({ path, was, is }: Both): Difference[] {
  if (was.required === is.required) return [];
  const [before, after] = [was, is].map((one) => (one.required ? 'required' : 'optional'));
  return [{ about: 'deployment', kind: 'path-required', what: path, before, after }];
}

/** What went the same way is one change. A layer that one of the runs was not asked for is none. */
function proven(both: readonly Both[]): Difference[] {
  const ways = new Map<string, { before: string; after: string; layers: string; paths: Path[] }>();
  for (const { path, was, is } of both) {
    for (const way of waysOf(was, is)) {
      const key = JSON.stringify(way);
      ways.set(key, { ...way, paths: [...(ways.get(key)?.paths ?? []), path] });
    }
  }
  return [...ways.values()].map(({ before, after, layers, paths }) => ({
    about: 'finding',
    kind: 'path',
    what: `${layers} of ${list(paths)}`,
    before,
    after,
    effect: after === 'ok' ? 'better' : before === 'ok' || after === 'failed' ? 'worse' : 'neutral',
  }));
}

/** Of one path: layers that went the same way. */
function waysOf(was: PathResult, is: PathResult): { before: string; after: string; layers: string }[] {
  const ways = new Map<string, { before: string; after: string; layers: string[] }>();
  for (const layer of layers) {
    const [before, after] = [was[layer], is[layer]];
    if (!before || !after || before === after) continue;
    const same = ways.get(`${before} ${after}`)?.layers ?? [];
    ways.set(`${before} ${after}`, { before, after, layers: [...same, layer] });
  }
  return [...ways.values()].map((way) => ({ ...way, layers: list(way.layers) }));
}
