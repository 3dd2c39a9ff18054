/** The spec of docs/playwright.md runs as it stands there, and the reporter writes the run document. */
import { join } from 'node:path';
import t from 'tap';
import { loadRun } from '../../evidence/load.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { documented, leftovers, makePackage, runPlaywright } from './user.js';

t.test('in a network of our own', { timeout: 180_000 }, async (t) => {
  if (!(await inOwnNamespace(t, import.meta.url))) return;
  const files = documented();
  const spec = files.get('calls/talk.spec.ts') ?? '';
  t.ok(spec.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//')).length <= 10, 'ten lines');

  t.test('the ten lines pass on the embedded environment', async (t) => {
    const directory = makePackage(t, files);
    const { code, said } = await runPlaywright(directory, ['--project=embedded-chromium', '--trace=on']);
    t.equal(code, 0, said);
    t.match(said, /1 passed/);
    const run = await loadRun(join(directory, 'run.json'));
    t.match(run.environments, [{ name: 'embedded', verdict: 'pass', asked: { depth: 'wire' } }]);
    const traces = [...leftovers(directory).keys()].filter((name) => /trace|\.zip$/.test(name));
    t.same(traces, [], 'there is no trace, whatever is asked for');
  });

  t.test('participants see and hear each other and nobody else, on the path that they are held to', async (t) => {
    const more = `
import { expect, test } from 'livekit-doctor/playwright';
test.use({ callerBrowser: 'chromium' });
test('both ways, each by another path, until the camera is off', async ({ caller, callee, environment }) => {
  expect(environment.name).toBe('embedded');
  await caller.join({ path: 'turn-tls' });
  await callee.join({ path: 'tcp' });
  await caller.publish();
  await expect(caller.sees(callee, { timeout: 1000 })).rejects.toThrow('the caller does not see the callee: no picture came');
  await callee.publish();
  await Promise.all([callee.sees(caller), callee.hears(caller), caller.sees(callee), caller.hears(callee)]);
  expect([await caller.paths(), await callee.paths()]).toEqual([['turn-tls'], ['tcp']]);
  await expect(caller.sees(caller)).rejects.toThrow('itself');
  await callee.page.evaluate(async () => void (await guest.room?.localParticipant.setCameraEnabled(false)));
  await expect(caller.sees(callee, { timeout: 2000 })).rejects.toThrow('does not see');
  await caller.hears(callee);
  await callee.leave();
  await expect(caller.hears(callee, { timeout: 1000 })).rejects.toThrow('does not hear the callee');
  await callee.join();
  await callee.publish();
  await caller.sees(callee);
});
`;
    const traced = `
import { test } from 'livekit-doctor/playwright';
test.use({ trace: 'on' });
test('a trace is refused', async ({ caller }) => {
  await caller.join();
});
`;
    const elsewhere = `
import { test } from 'livekit-doctor/playwright';
test.use({ callerBrowser: 'webkit' });
test('a browser that is not there', async ({ caller }) => {
  throw new Error('the caller is in ' + caller.page.context().browser()?.browserType().name());
});
`;
    const specs = { talk: more, traced, elsewhere };
    const directory = makePackage(
      t,
      new Map([...files, ...Object.entries(specs).map(([name, text]) => [`calls/${name}.spec.ts`, text] as const)]),
    );
    const { code, said } = await runPlaywright(directory, ['--project=embedded-chromium', '--reporter=list']);
    t.equal(code, 1, said);
    t.match(said, /1 failed[\s\S]*is refused[\s\S]*1 skipped[\s\S]*1 passed/);
    t.match(said, /a trace would hold tokens/);
  });
});
