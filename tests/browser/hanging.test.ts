/** A Chromium that hangs at its start: another one is tried beside it. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startBrowser } from '../../browser/driver.js';
import { findBrowser } from '../../browser/executable.js';
import { ownDirectory, untilNothingRemains } from '../fixtures/left-behind.js';

const { executable = '' } = findBrowser() ?? {};

/** A program that hangs the first time, and then is the browser. */
function hangingOnce(t: Test): string {
  const directory = t.testdir({
    chromium: `#!/bin/sh
mkdir "$(dirname "$0")/hung" 2>/dev/null && exec sleep 60
exec ${executable} "$@"
`,
  });
  const program = join(directory, 'chromium');
  chmodSync(program, 0o755);
  return program;
}

t.test('the next one is taken, and nothing of the first one stays', { timeout: 60_000 }, async (t) => {
  const directory = ownDirectory(t);
  const started = startBrowser({ executable: hangingOnce(t), names: [], trustedKeys: [] });
  t.equal(started.stage, 'driver');
  while (started.stage === 'driver') await sleep(10);
  t.equal(started.stage, 'launch');
  const { name } = await started.ready;
  t.equal(name, 'chromium');
  t.equal(started.stage, 'pages');
  await started.close();
  t.same(await untilNothingRemains(directory), []);
});
