/** A run in the formats that people read, made without any output: nothing in a document may break them, or write elsewhere on a screen. */
import { strict as assert } from 'node:assert';
import type { Run } from '../../evidence/run.js';
import { render } from '../reporters/render.js';

/** C0 and C1 but for the line feed, and what turns the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const moves = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

export async function renderable(run: Run): Promise<void> {
  const { text } = await render('console', run);
  assert.doesNotMatch(text, moves, 'the console stays where it is');
  const html = (await render('html', run)).text;
  assert.ok(!html.includes('<script>alert(1)</script>'), 'the page holds no script of a stranger');
}
