import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'tap';
import { eitherSignal } from '../../evidence/abort.js';

test('one of several signals, or the time', async (t) => {
  const [first, second] = [new AbortController(), new AbortController()];
  const either = eitherSignal([first.signal, undefined, second.signal], 60_000);
  t.equal(either.aborted, false);
  second.abort('enough');
  t.equal(either.aborted, true);
  t.equal(either.reason, 'enough');
  t.equal(eitherSignal([AbortSignal.abort('before')]).reason, 'before');
});

test('a timeout comes although nobody but a listener knows of it, and memory is cleared meanwhile', async (t) => {
  let aborted = false;
  const listen = (): void => eitherSignal([], 50).addEventListener('abort', () => (aborted = true));
  listen();
  for (let i = 0; i < 40 && !aborted; i++) {
    // Enough to have it cleared: without `--expose-gc` nobody can ask for it.
    Array.from({ length: 200_000 }, () => ({}));
    await pause(20);
  }
  t.equal(aborted, true);
});
