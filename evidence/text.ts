// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Without control characters (terminal escapes, RFC 20) and those that turn the direction of a text. */
export function withoutControls(value: string): string {
  return value.replace(controls, ' ');
}

/** Makes text of a peer's making safe to show: no control characters, bounded length. */
export function printable(value: string, most = 200): string {
  const clean = withoutControls(value).trim();
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}
