/** All that has to hold: the checks, the tests under tap, the connectivity tests under Playwright. Counts them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { built, root, run, say } from './process.mjs';

const summaryFile = root('test-results/summary.json');
const playwrightFile = root('test-results/playwright.json');
const bin = (path) => root(`node_modules/${path}`);

/**
 * Leaves the counts in `test-results/summary.json` and returns the exit code: 0 when all passed and, in CI, none was skipped.
 *
 * @param {Promise<unknown>} tools what most tests must not begin before
 */
export async function runTests(tools) {
  rmSync(summaryFile, { force: true });
  const counts = added([await check(), await tap(tools), await playwright()]);
  mkdirSync(root('test-results'), { recursive: true });
  writeFileSync(summaryFile, JSON.stringify(counts));
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  return counts.failed > 0 || (process.env.CI && counts.skipped > 0) ? 1 : 0;
}

function added(parts) {
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** What a browser does in a test needs both cores of a small machine, and times of people's patience count there. */
const alone = /^tests[\\/](bench|browser|playwright|soak)[\\/]/;

/** Shows one line for each file, and of its tests those that fail. */
async function tap(tools) {
  const files = readdirSync(root('tests'), { recursive: true })
    .map((name) => join('tests', name))
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
  const first = await tapOf(
    files.filter((name) => alone.test(name)),
    1,
  );
  await tools;
  const others = await tapOf(
    files.filter((name) => !alone.test(name)),
    2,
  );
  return added([first, others]);
}

async function tapOf(files, jobs) {
  let total;
  const show = filter((line) => {
    total = /^# (\{ total: .*\})/.exec(line)?.[1] ?? total;
  });
  const code = await run(
    process.execPath,
    [bin('tap/dist/esm/run.mjs'), '--reporter=tap', `--jobs=${jobs}`, ...files],
    {
      mayFail: true,
      onOutput: show,
    },
  );
  const count = (key) => Number(new RegExp(`\\b${key}: (\\d+)`).exec(total ?? '')?.[1] ?? 0);
  const counts = { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') };
  return orFailed(counts, code, 'tap');
}

/** Takes text in pieces and says the lines of TAP that matter: top-level results, and failures with their details. */
function filter(onLine) {
  let rest = '';
  let failing = false;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      onLine(line);
      const result = /^\s*(not )?ok /.exec(line);
      failing = result ? result[1] !== undefined : failing && !/^\s*# /.test(line);
      if (failing || /^ok /.test(line)) say(`${line}\n`);
    }
  };
}

async function playwright() {
  rmSync(playwrightFile, { force: true });
  const argv = [process.execPath, bin('playwright/cli.js'), 'test'];
  // The embedded environment is started inside, and wants its own ports.
  const { enterNamespace } = await built('fixtures/embedded/namespace.js');
  const { command, args, env } = (await enterNamespace(argv)) ?? { command: argv[0], args: argv.slice(1) };
  const code = await run(command, args, {
    mayFail: true,
    // Whatever else is configured on this machine.
    env: { ...process.env, ...env, LIVEKIT_DOCTOR_ENVIRONMENTS: 'embedded', LIVEKIT_DOCTOR_CONFIG: undefined },
  });
  let stats = {};
  try {
    stats = JSON.parse(readFileSync(playwrightFile, 'utf8')).stats;
  } catch {
    // It ended before it could write; the exit code says so.
  }
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = stats;
  return orFailed({ passed: expected, failed: unexpected + flaky, skipped }, code, 'playwright');
}

/** No test at all, or a failure that is in none of them, is one too. */
function orFailed(counts, code, name) {
  if (counts.failed > 0 || (code === 0 && counts.passed > 0)) return counts;
  say(`✗ ${name} ended with exit code ${code} after ${counts.passed} tests\n`);
  return { ...counts, failed: 1 };
}
