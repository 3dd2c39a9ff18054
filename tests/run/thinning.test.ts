/** Which of the kept runs are forgotten. */
import { test } from 'tap';
import type { Verdict } from '../../evidence/run.js';
import { forgotten, type Kept } from '../../run/thinning.js';

const [second, day] = [1000, 86_400_000];
const nowMs = Date.UTC(2026, 5, 1, 12, 30);
const keep = { keepMs: 90 * day, nowMs };

/** Every so often until now; `verdict` by age. */
function runs(everyMs: number, spanMs: number, verdict: (ageMs: number) => Verdict = () => 'pass'): Kept[] {
  const count = Math.floor(spanMs / everyMs);
  return Array.from({ length: count }, (_, i) => {
    const ageMs = (count - i) * everyMs;
    return { startedAt: new Date(nowMs - ageMs).toISOString(), verdict: verdict(ageMs) };
  });
}

function kept(all: readonly Kept[], limits = keep): Kept[] {
  const gone = new Set(forgotten(all, limits));
  return all.filter((run) => !gone.has(run));
}

test('three months of nights are all kept, and no more', async (t) => {
  t.equal(kept(runs(day, 89 * day)).length, 89);
  t.equal(kept(runs(day, 200 * day)).length, 90);
});

test('a check each half minute for a month: the newest, then one of each hour, then one of each day', async (t) => {
  const left = kept(runs(30 * second, 30 * day));
  const hours = left.filter(({ startedAt }) => nowMs - Date.parse(startedAt) <= 7 * day).length;
  t.ok(hours >= 100 + 7 * 24 - 2 && hours <= 100 + 7 * 24 + 2, `${hours} of the last week`);
  t.ok(left.length - hours >= 22 && left.length - hours <= 25, `${left.length - hours} of before`);
  t.same(kept(left), left, 'once more forgets nothing');
});

test('it comes to the same one by one as all at once', async (t) => {
  const all = runs(10 * 60 * second, 4 * day, (ageMs) => (ageMs === 2 * day ? 'fail' : 'pass'));
  let left: Kept[] = [];
  for (const run of all) left = kept([...left, run], { ...keep, nowMs: Date.parse(run.startedAt) });
  t.same(left, kept(all, { ...keep, nowMs: Date.parse(all.at(-1)?.startedAt ?? '') }));
});

test('what failed is kept, and what was before and after it', async (t) => {
  const all = runs(30 * second, 2 * day, (ageMs) => (ageMs > day && ageMs <= day + 90 * second ? 'fail' : 'pass'));
  const first = all.findIndex(({ verdict }) => verdict === 'fail');
  const left = kept(all);
  for (const run of all.slice(first - 1, first + 4)) t.ok(left.includes(run), run.verdict);
  t.notOk(left.includes(all[first - 2] as Kept));
});

test('an outage of days fills no disk, and the last good run is found after it', async (t) => {
  const all = runs(30 * second, 5 * day, (ageMs) => (ageMs > 4 * day ? 'pass' : 'fail'));
  const left = kept(all);
  t.equal(left.length, 1001);
  t.same(
    left.filter(({ verdict }) => verdict === 'pass'),
    [all.findLast(({ verdict }) => verdict === 'pass')],
  );
  t.same(kept(runs(day, 300 * day, (ageMs) => (ageMs > 200 * day ? 'pass' : 'fail'))).length, 91, 'however old it is');
  t.same(forgotten([], keep), []);
});
