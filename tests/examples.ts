/**
 * The outputs in the documentation: each block after `<!-- run: NAME -->` is what the console shows of the recorded run
 * `fixtures/runs/NAME.json`. `npm run examples` writes them anew; a test holds that they are right.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { diagnose } from '../diagnosis/index.js';
import type { Run } from '../evidence/run.js';
import { renderRun } from '../reporters/console.js';

const root = new URL('../', import.meta.url);
export const pages = ['docs/reading-an-ice-failure.md'];

const block = /<!-- run: (\S+) -->\n```text\n[\s\S]*?```/g;

/** As the console prints it now, 100 columns wide. */
function example(name: string): string {
  const run = JSON.parse(readFileSync(new URL(`fixtures/runs/${name}.json`, root), 'utf8')) as Run;
  const environments = run.environments.map((one) => ({ ...one, ...diagnose(one) }));
  return renderRun({ ...run, environments }, { columns: 100, colour: false });
}

/** A page as it is, and as it should be. */
export function renew(page: string): { readonly before: string; readonly after: string } {
  const before = readFileSync(new URL(page, root), 'utf8');
  const after = before.replace(block, (_, name: string) => `<!-- run: ${name} -->\n\`\`\`text\n${example(name)}\`\`\``);
  return { before, after };
}

if (process.argv.includes('--write')) {
  for (const page of pages) writeFileSync(new URL(page, root), renew(page).after);
}
