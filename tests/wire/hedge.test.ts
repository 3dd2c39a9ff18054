/** Attempts beside silent ones: which of them counts, and what becomes of the others. */
import t from 'tap';
import { type Attempt, hedged } from '../../wire/hedge.js';

type Outcome = 'silent' | `answer ${number}`;

const never = new AbortController().signal;

/** `attempts` get their number, from 1. */
async function outcomeOf(attempts: (nth: number, ...rest: Parameters<Attempt<Outcome>>) => Promise<Outcome>) {
  const discarded: Outcome[] = [];
  const signals: AbortSignal[] = [];
  const outcome = await hedged<Outcome>(
    (signal, claim) => {
      signals.push(signal);
      return attempts(signals.length, signal, claim);
    },
    {
      everyMs: 5,
      most: 3,
      signal: never,
      decides: (one) => one !== 'silent',
      discard: (one) => void discarded.push(one),
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { outcome, discarded, aborted: signals.map((one) => one.aborted) };
}

const untilAborted = (signal: AbortSignal): Promise<Outcome> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve('silent'), { once: true }));

t.test('one that is answered at once is the only one', async (t) => {
  t.same(await outcomeOf(async () => 'answer 1'), { outcome: 'answer 1', discarded: [], aborted: [false] });
});

t.test('the first answer counts, and the others are stopped', async (t) => {
  const seen = await outcomeOf(async (nth, signal) => (nth === 2 ? 'answer 2' : untilAborted(signal)));
  t.same(seen, { outcome: 'answer 2', discarded: ['silent'], aborted: [true, false] });
});

t.test('where nothing answers, the end of the first one is the end', async (t) => {
  const seen = await outcomeOf(async (nth, signal) => {
    if (nth > 1) return untilAborted(signal);
    await new Promise((resolve) => setTimeout(resolve, 60));
    return 'silent';
  });
  t.same(seen, { outcome: 'silent', discarded: ['silent', 'silent'], aborted: [false, true, true] });
});

t.test('who claims it early goes on alone, and the late are thrown away', async (t) => {
  const claims: boolean[] = [];
  const seen = await outcomeOf(async (nth, _signal, claim) => {
    if (nth === 2) claims.push(claim());
    await new Promise((resolve) => setTimeout(resolve, nth === 1 ? 15 : 30));
    claims.push(claim());
    return `answer ${nth}`;
  });
  t.same(seen, { outcome: 'answer 2', discarded: ['answer 1'], aborted: [true, false] });
  t.same(claims, [true, false, true]);
});

t.test('stopped from outside, all of them are', async (t) => {
  const stop = new AbortController();
  const ended = hedged<Outcome>(untilAborted, {
    everyMs: 5,
    most: 3,
    signal: stop.signal,
    decides: (one) => one !== 'silent',
    discard: () => {},
  });
  stop.abort();
  t.equal(await ended, 'silent');
});
