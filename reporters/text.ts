/** Small things that text reports share. Widths are in columns, one for each code point. */
import { printable } from '../evidence/text.js';

/** `1.5 ms`, `312 ms`, `2.3 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How often something is done: `30 s`, `15 min`. */
export const period = (ms: number): string =>
  duration(ms)
    .replace(/\.0 s$/, ' s')
    .replace(/ 0 s$/, '');

export function width(text: string): number {
  return [...text].length;
}

export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** On one line of at most `columns`, with an ellipsis where something was cut. */
export function cut(text: string, columns: number): string {
  const points = [...text];
  return points.length <= columns ? text : `${points.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

/**
 * Breaks prose at spaces into lines of at most `columns`. A longer word stays whole, so that an address or a command
 * can be copied. The text may hold words of a server's making: it leaves here printable.
 */
export function wrap(prose: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(prose, 4000).split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** `1 error`, `2 errors`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
const colourCodes = /\u001b\[\d+m/g;

/** Breaks one line that may have colours, and double spaces, where it is too wide; what follows is indented by two. */
export function wrapPainted(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const part of line.split(/(?<! )(?= )/)) {
    if (current !== '' && width((current + part).replace(colourCodes, '')) > columns) {
      lines.push(current);
      current = `  ${part.trimStart()}`;
    } else current += part;
  }
  return [...lines, current];
}
