/** What was measured, a line of JSON for each round: what was made stays, whatever ends the benchmark. */
import { append, readLines, setAside } from '../fixtures/soak/lines.js';

interface Line {
  /** What was measured. */
  readonly key: string;
  /** ISO 8601. */
  readonly at: string;
  /** On what, in words. */
  readonly on: string;
  readonly value: unknown;
}

export interface Rounds {
  /** Those of `key` that there are, each as it was added. */
  of<T>(key: string): readonly T[];
  add(key: string, value: object): void;
  /** The first and the last day on which something of it was measured, `2026-01-31`. */
  days(): readonly [string, string];
}

export interface RoundsOptions {
  /** Absent: nothing is written. */
  readonly file?: string;
  /** Goes on with what is in the file, where that was measured on the same. */
  readonly resume: boolean;
  /** The machine and what runs on it, in words. */
  readonly on: string;
}

/** Throws where it should go on with what was measured on something else. */
export function openRounds({ file, resume, on }: RoundsOptions): Rounds {
  const lines: Line[] = [];
  if (file && resume) lines.push(...readLines<Line>(file));
  else if (file) setAside(file);
  const other = lines.find((line) => line.on !== on);
  if (other) throw new Error(`${file} was measured on ${other.on}, and this is ${on}: begin anew, without --resume`);
  return {
    of: <T>(key: string) => lines.filter((line) => line.key === key).map(({ value }) => value as T),
    add(key, value) {
      const line: Line = { key, at: new Date().toISOString(), on, value };
      lines.push(line);
      if (file) append(file, line);
    },
    days() {
      const all = lines.map(({ at }) => at.slice(0, 10)).sort();
      return [all[0] ?? '', all.at(-1) ?? ''];
    },
  };
}
