/** Sums of lines. */

import type { FaultLine, HealthyLine, Outcome, SoakDepth } from '../../fixtures/soak/lines.js';
import { upperBound } from './bound.js';

export interface HealthySum {
  readonly condition: string;
  readonly depth: SoakDepth;
  readonly runs: number;
  readonly pass: number;
  readonly inconclusive: number;
  readonly fail: number;
  /** The command ended without a run. */
  readonly broken: number;
  /** Of what did not pass, and how often. */
  readonly codes: Readonly<Record<string, number>>;
  /** Load average of the machine, in the middle. */
  readonly load: number;
  /** The most that the rate of false alarms can be, 0 to 1. */
  readonly bound: number;
}

/** The value below which such a share is, 0 to 1; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** How often each was said. */
export function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

export function sumHealthy(condition: string, depth: SoakDepth, lines: readonly HealthyLine[]): HealthySum {
  const { pass = 0, inconclusive = 0, fail = 0, broken = 0 } = count(lines.map(({ verdict }) => verdict));
  const others = lines.filter(({ verdict }) => verdict !== 'pass');
  return {
    condition,
    depth,
    runs: lines.length,
    pass,
    inconclusive,
    fail,
    broken,
    codes: count(others.flatMap(({ codes, verdict }) => codes.map((code) => `${verdict}: ${code}`))),
    load: quantile(
      lines.map(({ load }) => load),
      0.5,
    ),
    bound: upperBound(fail, lines.length - broken),
  };
}

/** One for each condition, in the order in which they come, and one for all of a depth, called `all`. */
export function sumsOfHealthy(lines: readonly HealthyLine[], order: readonly string[]): HealthySum[] {
  return (['wire', 'media'] as const).flatMap((depth) => {
    const some = lines.filter((line) => line.depth === depth);
    const names = order.filter((name) => some.some(({ condition }) => condition === name));
    return [
      ...names.map((name) =>
        sumHealthy(
          name,
          depth,
          some.filter(({ condition }) => condition === name),
        ),
      ),
      ...(some.length > 0 ? [sumHealthy('all', depth, some)] : []),
    ];
  });
}

export interface FaultSum extends Readonly<Record<Outcome, number>> {
  readonly name: string;
  /** Ways to make a fault. */
  readonly faults: number;
  readonly times: number;
  /** The most that the rate of wrong causes can be, 0 to 1. */
  readonly bound: number;
}

function sumFaults(name: string, lines: readonly FaultLine[]): FaultSum {
  const { named = 0, inconclusive = 0, wrong = 0, silent = 0 } = count(lines.map(({ outcome }) => outcome));
  const faults = new Set(lines.map(({ fault }) => fault)).size;
  const bound = upperBound(wrong, lines.length);
  return { name, faults, times: lines.length, named, inconclusive, wrong, silent, bound };
}

/** One for each family, and one for all. */
export function sumsOfFaults(lines: readonly FaultLine[]): FaultSum[] {
  const families = [...new Set(lines.map(({ family }) => family))];
  return [
    ...families.map((family) =>
      sumFaults(
        family,
        lines.filter((line) => line.family === family),
      ),
    ),
    ...(lines.length > 0 ? [sumFaults('all', lines)] : []),
  ];
}
