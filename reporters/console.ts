/** The report for people: paths × layers, findings, verdict. The lines that show progress are in `progress.ts`. */
import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun, Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { sinceText } from './changes.js';
import { confirmationSentence, unconfirmedOf } from './confirmation.js';
import { evidenceText } from './evidence-text.js';
import { findingsText, loud, ranked } from './findings.js';
import { mediaStrip } from './media-strip.js';
import { unproven } from './path-proofs.js';
import { pathsTable } from './paths-table.js';
import type { Detail, ReporterFactory } from './reporter.js';
import { count, duration, wrap, wrapPainted } from './text.js';
import { fewEnvironments, isHealthy, markedVerdict, troubledFirst, verdictPaints, worstFirst } from './trouble.js';
import { vantagesText } from './vantages-text.js';

export interface Style {
  readonly columns: number;
  readonly colour: boolean;
  /** Absent: `usual`. */
  readonly detail?: Detail;
}

const widest = 100;
const narrowest = 40;
/** Where healthy ones are folded they get a line each, and of more than these they are only named. */
const fewHealthy = 12;
/** On a line. */
const mostCodes = 3;

export const console: ReporterFactory = ({ out, detail = 'usual' }) => {
  const render = (run: Run): string => renderRun(run, { columns: out.columns, colour: out.colour, detail });
  return {
    onEnd: (run) => out.write(render(run)),
    onRuns: (runs) =>
      out.write(
        detail === 'quiet'
          ? runs.map(render).join('')
          : runs.map((run) => `From ${printable(run.vantage.name)}, ${run.startedAt}\n\n${render(run)}`).join('\n'),
      ),
  };
};

/** The whole report, ready to be written: one block for each environment, the troubled ones first. */
export function renderRun(run: Run, { columns: wanted, colour, detail = 'usual' }: Style): string {
  const colours = pc.createColors(colour);
  const columns = Math.min(widest, Math.max(narrowest, wanted));
  const environments = troubledFirst(run.environments);
  if (detail === 'quiet') return environments.map((one) => `${verdictLine(one, colours)}${why(one)}\n`).join('');
  const folds = detail === 'usual' && environments.length > fewEnvironments;
  const healthy = folds ? environments.filter(isHealthy) : [];
  const blocks = environments
    .filter((one) => !healthy.includes(one))
    .map((one) => renderEnvironment(one, run.startedAt, columns, colours, detail));
  if (healthy.length > 0) blocks.push(healthyText(healthy, columns, colours));
  if (environments.length > 1) blocks.push(wrapPainted(total(run, colours), columns));
  const next = whatNext(environments);
  if (next.length > 0) blocks.push(next);
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function healthyText(healthy: readonly EnvironmentRun[], columns: number, colours: Colors): string[] {
  if (healthy.length <= fewHealthy) return healthy.flatMap((one) => wrapPainted(verdictLine(one, colours), columns));
  const names = healthy.map(({ name }) => printable(name)).join(', ');
  const [first = '', ...more] = wrap(`${markedVerdict('pass')}  ${healthy.length} environments: ${names}`, columns - 2);
  return [colours.green(first), ...more.map((line) => colours.green(`  ${line}`))];
}

function renderEnvironment(
  environment: EnvironmentRun,
  startedAt: string,
  columns: number,
  colours: Colors,
  detail: Detail,
): string[] {
  const parts = [
    pathsTable(environment, columns, colours),
    vantagesText(environment, columns, colours),
    mediaStrip(environment, columns, colours),
    findingsText(environment, columns, colours),
    confirmationText(environment, columns, colours),
    sinceText(environment, startedAt, columns, colours),
    detail === 'verbose' ? evidenceText(environment, columns, colours) : [],
    [...stillOpen(environment, columns), ...wrapPainted(verdictLine(environment, colours), columns)],
  ].filter((lines) => lines.length > 0);
  const heading = `${colours.bold(printable(environment.name))}  ${colours.dim(printable(environment.url))}`;
  return [heading, ...parts.flatMap((lines) => ['', ...lines])];
}

/** What came of checking again, and what does not count for it. */
function confirmationText(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const sentence = confirmationSentence(environment);
  if (sentence === undefined) return [];
  const [first = '', ...more] = wrap(sentence, columns);
  const unconfirmed = unconfirmedOf(environment).flatMap(({ finding, only }) => [
    `  ${colours.yellow('~')} ${colours.bold(printable(finding.code))}, only ${only}, so it does not count`,
    ...wrap(finding.summary, columns - 4).map((line) => `    ${line}`),
  ]);
  return [colours.bold(first), ...more.map((line) => colours.bold(line)), ...unconfirmed];
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
  const paint = colours[verdictPaints[environment.verdict]];
  const mark = colours.bold(paint(markedVerdict(environment.verdict)));
  const flapping = environment.confirmation?.outcome === 'flapping' ? ['flapping'] : [];
  return [mark, printable(environment.name), ...flapping, ...numbers, `in ${duration(environment.durationMs)}`].join(
    '  ',
  );
}

/** Behind the verdict, on its line: the codes, the worst first. */
function why(environment: EnvironmentRun): string {
  const codes = codesOf(environment);
  const more = codes.length > mostCodes ? ` and ${codes.length - mostCodes} more` : '';
  return codes.length === 0 ? '' : `  ${codes.slice(0, mostCodes).join(', ')}${more}`;
}

/** Of what counts, then of what a second run did not confirm. */
function codesOf({ findings, confirmation }: EnvironmentRun): string[] {
  return [...loud(findings), ...ranked(confirmation?.unconfirmed ?? [])].map(({ code }) => printable(code));
}

function total(run: Run, colours: Colors): string {
  const numbers = worstFirst
    .map((verdict) => [verdict, run.environments.filter((one) => one.verdict === verdict).length] as const)
    .filter(([, number]) => number > 0)
    .map(([verdict, number]) => colours[verdictPaints[verdict]](`${number} ${verdict}`));
  return `${count(run.environments.length, 'environment')}: ${numbers.join(', ')}  in ${duration(run.durationMs)}`;
}

function whatNext(environments: readonly EnvironmentRun[]): string[] {
  const codes = new Set(environments.flatMap(codesOf));
  return [...codes].map((code, i) => `${i === 0 ? 'Next:' : '     '} livekit-doctor explain ${code}`);
}
