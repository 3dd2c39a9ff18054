/** The table of paths × layers as text. */
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { type Cell, cellOf, claimOf, reasonsOf, shownLayers, shownPaths } from './path-proofs.js';
import { padTo, width, wrap } from './text.js';

const paints = { good: 'green', bad: 'red', unsure: 'yellow' } as const;

/** Lines without an end; none where no path was looked at. */
export function pathsTable(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const paths = shownPaths(environment);
  const layers = shownLayers(environment);
  if (layers.length === 0) return [];
  const full = paths.map((path) => ({ path, cells: layers.map((layer) => cellOf(environment, path, layer)) }));
  const first = Math.max(...['path', ...paths].map(width));
  const widthsOf = (rows: typeof full): number[] =>
    layers.map((layer, i) => Math.max(width(layer), ...rows.map(({ cells }) => width(cells[i]?.text ?? ''))));
  const claims = Math.max(0, ...paths.map((path) => width(claimOf(environment, path) ?? '')));
  const needed = first + widthsOf(full).reduce((sum, one) => sum + 3 + one, 0) + (claims > 0 ? 3 + claims : 0);
  // The mark says as much; what it took is in the other reports.
  const fits = needed <= columns;
  const gap = fits ? '   ' : '  ';
  const rows = fits ? full : full.map(({ path, cells }) => ({ path, cells: cells.map(markOf) }));
  const widths = widthsOf(rows);
  const header = [padTo('path', first), ...layers.map((layer, i) => padTo(layer, widths[i] ?? 0))];
  const lines = [colours.dim(header.join(gap).trimEnd())];
  for (const { path, cells } of rows) {
    const painted = cells.map(({ text, tone }, i) => {
      const padding = ' '.repeat((widths[i] ?? 0) - width(text));
      return `${tone ? colours[paints[tone]](text) : text}${padding}`;
    });
    const said = claimOf(environment, path);
    lines.push([padTo(path, first), ...painted, ...(said ? [colours.dim(said)] : [])].join(gap).trimEnd());
  }
  const reasons = reasonsOf(environment).flatMap((reason) =>
    wrap(`– ${printable(reason, 400)}`, columns - 2).map((line, i) => (i === 0 ? line : `  ${line}`)),
  );
  return [...lines, ...reasons.map((line) => colours.dim(line))];
}

const markOf = ({ text, ...tone }: Cell): Cell => ({ text: text.slice(0, 1), ...tone });
