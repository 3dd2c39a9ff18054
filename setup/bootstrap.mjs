/**
 * `npm start` and `npm test` on a machine that has Node and git: what is missing is installed and built, then the work
 * begins. It uses nothing but Node's own modules and stays quiet where there is nothing to do. Progress is on standard
 * error; standard output belongs to what is started.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { getLabTools } from './lab-tools.mjs';
import { built, fail, root, run, SetupError, say } from './process.mjs';

const [task, ...args] = process.argv.slice(2);
say('livekit-doctor: checking the set-up\n');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 3)) {
  fail(`Node ${process.versions.node} is too old: 20.3 or newer is needed (https://nodejs.org).`);
}

const tasks = { start, test, lab, build: async () => {}, schema };
if (!Object.hasOwn(tasks, task)) fail(`there is no task ${task}`);

try {
  const { build, packages } = await import('./steps.mjs');
  await packages();
  await build();
  await tasks[task]();
} catch (error) {
  fail(error instanceof SetupError ? error.message : error.stack);
}

/** In this process, as another would cost a start of Node. */
async function start() {
  await getPrograms();
  process.argv = [process.execPath, root('dist/cli/main.js'), 'check', 'embedded', ...args];
  await built('cli/main.js');
}

/** `npm run lab -- FAULT`. */
async function lab() {
  await getPrograms();
  await getLabTools();
  process.argv = [process.execPath, root('dist/cli/main.js'), 'lab', ...args];
  await built('cli/main.js');
}

async function test() {
  await getPrograms({ firefox: true });
  await getLabTools();
  const { runTests } = await import('./test.mjs');
  // Built at the lowest priority beside the first tests: helm takes minutes of a processor where it was never built.
  const { getChartTools } = await import('./chart-tools.mjs');
  const chartTools = getChartTools().catch(({ message }) =>
    say(`livekit-doctor: no tools for the chart: ${message}\n`),
  );
  process.exitCode = await runTests(chartTools);
}

/** Writes anew what is made of the schemas: those that ship beside the package, and the tables in the documentation. */
async function schema() {
  const { runJsonSchema } = await built('evidence/schema.js');
  const { configurationJsonSchema, withKeyTables } = await built('environment/json-schema.js');
  const write = (path, json) => writeFileSync(root(path), `${JSON.stringify(json, null, 2)}\n`);
  write('evidence/run.schema.json', runJsonSchema());
  write('environment/livekit-doctor.schema.json', configurationJsonSchema());
  const page = root('docs/configuration.md');
  writeFileSync(page, withKeyTables(readFileSync(page, 'utf8')));
}

/** livekit-server and a browser or two. Where one cannot be had, the run says what it could not do without it. */
async function getPrograms({ firefox = false } = {}) {
  const [{ findLivekitServer }, { findBrowser }, { findFirefox }] = await Promise.all([
    built('fixtures/embedded/livekit-server.js'),
    built('browser/executable.js'),
    built('browser/firefox-executable.js'),
  ]);
  const missing =
    !('path' in (await findLivekitServer())) || findBrowser() === undefined || (firefox && findFirefox() === undefined);
  if (missing) {
    const flags = firefox ? ['--firefox'] : [];
    await run(process.execPath, [root('dist/cli/main.js'), 'setup', ...flags], { mayFail: true });
  }
}
