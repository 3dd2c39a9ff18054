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

/** Neither one that is known nor what looks like one. */
export function holdsNoSecret(t: Test, text: string, ...secrets: string[]): void {
  const found = secrets.flatMap((secret) => formsOf(secret).filter((form) => text.includes(form)));
  t.same(found, [], 'no secret that is known');
  // Not amid base64, as of a picture.
  t.notMatch(text, /(?<![\w+/-])eyJ[\w-]{8,}/, 'no token, nor the beginning of one');
  t.notMatch(text, /ice-pwd:[\w+/]{8,}/, 'no ICE password');
  t.notMatch(text, /access_token=[\w-]{8,}/, 'no token in a URL');
  t.notMatch(text, /PRIVATE KEY-----/, 'no private key');
}
