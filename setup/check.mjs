/** `npm run check`: types, lint and format, unused code and packages, all at once; prints what went wrong. */
import { realpathSync } from 'node:fs';
import { root, run, say } from './process.mjs';

const bin = (path) => [process.execPath, root(`node_modules/${path}`)];
const checks = [
  ['types', ...bin('typescript/bin/tsc'), '-p', root('tsconfig.json'), '--pretty'],
  ['lint and format', ...bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', root()],
  ['unused code and packages', ...bin('knip/bin/knip.js'), '--no-progress', '--treat-config-hints-as-errors'],
];

/** How many passed and failed. */
export async function check() {
  const results = await Promise.all(
    checks.map(async ([name, command, ...args]) => {
      const started = performance.now();
      let output = '';
      const onOutput = (text) => {
        output += text;
      };
      const code = await run(command, args, { mayFail: true, onOutput });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`${code === 0 ? '' : output}${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
      return code === 0;
    }),
  );
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

if (realpathSync(process.argv[1]) === root('setup/check.mjs')) {
  process.exitCode = (await check()).failed === 0 ? 0 : 1;
}
