/** Small words for prose. */

/** `a`, `a and b`, `a, b and c`; each once. */
export function list(words: Iterable<string>, joiner: 'and' | 'or' = 'and'): string {
  const all = [...new Set(words)];
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} ${joiner} ${all.at(-1)}`;
}

/** `ip:port`, `[v6]:port`. */
export function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `2025-01-31 09:00 UTC` of an ISO 8601 time. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** Text of a peer's making, cut so that it fits into a sentence. */
export function quoted(text: string, most = 80): string {
  return `"${text.length > most ? `${text.slice(0, most - 1)}…` : text}"`;
}

/** `15 min`, `6 h`, `1.5 h`, `30 days` of milliseconds. */
export function span(ms: number): string {
  const [unit, size] =
    ms >= 172_800_000
      ? ['days', 86_400_000]
      : ms >= 3_600_000
        ? ['h', 3_600_000]
        : ms >= 60_000
          ? ['min', 60_000]
          : ['s', 1000];
  return `${Math.round((10 * ms) / (size as number)) / 10} ${unit}`;
}
