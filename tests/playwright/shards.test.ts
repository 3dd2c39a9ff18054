/** Shards on runners of their own, as docs/playwright.md says: their merged blobs are one run, with the verdict of the whole. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadRun } from '../../evidence/load.js';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { documented, makePackage, playwright } from './user.js';

/** Half of the paths that the embedded environment requires; what is not tried is not proven. */
const spec = (...paths: string[]): string => `
import { test } from 'livekit-doctor/playwright';
for (const path of ${JSON.stringify(paths)} as const)
  test(path, async ({ doctor, meeting }) => doctor.meet(path, meeting));
`;

t.test('in a network of our own', { timeout: 180_000 }, async (t) => {
  if (!(await inOwnNamespace(t, import.meta.url))) return;
  const files = documented();
  files.delete('calls/talk.spec.ts');
  files.set('calls/first.spec.ts', spec('udp', 'tcp'));
  files.set('calls/second.spec.ts', spec('turn-udp', 'turn-tls'));
  const directory = makePackage(t, files);
  const runOf = (): Promise<Run> => loadRun(join(directory, 'run.json'));

  mkdirSync(join(directory, 'blobs'));
  for (const shard of ['1/2', '2/2']) {
    const reporters = ['blob', 'livekit-doctor/reporter'].join(',');
    const { code, said } = await playwright(directory, [
      'test',
      '--project=embedded-chromium',
      `--shard=${shard}`,
      `--reporter=${reporters}`,
    ]);
    t.equal(code, 0, said);
    t.match(said, /\? inconclusive {2}embedded/, 'half of the paths are not proven by this shard');
    const blobs = readdirSync(join(directory, 'blob-report'));
    t.equal(blobs.length, 1);
    for (const blob of blobs) copyFileSync(join(directory, 'blob-report', blob), join(directory, 'blobs', blob));
  }
  const mergedAt = Date.now();
  const { code, said } = await playwright(directory, ['merge-reports', '--config', 'merge.config.ts', 'blobs']);
  t.equal(code, 0, said);
  t.match(said, /✓ pass {2}embedded/);

  const run = await runOf();
  const [environment] = run.environments as [EnvironmentRun];
  t.equal(run.environments.length, 1);
  t.match(environment, { name: 'embedded', verdict: 'pass', asked: { depth: 'media' }, findings: [] });
  const tried = environment.observations.filter(({ probe }) => probe === 'media');
  t.same(tried.map(({ id, state }) => `${id} ${state}`).sort(), [
    'media:tcp ok',
    'media:turn-tls ok',
    'media:turn-udp ok',
    'media:udp ok',
  ]);
  const startedAt = Date.parse(run.startedAt);
  t.ok(startedAt < mergedAt, 'it began when the first shard did, not when they were merged');
  t.ok(startedAt + run.durationMs <= mergedAt, 'and ended with the last');
  for (const { id, startMs, endMs } of environment.observations)
    t.ok(startMs >= 0 && endMs >= startMs && endMs <= run.durationMs, `${id} lies within the run`);
});
