/** The whole evidence as text, for `--verbose`: every observation in its order, with what it saw and its steps. */
import type { Colors } from 'picocolors/types.js';
import type { EnvironmentRun, Observation } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { stateMarks, statePaints } from './findings.js';
import { keyFact } from './key-fact.js';
import { duration, padTo, width, wrap } from './text.js';

/** Lines without an end; none where nothing was looked at. */
export function evidenceText({ observations }: EnvironmentRun, columns: number, colours: Colors): string[] {
  if (observations.length === 0) return [];
  const inOrder = [...observations].sort((a, b) => a.startMs - b.startMs);
  return [colours.bold('evidence'), ...inOrder.flatMap((one) => ofOne(one, columns, colours))];
}

function ofOne(observation: Observation, columns: number, colours: Colors): string[] {
  const { id, state, startMs, endMs, facts, failure, steps = [] } = observation;
  const paint = colours[statePaints[state]];
  const took = `${duration(Math.max(0, endMs - startMs))}, from ${duration(Math.max(0, startMs))}`;
  const why = failure ? ` (${failure.kind})` : '';
  const head = wrap(`${id} ${state}${why}: ${keyFact(observation)} (${took})`, columns - 2);
  return [
    ...head.map((line, i) => `${i === 0 ? paint(stateMarks[state]) : ' '} ${line}`),
    ...stepsText(steps, startMs, columns),
    ...factsText(facts, columns, '    '),
  ];
}

function stepsText(steps: NonNullable<Observation['steps']>, startMs: number, columns: number): string[] {
  const names = steps.map(({ name }) => printable(name));
  const longest = Math.max(0, ...names.map(width));
  return steps.flatMap(({ startMs: from, endMs }, i) => {
    const text = `${padTo(names[i] ?? '', longest)}  ${duration(Math.max(0, endMs - from))} after ${duration(Math.max(0, from - startMs))}`;
    return width(text) <= columns - 4 ? [`    ${text}`] : wrap(text, columns - 4).map((line) => `    ${line}`);
  });
}

/** Like YAML, but that nothing of it is quoted: one line for each value, longer ones broken at spaces. */
function factsText(value: unknown, columns: number, indent: string): string[] {
  return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([key, inner]) => {
    const name = `${printable(key)}:`;
    if (isPlain(inner)) return line(`${name} ${plain(inner)}`, columns, indent);
    if (!Array.isArray(inner)) return [`${indent}${name}`, ...factsText(inner, columns, `${indent}  `)];
    if (inner.every(isPlain)) return line(`${name} ${inner.map(plain).join(', ') || 'none'}`, columns, indent);
    const items = inner.flatMap((one, i) =>
      isPlain(one)
        ? line(`${i + 1}: ${plain(one)}`, columns, `${indent}  `)
        : [`${indent}  ${i + 1}:`, ...factsText(one, columns, `${indent}    `)],
    );
    return [`${indent}${name}`, ...items];
  });
}

const isPlain = (value: unknown): boolean => value === null || typeof value !== 'object';
const plain = (value: unknown): string => printable(String(value), 4000);

function line(text: string, columns: number, indent: string): string[] {
  return wrap(text, Math.max(20, columns - width(indent) - 2)).map((one, i) => `${indent}${i === 0 ? '' : '  '}${one}`);
}
