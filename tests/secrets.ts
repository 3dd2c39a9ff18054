/** What nobody may find in anything that we write, in whatever clothes it comes. */
import type { Test } from 'tap';

/** A secret as it is, and as it would stand in a URL, in JSON, in hexadecimal and in base64, also amid other bytes. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Six bits a character: what is before shifts it by 0, 2 or 4, and the ends belong to their neighbours, too.
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const inUrls = inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const others = [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), bytes.toString('hex')];
  return [...new Set([secret, ...others, ...inBase64, ...inUrls])];
}

/** Of nobody in particular. */
const looks: Readonly<Record<string, RegExp>> = {
  // Not amid base64, as of a picture.
  'a token, or the beginning of one': /(?<![\w+/-])eyJ[\w-]{8,}/,
  'a token in other clothes': new RegExp(
    formsOf('eyJhbGciOiJ')
      .slice(1)
      .map((form) => form.replace('+', '\\+'))
      .join('|'),
  ),
  'an ICE password': /ice-pwd:[\w+/]{8,}/,
  'a token in a URL': /access_token=[\w-]{8,}/,
  'a private key': /PRIVATE KEY-----/,
};

/** Those that are known, in the form in which they stand there, and what looks like one. */
export function secretsIn(text: string, secrets: readonly string[]): string[] {
  const known = secrets.flatMap((secret) => formsOf(secret).filter((form) => text.includes(form)));
  const alike = Object.entries(looks).flatMap(([what, look]) => {
    const at = text.search(look);
    return at < 0 ? [] : [`${what}: ${text.slice(Math.max(0, at - 60), at + 20)}`];
  });
  return [...known, ...alike];
}

export function holdsNoSecret(t: Test, text: string, ...secrets: string[]): void {
  t.same(secretsIn(text, secrets), [], 'nothing secret');
}
