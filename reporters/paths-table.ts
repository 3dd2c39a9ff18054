/** The table of paths × layers as text. */
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { cellOf, claimOf, reasonsOf, shownLayers, shownPaths } from './path-proofs.js';
import { padTo, width, wrap } from './text.js';

const paints = { good: 'green', bad: 'red', unsure: 'yellow' } as const;

/** Lines without an end; none where no path was looked at. */
export function pathsTable(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const paths = shownPaths(environment);
  const layers = shownLayers(environment);
  if (layers.length === 0) return [];
  const rows = paths.map((path) => ({ path, cells: layers.map((layer) => cellOf(environment, path, layer)) }));
  const widths = layers.map((layer, i) =>
    Math.max(width(layer), ...rows.map(({ cells }) => width(cells[i]?.text ?? ''))),
  );
  const first = Math.max(...['path', ...paths].map(width));
  const header = [padTo('path', first), ...layers.map((layer, i) => padTo(layer, widths[i] ?? 0))];
  const lines = [colours.dim(header.join('   ').trimEnd())];
  for (const { path, cells } of rows) {
    const painted = cells.map(({ text, tone }, i) => {
      const padding = ' '.repeat((widths[i] ?? 0) - width(text));
      return `${tone ? colours[paints[tone]](text) : text}${padding}`;
    });
    const said = claimOf(environment, path);
    lines.push([padTo(path, first), ...painted, ...(said ? [colours.dim(said)] : [])].join('   ').trimEnd());
  }
  const reasons = reasonsOf(environment).flatMap((reason) =>
    wrap(`– ${printable(reason, 400)}`, columns - 2).map((line, i) => (i === 0 ? line : `  ${line}`)),
  );
  return [...lines, ...reasons.map((line) => colours.dim(line))];
}
