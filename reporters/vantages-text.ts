/** Vantages × paths as text, of a merged run. */
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { shownPaths } from './path-proofs.js';
import { cut, padTo, width } from './text.js';
import { markedVerdict, verdictMarks, verdictPaints } from './trouble.js';
import { vantageLines } from './vantages.js';

const paints = { good: 'green', bad: 'red', unsure: 'yellow' } as const;
const widestName = 30;
const roomFrom = 70;

/** Lines without an end; none for a run that was made from one place. Of each path only the mark. */
export function vantagesText(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const lines = vantageLines(environment);
  if (lines.length === 0) return [];
  const roomy = columns >= roomFrom;
  const gap = roomy ? '   ' : ' ';
  const paths = shownPaths(environment);
  const verdicts = lines.map(({ verdict }) => (roomy ? markedVerdict(verdict) : verdictMarks[verdict]));
  const ofVerdict = Math.max(roomy ? 'alone'.length : 1, ...verdicts.map(width));
  const left = columns - ofVerdict - gap.length - paths.reduce((sum, path) => sum + gap.length + width(path), 0);
  const most = Math.max(6, Math.min(widestName, left));
  const names = lines.map(({ vantage }) => cut(printable(vantage), most));
  const ofName = Math.max(Math.min('vantage'.length, most), ...names.map(width));
  const plain = ofName + gap.length + ofVerdict + paths.reduce((sum, path) => sum + gap.length + width(path), 0);
  const head = [padTo(cut('vantage', most), ofName), padTo(roomy ? 'alone' : '', ofVerdict), ...paths];
  const rows = lines.map(({ verdict, cells, disagrees }, i) => {
    const verdictText = verdicts[i] ?? '';
    const painted = [
      padTo(names[i] ?? '', ofName),
      `${colours[verdictPaints[verdict]](verdictText)}${' '.repeat(ofVerdict - width(verdictText))}`,
      ...cells.map(({ text, tone }, at) => {
        const mark = text.slice(0, 1);
        return `${tone ? colours[paints[tone]](mark) : mark}${' '.repeat(width(paths[at] ?? '') - 1)}`;
      }),
    ];
    const line = painted.join(gap).trimEnd();
    const other = disagrees.length > 0 ? `disagrees on ${disagrees.join(', ')}` : '';
    const fits = other !== '' && plain + gap.length + width(other) <= columns;
    return fits ? [...painted, colours.dim(other)].join(gap) : line;
  });
  return [colours.dim(head.join(gap).trimEnd()), ...rows];
}
