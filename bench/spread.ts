export interface Spread {
  minMs: number;
  medianMs: number;
  maxMs: number;
}

/** NaN of nothing. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { minMs: at(0), medianMs: at(0.5), maxMs: at(1) };
}
