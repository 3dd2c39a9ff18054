/** The codes by which pictures and voices prove whose they are. */
import fc from 'fast-check';
import t from 'tap';
import { clockMs, columns, decodeStamp, elapsedMs, encodeStamp, rows } from '../../browser/page/stamp.js';
import { hear, shareAt, tonesOf } from '../../browser/page/tones.js';

const anyStamp = fc.record({
  nonce: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sender: fc.integer({ min: 0, max: 255 }),
  sequence: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  clockMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

t.test('a stamp is read as it was written', async (t) => {
  fc.assert(
    fc.property(anyStamp, (stamp) => {
      const blocks = encodeStamp(stamp);
      return blocks.length === columns * rows && JSON.stringify(decodeStamp(blocks)) === JSON.stringify(stamp);
    }),
  );
  t.equal(decodeStamp([]), undefined);
});

t.test('a stamp of which up to three blocks, or a run of 16, were decoded wrongly is none', async (t) => {
  const flips = fc.oneof(
    fc.uniqueArray(fc.integer({ min: 0, max: columns * rows - 1 }), { minLength: 1, maxLength: 3 }),
    fc
      .record({ at: fc.nat(columns * rows - 17), length: fc.integer({ min: 1, max: 16 }) })
      .map(({ at, length }) => Array.from({ length }, (_, index) => at + index)),
  );
  fc.assert(
    fc.property(anyStamp, flips, (stamp, wrong) => {
      const blocks = encodeStamp(stamp).map((white, index) => white !== wrong.includes(index));
      return decodeStamp(blocks) === undefined;
    }),
  );
  t.pass();
});

t.test('clocks are compared across the moment at which they begin anew', async (t) => {
  t.equal(elapsedMs(2 ** 32 - 5, 5), 10);
  t.equal(elapsedMs(5, 2 ** 32 - 5), -10);
  t.ok(clockMs() < 2 ** 32);
});

const sampleRate = 48_000;

function samplesOf(frequencies: readonly number[], volume = 0.1, length = 1024): Float32Array {
  return new Float32Array(length).map((_, index) =>
    frequencies.reduce((sum, hz) => sum + volume * Math.sin((2 * Math.PI * hz * index) / sampleRate + hz), 0),
  );
}

t.test('a voice is told from every other of the same run, and from silence and noise', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1), (nonce, turn) => {
      const tones = tonesOf(nonce);
      for (const side of ['caller', 'callee'] as const) {
        const { steady, turns } = tones[side];
        const heard = hear(samplesOf([steady, turns[turn as 0 | 1]]), sampleRate, tones);
        if (heard.voices.join() !== side || heard.turn[side] !== turn) return false;
        if (hear(samplesOf([steady]), sampleRate, tones).voices.length > 0) return false;
      }
      return true;
    }),
  );
  const tones = tonesOf(1);
  t.same(hear(new Float32Array(1024), sampleRate, tones), { voices: [], turn: {} });
  t.same(hear(samplesOf([tones.caller.steady, tones.caller.turns[0]], 1e-4), sampleRate, tones).voices, []);
  const noise = new Float32Array(1024).map((_, index) => 0.2 * Math.sin(index * index));
  t.same(hear(noise, sampleRate, tones).voices, []);
  const share = shareAt(1000, samplesOf([1000]), sampleRate);
  t.ok(Math.abs(share - 1) < 0.01, `all of a pure tone is at its frequency: ${share}`);
});
