/** When checks are due. */
import { test } from 'tap';
import { jitterMs, nextSlot, phaseOf, slotMs } from '../../serve/slots.js';

const minute = 60_000;
const quarter = 15 * minute;

test('fifty environments are spread over their period, and one more moves none of them', async (t) => {
  const starts = Array.from({ length: 50 }, (_, i) => slotMs({ periodMs: 10_000, phase: phaseOf(i) }, 0));
  const sorted = [...starts].sort((a, b) => a - b);
  const gaps = sorted.map((at, i) => (sorted[i + 1] ?? (sorted[0] as number) + 10_000) - at);
  t.ok(Math.min(...gaps) > 60, `an even one would be 200 ms, the narrowest is ${Math.min(...gaps)}`);
  t.ok(Math.max(...gaps) < 400);
  t.ok(sorted.every((at) => at >= 0 && at < 10_000));
});

test('a short period goes on evenly', async (t) => {
  const schedule = { periodMs: 30_000, phase: 0.5 };
  t.same(
    [0, 1, 2].map((number) => slotMs(schedule, number)),
    [15_000, 45_000, 75_000],
  );
});

test('with a long one nobody waits for the first result, and nothing is done twice in a row', async (t) => {
  for (const phase of [0, 0.1, 0.3, 0.618, 0.99]) {
    const [first = 0, second = 0, third = 0] = [0, 1, 2].map((number) => slotMs({ periodMs: quarter, phase }, number));
    t.ok(first < minute, `${phase}`);
    t.ok(second - first >= quarter / 2 && second - first <= 1.5 * quarter, `${phase}: ${second - first}`);
    t.equal(Math.round(third - second), quarter);
    t.ok(Math.abs((second % quarter) - phase * quarter) < 1, 'in its place of the period');
  }
});

test('what was slept through is counted and not made up for', async (t) => {
  const schedule = { periodMs: 10_000, phase: 0 };
  t.same(nextSlot(schedule, 0, 100), { number: 1, skipped: 0 }, 'in time');
  t.same(nextSlot(schedule, 0, 12_000), { number: 1, skipped: 0 }, 'a little late: at once');
  t.same(nextSlot(schedule, 0, 16_000), { number: 2, skipped: 1 });
  t.same(nextSlot(schedule, 0, 60_000), { number: 6, skipped: 5 });
});

test('the jitter is small and never early', async (t) => {
  t.equal(jitterMs({ periodMs: 30_000, phase: 0 }, 0), 0);
  t.equal(jitterMs({ periodMs: 30_000, phase: 0 }, 1), 1500);
});
