/**
 * What each participant sounds like: one steady tone, and two that take turns twice a second by the clock. Which
 * frequencies these are follows from the run's nonce, so a voice of another run is not taken for one of this. Pure.
 */
import type { Side } from '../exchange.js';

export interface Tones {
  /** Hz. */
  readonly steady: number;
  /** Hz: the first in the first half of each second, the second in the other. */
  readonly turns: readonly [number, number];
}

/** Hz, within the band of a telephone, further apart than what 20 ms of sound can tell. */
const choices = [440, 570, 710, 860, 1030, 1220, 1430, 1670, 1930, 2220, 2540, 2890] as const;

/** How long each of the two turns takes. */
export const turnMs = 500;

/** A permutation that follows from the nonce (Fisher–Yates over the generator of Numerical Recipes). */
export function tonesOf(nonce: number): Record<Side, Tones> {
  const left: number[] = [...choices];
  let state = nonce >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [one = 0] = left.splice(Math.floor((state / 2 ** 32) * left.length), 1);
    return one;
  };
  const next = (): Tones => ({ steady: draw(), turns: [draw(), draw()] });
  return { caller: next(), callee: next() };
}

/** The share of the whole power of these samples that is at this frequency, 0 to 1 (Goertzel's algorithm). */
export function shareAt(frequencyHz: number, samples: Float32Array, sampleRateHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRateHz);
  let [before, last, power] = [0, 0, 0];
  samples.forEach((sample, index) => {
    // Hann's window: otherwise each tone leaks into its neighbours.
    const weighted = sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / (samples.length - 1)));
    const current = weighted + coefficient * last - before;
    before = last;
    last = current;
    power += weighted * weighted;
  });
  if (power === 0) return 0;
  const magnitude = last * last + before * before - coefficient * last * before;
  // Under Hann's window a pure sinus has a magnitude of a third of its power times the number of samples.
  return (3 * magnitude) / (samples.length * power);
}

export interface Heard {
  /** Of whom the steady tone and one of the turns were there. */
  readonly voices: readonly Side[];
  /** Which of the turns it was, by voice. */
  readonly turn: Partial<Record<Side, 0 | 1>>;
}

/** Below this there is silence: −60 dB of full scale. */
const quiet = 1e-3;
/** Each of the two tones has half of the power; what is lost to codecs and noise leaves much more than this. */
const enough = 0.2;

export function hear(samples: Float32Array, sampleRateHz: number, tones: Record<Side, Tones>): Heard {
  let loudest = 0;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  const voices: Side[] = [];
  const turn: Partial<Record<Side, 0 | 1>> = {};
  if (loudest < quiet) return { voices, turn };
  for (const side of ['caller', 'callee'] as const) {
    const { steady, turns } = tones[side];
    const [first, second] = turns.map((one) => shareAt(one, samples, sampleRateHz)) as [number, number];
    if (shareAt(steady, samples, sampleRateHz) < enough || Math.max(first, second) < enough) continue;
    voices.push(side);
    turn[side] = first >= second ? 0 : 1;
  }
  return { voices, turn };
}
