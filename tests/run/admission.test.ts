import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { admission } from '../../run/admission.js';

/** How many of so many have begun after a while, each of which keeps a processor for so long. */
async function beganAfter(ms: number, { many, costMs }: { many: number; costMs: number }): Promise<number> {
  let cpuMs = 0;
  let began = 0;
  const { enter, leave } = admission(() => cpuMs);
  const controller = new AbortController();
  for (let i = 0; i < many; i++) {
    void enter(controller.signal).then(() => {
      began += 1;
      cpuMs += costMs;
      leave();
    });
  }
  await sleep(ms);
  const soFar = began;
  controller.abort();
  return soFar;
}

t.test('a few begin at once', async (t) => {
  t.equal(await beganAfter(0, { many: 4, costMs: 100 }), 4);
});

t.test('many begin as fast as the process can follow', async (t) => {
  const cheap = await beganAfter(500, { many: 1000, costMs: 1 });
  const costly = await beganAfter(500, { many: 1000, costMs: 40 });
  t.ok(costly >= 4 && cheap > costly, `${cheap} of those that cost little, ${costly} of those that cost much`);
});

t.test('nobody begins while the event loop is kept busy', async (t) => {
  const { enter, leave } = admission(() => 0);
  const { signal } = new AbortController();
  let began = 0;
  for (let i = 0; i < 20; i++) {
    void enter(signal).then(() => {
      began += 1;
      leave();
      // As long as this goes on, every timer is late.
      const untilMs = performance.now() + 30;
      while (performance.now() < untilMs);
    });
  }
  await sleep(100);
  t.ok(began < 20, `${began} of 20`);
});

t.test('where the event loop is late all the time, they begin all the same', async (t) => {
  const { enter, leave } = admission(() => 0);
  const { signal } = new AbortController();
  const busy = setInterval(() => {
    const untilMs = performance.now() + 30;
    while (performance.now() < untilMs);
  }, 1);
  let began = 0;
  for (let i = 0; i < 6; i++) {
    await enter(signal);
    began += 1;
    leave();
  }
  clearInterval(busy);
  t.equal(began, 6);
});

t.test('once it is interrupted nobody waits', async (t) => {
  const controller = new AbortController();
  const { enter } = admission(() => 0);
  const all = Promise.all(Array.from({ length: 50 }, () => enter(controller.signal)));
  controller.abort();
  await all;
  t.pass('all went through');
});
