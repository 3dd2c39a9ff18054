/** Times as people write them. */

const unitsMs = [3_600_000, 60_000, 1000, 1] as const;
const number = String.raw`(\d+(?:\.\d+)?)`;
const shape = new RegExp(`^(?:${number}h)?(?:${number}m)?(?:${number}s)?(?:${number}ms)?$`);

/** `1m30s`, `90s`, `500ms` in whole milliseconds; undefined where the text is none. */
export function durationMs(text: string): number | undefined {
  const parts = text === '' ? null : shape.exec(text);
  return parts ? Math.round(unitsMs.reduce((sum, unit, i) => sum + unit * Number(parts[i + 1] ?? 0), 0)) : undefined;
}
