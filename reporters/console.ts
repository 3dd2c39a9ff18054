/** The report for people: paths × layers, findings, verdict. The lines that show progress are in `progress.ts`. */
import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun, Run, Verdict } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { sinceText } from './changes.js';
import { findingsText, ranked } from './findings.js';
import { mediaStrip } from './media-strip.js';
import { unproven } from './path-proofs.js';
import { pathsTable } from './paths-table.js';
import type { ReporterFactory } from './reporter.js';
import { count, duration, wrap } from './text.js';

export interface Style {
  readonly columns: number;
  readonly colour: boolean;
}

const widest = 100;
const narrowest = 40;
const worstFirst: readonly Verdict[] = ['fail', 'inconclusive', 'pass'];
const marks: Record<Verdict, string> = { pass: '✓ pass', fail: '✗ fail', inconclusive: '? inconclusive' };
const paints = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const;

export const console: ReporterFactory = ({ out }) => {
  const render = (run: Run): string => renderRun(run, { columns: out.columns, colour: out.colour });
  return {
    onEnd: (run) => out.write(render(run)),
    onRuns: (runs) =>
      out.write(
        runs.map((run) => `From ${printable(run.vantage.name)}, ${run.startedAt}\n\n${render(run)}`).join('\n'),
      ),
  };
};

/** The whole report, ready to be written: one block for each environment, the troubled ones first. */
export function renderRun(run: Run, style: Style): string {
  const colours = pc.createColors(style.colour);
  const columns = Math.min(widest, Math.max(narrowest, style.columns));
  const environments = [...run.environments].sort(
    (a, b) => worstFirst.indexOf(a.verdict) - worstFirst.indexOf(b.verdict),
  );
  const blocks = environments.map((environment) => renderEnvironment(environment, run.startedAt, columns, colours));
  if (environments.length > 1) blocks.push([total(run, colours)]);
  const next = whatNext(environments);
  if (next.length > 0) blocks.push(next);
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function renderEnvironment(environment: EnvironmentRun, startedAt: string, columns: number, colours: Colors): string[] {
  const parts = [
    pathsTable(environment, columns, colours),
    mediaStrip(environment, colours),
    findingsText(environment, columns, colours),
    sinceText(environment, startedAt, columns, colours),
    [...stillOpen(environment, columns), verdictLine(environment, colours)],
  ].filter((lines) => lines.length > 0);
  const heading = `${colours.bold(printable(environment.name))}  ${colours.dim(printable(environment.url))}`;
  return [heading, ...parts.flatMap((lines) => ['', ...lines])];
}

/** Why nothing was decided, where no finding says so. */
function stillOpen({ verdict, findings, paths }: EnvironmentRun, columns: number): string[] {
  if (verdict !== 'inconclusive' || findings.some(({ severity }) => severity === 'error')) return [];
  const open = unproven(paths);
  if (open.length === 0) return [];
  return wrap(`Required, and neither proven nor found at fault: ${open.join(', ')}.`, columns);
}

function verdictLine(environment: EnvironmentRun, colours: Colors): string {
  const numbers = (['error', 'warning'] as const)
    .map((severity) => [severity, environment.findings.filter((one) => one.severity === severity).length] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => count(number, severity));
  const paint = colours[paints[environment.verdict]];
  const mark = colours.bold(paint(marks[environment.verdict]));
  return [mark, printable(environment.name), ...numbers, `in ${duration(environment.durationMs)}`].join('  ');
}

function total(run: Run, colours: Colors): string {
  const numbers = worstFirst
    .map((verdict) => [verdict, run.environments.filter((one) => one.verdict === verdict).length] as const)
    .filter(([, number]) => number > 0)
    .map(([verdict, number]) => colours[paints[verdict]](`${number} ${verdict}`));
  return `${count(run.environments.length, 'environment')}: ${numbers.join(', ')}  in ${duration(run.durationMs)}`;
}

function whatNext(environments: readonly EnvironmentRun[]): string[] {
  const codes = new Set(
    environments.flatMap(({ findings }) =>
      ranked(findings)
        .filter(({ severity }) => severity !== 'info')
        .map(({ code }) => printable(code)),
    ),
  );
  return [...codes].map((code, i) => `${i === 0 ? 'Next:' : '     '} livekit-doctor explain ${code}`);
}
