/** What is wrong in one file, each mistake at its line and column. */
import type { LineCounter } from 'yaml';
import { printable } from '../evidence/text.js';
import { ConfigurationError } from './environment.js';
import { showReferences } from './interpolate.js';

export interface Problems {
  /** `offset` is one into the source. `neededBy` is the environment for which it is one, where it is none for all. */
  add(offset: number, message: string, neededBy?: string): void;
  /** Throws a `ConfigurationError` with a line per problem in the order of the file, `file:line:column: …`. */
  check(): void;
}

interface Problem {
  readonly offset: number;
  readonly message: string;
  readonly neededBy: Set<string>;
}

/** `name` is how the file is called in messages; `lines` was given to the parser. */
export function problemsOf(name: string, lines: LineCounter): Problems {
  const problems = new Map<string, Problem>();
  const shown = ({ offset, message, neededBy }: Problem): string => {
    const { line, col } = lines.linePos(offset);
    const who = [...neededBy].join(' and ');
    const needs = who && `, and ${who} ${neededBy.size > 1 ? 'need' : 'needs'} it`;
    return `${name}:${line}:${col}: ${printable(showReferences(message + needs), 800)}`;
  };
  return {
    add(offset, message, neededBy) {
      const key = `${offset} ${message}`;
      const problem = problems.get(key) ?? { offset, message, neededBy: new Set() };
      problems.set(key, problem);
      if (neededBy !== undefined) problem.neededBy.add(neededBy);
    },
    check() {
      if (problems.size === 0) return;
      const inOrder = [...problems.values()].sort((a, b) => a.offset - b.offset);
      throw new ConfigurationError(inOrder.map(shown).join('\n'));
    },
  };
}
