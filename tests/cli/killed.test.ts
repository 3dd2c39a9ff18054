/**
 * `check` and `serve`, killed at random moments: no process, network namespace or temporary file is left, rooms close, and
 * neither a report nor the history is broken. The long form is `npm run bench -- kills`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { killAll, subjects } from '../../bench/kills.js';
import { sandboxCommand } from '../../fixtures/lab/sandbox.js';

const [program, ...args] = sandboxCommand('ip', 'link', 'set', 'lo', 'up');
const lacking = await promisify(execFile)(program, args).then(
  () => false as const,
  (error: Error) => `no sandbox can be made here: ${error.message}`,
);

t.test('killed at any moment', { skip: lacking, timeout: 600_000 }, async (t) => {
  const times = 30;
  const seed = Date.now() % 1_000_000;
  t.comment(`npm run bench -- kills --times ${times} --seed ${seed}`);
  const { kills, wrong, kept } = await killAll({ times, seed, subjects }, (line) => t.comment(line.trimEnd()));
  t.equal(kills.length, times);
  for (const { subject, way, afterMs, left } of kills) {
    t.same(left, [], `${subject}, ${way} after ${Math.round(afterMs)} ms`);
  }
  t.ok(
    kills.some(({ end }) => end === 'SIGKILL'),
    'some were killed while they ran',
  );
  t.same(wrong, [], 'rooms close, and what was only begun is swept');
  t.ok(kept > 0, 'and the history works');
});
