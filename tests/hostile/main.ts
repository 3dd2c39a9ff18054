/** `npm run hostile -- [OPTION …]`: a real check of every peer that lies, stalls, floods and lures. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inNamespace, insideNamespace } from '../../fixtures/embedded/namespace.js';
import { layers } from '../../fixtures/hostile/case.js';
import { type Result, runHostile } from './hostile.js';
import { page } from './table.js';

const help = `npm run hostile -- [OPTION …]

      --only LAYER   of ${layers.join(', ')} (repeatable; default: all)
      --name TEXT    cases whose name holds this
      --at-once N    checks at the same time (default 8)
      --together N   cases that are environments of one check (default 1: its memory is its own)
      --write FILE   the table, in Markdown (docs/reliability/hostile.md)
      --json         instead of the lines
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    only: { type: 'string', multiple: true, default: [] },
    name: { type: 'string', default: '' },
    'at-once': { type: 'string', default: '8' },
    together: { type: 'string', default: '1' },
    write: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function line({ layer, name, came, seconds, growthMb, inAllMb, again, problems }: Result): string {
  const mark = problems.length === 0 ? '✓' : '✗';
  const took = `${seconds.toFixed(1)} s, ${growthMb} MB more${inAllMb === undefined ? '' : `, ${inAllMb} MB in all`}${again ? ', tried alone' : ''}`;
  return [`${mark} ${layer}: ${name}: ${came}; ${took}`, ...problems.map((one) => `    ${one}`)].join('\n');
}

async function main(): Promise<number> {
  const strange = values.only.find((layer) => !(layers as readonly string[]).includes(layer));
  const [atOnce, together] = [Number(values['at-once']), Number(values.together)];
  if (
    values.help ||
    strange !== undefined ||
    ![atOnce, together].every((count) => Number.isInteger(count) && count > 0)
  ) {
    process[values.help ? 'stdout' : 'stderr'].write(strange ? `there is no layer "${strange}"\n\n${help}` : help);
    return values.help ? 0 : 2;
  }
  if (!insideNamespace()) {
    const argv = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const inside = await inNamespace(argv);
    if (!inside) {
      process.stderr.write('hostile peers need a network namespace of their own, and none can be made here\n');
      return 2;
    }
    return spawnSync(inside.command, [...inside.args], { env: inside.env, stdio: 'inherit' }).status ?? 1;
  }
  const results = await runHostile({
    chosen: ({ layer, name }) =>
      (values.only.length === 0 || values.only.includes(layer)) && name.includes(values.name),
    atOnce,
    together,
    onResult: (result) => values.json || process.stdout.write(`${line(result)}\n`),
  });
  const { all, strays, honestMb, seconds } = results;
  if (values.write) writeFileSync(values.write, page(results));
  const wrong = all.filter(({ problems }) => problems.length > 0).length;
  if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else {
    for (const stray of strays) process.stdout.write(`✗ ${stray}\n`);
    process.stdout.write(
      `${all.length} cases in ${seconds.toFixed(0)} s, ${wrong} wrong; an honest peer: ${honestMb} MB\n`,
    );
  }
  return wrong > 0 || strays.length > 0 ? 1 : 0;
}

process.exit(await main());
