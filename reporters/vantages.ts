/** A merged run, vantage by vantage: what each has seen of each path, and where it is of another mind than all together. */
import type { EnvironmentRun, Path, State, Verdict } from '../evidence/run.js';
import { layers } from '../evidence/run.js';
import { viewsOf } from '../evidence/vantages.js';
import { type Cell, cellOf, shownPaths } from './path-proofs.js';

export interface VantageLine {
  readonly vantage: string;
  /** Its own, alone. */
  readonly verdict: Verdict;
  /** For each path that is shown: how it was reached, unless a deeper proof failed. */
  readonly cells: readonly Cell[];
  /** On these paths it says the opposite of what all together say. */
  readonly disagrees: readonly Path[];
}

/** None for a run that was made from one place. */
export function vantageLines(merged: EnvironmentRun): VantageLine[] {
  const paths = shownPaths(merged);
  return viewsOf(merged).map(({ vantage, environment }) => ({
    vantage,
    verdict: environment.verdict,
    cells: paths.map((path) => {
      const cells = layers.map((layer) => cellOf(environment, path, layer)).filter(({ text }) => text !== '');
      return cells.find(({ tone }) => tone === 'bad') ?? cells[0] ?? { text: '–' };
    }),
    disagrees: paths.filter((path) =>
      layers.some((layer) => contradict(merged.paths[path]?.[layer], environment.paths[path]?.[layer])),
    ),
  }));
}

const contradict = (one: State | undefined, other: State | undefined): boolean =>
  (one === 'ok' && other === 'failed') || (one === 'failed' && other === 'ok');
