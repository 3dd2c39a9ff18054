/** Findings as text: what is wrong, why, what to change, and what it rests on. */
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun, Finding, Severity, State } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { keyFact } from './key-fact.js';
import { wrap } from './text.js';

const order: readonly Severity[] = ['error', 'warning', 'info'];
const marks: Record<Severity, string> = { error: '✗ error', warning: '! warning', info: 'i info' };
export const stateMarks: Record<State, string> = { ok: '✓', failed: '✗', unreached: '–', unsupported: '–' };
/** The marks tell as much without them. */
export const statePaints = { ok: 'green', failed: 'red', unreached: 'yellow', unsupported: 'yellow' } as const;
const paints = { error: 'red', warning: 'yellow', info: 'cyan' } as const;

/** The worst first; among equals as the diagnosis ranked them. */
export function ranked(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** Without the notes, which ask nobody to do anything. */
export const loud = (findings: readonly Finding[]): Finding[] =>
  ranked(findings).filter(({ severity }) => severity !== 'info');

/** Lines without an end; an empty line between findings. */
export function findingsText(environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const blocks = ranked(environment.findings).map((finding) => block(finding, environment, columns, colours));
  return blocks.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

function block(finding: Finding, environment: EnvironmentRun, columns: number, colours: Colors): string[] {
  const indent = '  ';
  const label = 8;
  const part = (name: string, prose: string, paint = (text: string) => text): string[] =>
    wrap(prose, columns - indent.length - label).map(
      (line, i) => `${indent}${i === 0 ? colours.dim(name.padEnd(label)) : ' '.repeat(label)}${paint(line)}`,
    );
  const paint = colours[paints[finding.severity]];
  const code = printable(finding.code);
  const head = [
    `${paint(marks[finding.severity])}  ${colours.bold(code)}`,
    ...wrap(finding.summary, columns - indent.length).map((line) => indent + line),
  ];
  // A note asks for nothing to be done.
  if (finding.severity === 'info') return head;
  return [
    ...head,
    ...part('cause', finding.cause),
    ...part('fix', finding.fix),
    ...seen(finding, environment).flatMap((line, i) => part(i === 0 ? 'seen' : '', line, colours.dim)),
    ...(finding.alternatives ?? []).flatMap(({ code, separateBy }) =>
      part('or', `${code}, which looks the same from here. ${separateBy}`),
    ),
    ...hiddenBy(finding, environment).flatMap((names) => part('hides', names)),
  ];
}

function seen(finding: Finding, environment: EnvironmentRun): string[] {
  return finding.evidence.map((id) => {
    const observation = environment.observations.find((one) => one.id === id);
    return observation ? `${stateMarks[observation.state]} ${printable(id)}: ${keyFact(observation)}` : printable(id);
  });
}

/** One sentence part, or none. */
export function hiddenBy({ code }: Finding, { suppressed }: EnvironmentRun): string[] {
  const codes = suppressed.filter(({ because }) => because === code).map((one) => one.code);
  return codes.length === 0 ? [] : [`${[...new Set(codes)].join(', ')}, a consequence of this`];
}
