/** The short form of the soak: what is healthy never fails, and what is broken is counted by the same code. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Condition, conditions } from '../../bench/soak/conditions.js';
import { soakHealthy } from '../../bench/soak/healthy.js';
import { sumHealthy } from '../../bench/soak/tally.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import {
  besides,
  type HealthyLine,
  healthyFile,
  type LeftLine,
  leftFile,
  readLines,
  type SoakDepth,
} from '../../fixtures/soak/lines.js';

t.setTimeout(600_000);
const livekitServer = await requireLivekitServer();

const named = (wanted: string): Condition => {
  const found = conditions.find(({ name }) => name === wanted);
  if (!found) throw new Error(`there is no condition ${wanted}`);
  return found;
};

async function soak(t: Test, condition: Condition, depth: SoakDepth, count: number) {
  const file = join(t.testdir(), healthyFile);
  await soakHealthy({
    conditions: [condition],
    runs: { wire: 0, media: 0, [depth]: count },
    file,
    livekitServer,
    signal: new AbortController().signal,
    onProgress: (line) => t.comment(line),
  });
  const lines = readLines<HealthyLine>(file);
  const left = readLines<LeftLine>(besides(file, leftFile));
  return { lines, left, sum: sumHealthy(condition.name, depth, lines) };
}

async function noAlarm(t: Test, condition: Condition, depth: SoakDepth, count: number): Promise<readonly LeftLine[]> {
  let made = await soak(t, condition, depth, count);
  const starved = made.lines.some(({ load, cores }) => load > cores);
  if (made.sum.fail + made.sum.broken > 0 && starved) {
    t.comment('once more: this machine was very busy');
    made = await soak(t, condition, depth, count);
  }
  const { runs, fail, broken, codes } = made.sum;
  t.same({ runs, fail, broken }, { runs: count, fail: 0, broken: 0 }, JSON.stringify(codes));
  return made.left;
}

t.test('200 checks at depth wire in one process', async (t) => {
  const many = named('many');
  const left = await noAlarm(t, { ...many, atOnce: { ...many.atOnce, wire: 200 } }, 'wire', 200);
  t.match(left, [{ runs: 200, secrets: 0, people: 0, rooms: 0, processes: 0 }], 'and nothing is left behind');
});

t.test('five checks at depth media, of the whole command', async (t) => {
  await noAlarm(t, named('embedded'), 'media', 5);
});

t.test('a deployment that is broken is counted as a false alarm', async (t) => {
  const quiet = named('quiet');
  const [lab] = quiet.labs ?? [];
  if (!lab) throw new Error('there is a lab');
  const broken = { ...quiet, labs: [{ ...lab, faults: [...lab.faults, 'udp-port-closed'] }] };
  const { lines, sum } = await soak(t, broken, 'wire', 2);
  t.match(sum, { runs: 2, fail: 2, pass: 0, bound: 1, codes: { 'fail: udp-port-closed': 2 } });
  t.ok(
    lines.every(({ kept }) => kept !== undefined && existsSync(kept)),
    'its run documents are kept',
  );
});
