/** Keeps secrets out of everything that leaves the process. */

/** All of it that is there: what a server repeats may have been cut short. */
const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;
const icePassword = /(a=ice-pwd:)\S+/g;
const accessToken = /(access_token=)[^&\s"']+/g;
const shortest = 6;
/** The first characters of a secret by which its beginning is known: no word, and they tell little. */
const headLength = 8;

/** An address, with or without a port, or a time of ISO 8601. */
const noSecret = /^(\d{1,3}(\.\d{1,3}){3}(:\d+)?|\[?[\da-f]*:[\da-f:.]*\]?(:\d+)?|\d{4}-\d\d-\d\dT[\d:.]+Z)$/i;

/** The keys of the run document. */
const ourWord = /^[a-z][a-zA-Z\d]{0,23}$/;

function withoutLooks(text: string): string {
  return text.replace(icePassword, '$1[redacted]').replace(accessToken, '$1[redacted]').replace(jwt, '[redacted]');
}

export interface Redactor {
  /**
   * Remembers a value that must never be seen. Values under 6 characters are ignored, and what stands in the public
   * words (a TURN password `livekit` beside livekit.example.com): they would hide half a text. So are addresses and
   * times: a server that calls them secret would make facts unreadable.
   */
  add(secret: string | undefined): void;
  text(value: string): string;
  /**
   * A deep copy of a JSON value without the secrets, keys included, but for those that look like ours: a server may call
   * `address` secret, and the facts would lose theirs.
   */
  json<T>(value: T): T;
}

/**
 * What is replaced: every remembered value, its beginning where a text was cut short in it, and whatever looks like a
 * JWT, an ICE password or an access token.
 */
export function redactor(publicWords: readonly string[] = []): Redactor {
  const secrets = new Set<string>();
  let ordered: string[] | undefined;
  const text = (value: string): string => {
    ordered ??= [...secrets].sort((a, b) => b.length - a.length);
    let clean = value;
    for (const secret of ordered) clean = withoutBeginning(clean.replaceAll(secret, '[redacted]'), secret);
    return withoutLooks(clean);
  };
  const json = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (value && typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [ourWord.test(key) ? key : text(key), json(inner)]),
      );
    }
    return value;
  };
  return {
    add(secret) {
      if (secret === undefined || secret.length < shortest || secrets.has(secret)) return;
      if (publicWords.some((words) => words.includes(secret)) || noSecret.test(secret)) return;
      secrets.add(secret);
      secrets.add(encodeURIComponent(secret));
      secrets.add(JSON.stringify(secret).slice(1, -1));
      ordered = undefined;
    },
    text,
    json: <T>(value: T) => json(value) as T,
  };
}

/** Cut at the end of the text, or at the ellipsis with which `printable` shortens. */
function withoutBeginning(text: string, secret: string): string {
  if (secret.length <= headLength) return text;
  const at = text.indexOf(secret.slice(0, headLength));
  if (at < 0) return text;
  const [beginning = ''] = text.slice(at).split('…', 1);
  const isCut = secret.startsWith(beginning);
  const after = at + (isCut ? beginning.length : headLength);
  return (
    text.slice(0, at) + (isCut ? '[redacted]' : text.slice(at, after)) + withoutBeginning(text.slice(after), secret)
  );
}
