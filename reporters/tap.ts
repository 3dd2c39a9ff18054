/** TAP 14 (testanything.org/tap-version-14-specification.html): a subtest for each environment, with YAML diagnostics. */
import { stringify } from 'yaml';
import type { EnvironmentRun, Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { type Case, casesOf } from './cases.js';
import type { ReporterFactory } from './reporter.js';

export const tap: ReporterFactory = ({ out }) => ({ onEnd: (run) => out.write(renderTap(run)) });

export function renderTap({ environments }: Run): string {
  const lines = environments.flatMap((environment, i) => {
    const inside = subtest(environment).map((line) => `    ${line}`);
    const passed = environment.verdict === 'pass';
    const result = `${passed ? 'ok' : 'not ok'} ${i + 1} - ${escaped(environment.name)}`;
    return [`# Subtest: ${escaped(environment.name)}`, ...inside, result];
  });
  return `${['TAP version 14', `1..${environments.length}`, ...lines].join('\n')}\n`;
}

function subtest(environment: EnvironmentRun): string[] {
  const cases = casesOf(environment);
  return [`1..${cases.length}`, ...cases.flatMap((one, i) => point(one, i + 1))];
}

function point(one: Case, number: number): string[] {
  const { name, state, message = '', finding, observations, durationMs } = one;
  // What only warns is a failure that is known and does not count; so is none that was not possible.
  const directive = {
    passed: '',
    failed: '',
    undecided: '',
    warned: ' # TODO warning',
    skipped: ` # SKIP ${escaped(message)}`,
  };
  const ok = state === 'passed' || state === 'skipped';
  const head = `${ok ? 'ok' : 'not ok'} ${number} - ${escaped(name)}${directive[state]}`;
  if (ok) return [head];
  const diagnostic = {
    message: printable(message, 600),
    severity: finding?.severity ?? (state === 'warned' ? 'warning' : 'error'),
    ...(state === 'undecided' && { undecided: true }),
    duration_ms: Math.round(durationMs),
    ...(finding && { code: finding.code, cause: printable(finding.cause, 2000), fix: printable(finding.fix, 2000) }),
    ...(observations.length > 0 && { evidence: observations.map(({ id, state }) => `${printable(id)} ${state}`) }),
    ...(finding?.alternatives && { alternatives: finding.alternatives.map(({ code }) => code) }),
  };
  const yaml = stringify(diagnostic, { lineWidth: 0 }).trimEnd().split('\n');
  return [head, '  ---', ...yaml.map((line) => `  ${line}`), '  ...'];
}

/** A description ends where a directive begins. */
function escaped(text: string): string {
  return printable(text, 600).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}
