/**
 * The outputs in the documentation: each block after `<!-- run: NAME -->` is what the console shows of the recorded run
 * `fixtures/runs/NAME.json`, after `<!-- init: NAME -->` what `init` writes of it, and after `<!-- merge: NAME -->` what
 * `merge` makes of all in the folder `fixtures/runs/NAME`. `npm run examples` writes them anew; a test holds that they are
 * right.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { diagnose } from '../diagnosis/index.js';
import { mergeRuns } from '../diagnosis/vantages/index.js';
import type { Run } from '../evidence/run.js';
import { claimsFrom } from '../init/index.js';
import { renderRun } from '../reporters/console.js';

const root = new URL('../', import.meta.url);
export const pages = [
  'docs/reading-an-ice-failure.md',
  'docs/init.md',
  'docs/a-failing-call.md',
  'docs/many-vantages.md',
];

const block = /<!-- (run|init|merge): (\S+) -->\n```(text|yaml)\n[\s\S]*?```/g;

function runOf(name: string): Run {
  return JSON.parse(readFileSync(new URL(`fixtures/runs/${name}.json`, root), 'utf8')) as Run;
}

/** As `init` writes it now, had two participants seen the same. */
function file(name: string): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  const { startedAt, environments } = runOf(name);
  const [one] = environments;
  if (!one) throw new Error(`${name} has no environment`);
  const first = { ...one, ...diagnose({ ...one, claims: {} }) };
  return claimsFrom({ startedAt, first, others: [first] }, { name: 'staging', auth: 'key', version });
}

/** As the console prints it now, 100 columns wide. */
function example(name: string): string {
  const run = runOf(name);
  const environments = run.environments.map((one) => ({ ...one, ...diagnose(one) }));
  return renderRun({ ...run, environments }, { columns: 100, colour: false });
}

/** As `merge` prints it now. */
function merged(name: string): string {
  const files = readdirSync(new URL(`fixtures/runs/${name}/`, root));
  const runs = files.map((one) => runOf(`${name}/${one.replace(/\.json$/, '')}`));
  return renderRun(mergeRuns(runs, 'majority', '0.1.0'), { columns: 100, colour: false });
}

const made: Record<string, (name: string) => string> = { run: example, init: file, merge: merged };

/** A page as it is, and as it should be. */
export function renew(page: string): { readonly before: string; readonly after: string } {
  const before = readFileSync(new URL(page, root), 'utf8');
  const after = before.replace(block, (_, kind: string, name: string, language: string) => {
    const text = made[kind]?.(name) ?? '';
    return `<!-- ${kind}: ${name} -->\n\`\`\`${language}\n${text}\`\`\``;
  });
  return { before, after };
}

if (process.argv.includes('--write')) {
  for (const page of pages) writeFileSync(new URL(page, root), renew(page).after);
}
