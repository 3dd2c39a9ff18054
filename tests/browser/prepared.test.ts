/** A Chromium that was started ahead of time is the one that a run gets, where it is the one that the run wants. */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { discardPrepared, prepareBrowser, startBrowser } from '../../browser/driver.js';
import { findBrowser } from '../../browser/executable.js';

const { executable = '' } = findBrowser() ?? {};
const options = { executable, names: [], trustedKeys: [] };

/** Processes that drive browsers for this one. */
function hosts(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return (
          Number(parent) === process.pid && /browser\/host\.[jt]s/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        );
      } catch {
        return false;
      }
    });
}

t.teardown(discardPrepared);

t.test('the same names and keys: it is there already', async (t) => {
  prepareBrowser(options);
  const prepared = hosts();
  const { ready, close } = startBrowser({ ...options });
  t.equal(prepared.length, 1);
  t.same(hosts(), prepared, 'no other one is started');
  t.equal((await ready).name, 'chromium');
  await close();
  t.same(hosts(), []);
});

t.test('other ones: a run gets what it wants', async (t) => {
  prepareBrowser({ ...options, executable: '/nowhere/chromium' });
  const { ready, close } = startBrowser(options);
  t.equal((await ready).name, 'chromium');
  await close();
});

t.test('what nobody wanted in the end is ended', async (t) => {
  prepareBrowser(options);
  t.equal(hosts().length, 1);
  await discardPrepared();
  t.same(hosts(), []);
});
