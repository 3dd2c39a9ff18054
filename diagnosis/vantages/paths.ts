/** What is proven of each path by all vantages together. */
import type { Path, PathResult, Quorum, State } from '../../evidence/run.js';
import { allPaths, layers } from '../../evidence/run.js';
import type { Judged } from './judged.js';
import { decide } from './quorum.js';
import { type Proof, stateOf, subjectOf, type View } from './view.js';

type Results = Partial<Record<Path, PathResult>>;

export function mergePaths(views: readonly View[], judged: readonly Judged[], quorum: Quorum): Results {
  const found: Results = {};
  for (const path of allPaths) {
    const results = views.flatMap(({ environment: { paths } }) => paths[path] ?? []);
    if (results.length === 0) continue;
    const forbidden = results.every((one) => one.forbidden);
    const states = layers.flatMap((layer) => {
      const own = results.flatMap((one) => one[layer] ?? []);
      if (own.length === 0) return [];
      const state = forbidden ? worstForbidden(own) : stateOfAll({ path, layer }, views, judged, quorum);
      return [[layer, state] as const];
    });
    found[path] = {
      required: results.some(({ required }) => required),
      ...(forbidden && { forbidden: true as const }),
      ...Object.fromEntries(states),
    };
  }
  return found;
}

/** It must not work from anywhere. */
const worstForbidden = (states: readonly State[]): State =>
  (['ok', 'failed', 'unsupported', 'unreached'] as const).find((one) => states.includes(one)) ?? 'unreached';

/** A failure counts as what was found of it: the deployment's fault, the vantage's, which is no word on the path, or neither. */
function stateOfAll(proof: Proof, views: readonly View[], judged: readonly Judged[], quorum: Quorum): State {
  const failing = views.filter((view) => stateOf(view, proof) === 'failed');
  // Where somebody outside has tried in vain, those inside prove nothing of that way.
  const able = failing.some(({ inside }) => !inside) ? views.filter(({ inside }) => !inside) : views;
  const works = able.filter((view) => stateOf(view, proof) === 'ok').length;
  const blamed = failing.map((view) => blameOf(view, proof.path, judged));
  if (blamed.includes('deployment')) return 'failed';
  const unexplained = blamed.filter((one) => one === undefined).length;
  const open = blamed.filter((one) => one === 'undecided').length;
  if (unexplained > 0) {
    const blames = decide(unexplained, works, quorum);
    if (blames !== 'vantage') return blames === 'deployment' ? 'failed' : 'unreached';
  }
  if (works > open) return 'ok';
  return views.every((view) => [undefined, 'unsupported'].includes(stateOf(view, proof))) ? 'unsupported' : 'unreached';
}

/** Whose fault it is that this path fails from there, by the worst that was found of it, or that hides what was found. */
function blameOf(view: View, path: Path, judged: readonly Judged[]) {
  const own = judged.filter(({ finding, seers }) => seers.includes(view) && finding.severity !== 'info');
  const direct = own.filter(({ finding }) => concerns(view, finding.code, path));
  const hiding = own.filter(({ finding: { code } }) =>
    view.environment.suppressed.some(({ because }) => because === code),
  );
  const about = direct.length > 0 ? direct : hiding;
  const blames = about.map(({ finding }) => finding.seenFrom.blames);
  return (['deployment', 'undecided', 'vantage'] as const).find((one) => blames.includes(one));
}

/** By the finding that the vantage itself has; where another's code stands for it, by all that it has. */
function concerns(view: View, code: string, path: Path): boolean {
  const own = view.suspects.filter(({ finding }) => finding.code === code);
  const looked = own.length > 0 ? own : view.suspects;
  return looked.some(({ finding }) => subjectOf(view, finding).proofs.some((proof) => proof.path === path));
}
