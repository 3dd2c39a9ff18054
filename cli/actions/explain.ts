import { readdir, readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../environment/environment.js';
import { nearest } from '../../environment/nearest.js';
import { cut, padTo, width } from '../../reporters/text.js';
import type { Context } from '../context.js';
import { firstSentence, renderMarkdown } from '../markdown.js';
import { packageRoot } from '../package.js';

const pages = new URL('docs/faults/', packageRoot);
const ending = '.md';

/** Prints a page, or without a code the list. Throws `ConfigurationError` for a code that has no page. */
export async function explain(code: string | undefined, { out }: Context): Promise<void> {
  const codes = (await readdir(pages))
    .filter((name) => name.endsWith(ending) && name !== 'README.md')
    .map((name) => name.slice(0, -ending.length))
    .sort();
  if (code === undefined) {
    const columns = Math.max(...codes.map(width)) + 2;
    for (const one of codes) {
      const says = firstSentence(await page(one));
      out.write(`${padTo(one, columns)}${out.isTTY ? cut(says, Math.max(20, out.columns - columns)) : says}\n`);
    }
    return;
  }
  if (!codes.includes(code)) {
    const meant = nearest(code, codes);
    throw new ConfigurationError(
      `there is no code "${code}"${meant ? `, did you mean ${meant}?` : ''}; "livekit-doctor explain" lists them all`,
    );
  }
  out.write(renderMarkdown(await page(code), { columns: out.columns, colour: out.colour }));
}

function page(code: string): Promise<string> {
  return readFile(new URL(code + ending, pages), 'utf8');
}
