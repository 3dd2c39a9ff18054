/** Makes text of a peer's making safe to show: no control characters (terminal escapes, RFC 20), bounded length. */
export function printable(value: string, most = 200): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  const clean = value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}
