/** The process's streams, and buffers, as what a reporter writes to. */
import { appendFileSync, writeFileSync } from 'node:fs';
import type { Output } from '../reporters/reporter.js';

type Variables = Readonly<Record<string, string | undefined>>;

const columnsElsewhere = 100;

/** https://no-color.org, https://force-color.org: a variable that is set beats what the stream is. */
export function wantsColour(env: Variables, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return !no && isTerminal;
}

/** A terminal that knows no escape sequences (`TERM=dumb`), and one that a pipeline pretends to be, counts as none. */
export function streamOutput(stream: NodeJS.WriteStream, env: Variables): Output {
  const isTTY = stream.isTTY === true && env.TERM !== 'dumb' && !env.CI;
  return {
    write: (text) => void stream.write(text),
    isTTY,
    get columns() {
      return stream.columns || Number(env.COLUMNS) || columnsElsewhere;
    },
    get rows() {
      return stream.rows || Number(env.LINES) || undefined;
    },
    colour: wantsColour(env, isTTY),
  };
}

/** A new file that grows with each line. */
export function fileOutput(path: string): Output {
  writeFileSync(path, '');
  return { write: (text) => appendFileSync(path, text), isTTY: false, columns: columnsElsewhere, colour: false };
}

/** Collects what is written, without colours. */
export function bufferOutput(): Output & { text(): string } {
  const parts: string[] = [];
  return {
    write: (text) => void parts.push(text),
    text: () => parts.join(''),
    isTTY: false,
    columns: columnsElsewhere,
    colour: false,
  };
}
