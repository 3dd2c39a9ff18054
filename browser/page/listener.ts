/** Listens for the tones of a voice in what an audio element plays. */
import type { HeardVoice } from '../../evidence/facts.js';
import type { Side } from '../exchange.js';
import { clockMs } from './stamp.js';
import { hear, tonesOf, turnMs } from './tones.js';
import { median } from './viewer.js';

/** How often, in milliseconds, and how many samples are looked at: 21 ms at 48 kHz. */
const everyMs = 20;
const samplesEach = 1024;
/** So many looks that heard it: 60 ms and more of it. */
const enoughLooks = 3;
const mostLatencies = 120;

export interface Listener {
  /** Whose voice it should be was heard. */
  isProven(): boolean;
  /** Milliseconds since the participant's start. */
  readonly firstSoundMs: number | undefined;
  heard(): HeardVoice;
  stop(): void;
}

export function listen(
  track: MediaStreamTrack,
  { nonce, whose }: { readonly nonce: number; readonly whose: Side },
  audioContext: AudioContext,
  since: () => number,
): Listener {
  const tones = tonesOf(nonce);
  const source = new MediaStreamAudioSourceNode(audioContext, { mediaStream: new MediaStream([track]) });
  const analyser = new AnalyserNode(audioContext, { fftSize: samplesEach });
  source.connect(analyser);
  const samples = new Float32Array(samplesEach);
  const windowMs = (samplesEach / audioContext.sampleRate) * 1000;
  const latencies: number[] = [];
  let [looks, voiced, foreign] = [0, 0, 0];
  let firstSoundMs: number | undefined;
  let lastTurn: 0 | 1 | undefined;

  const look = (): void => {
    analyser.getFloatTimeDomainData(samples);
    const { voices, turn } = hear(samples, audioContext.sampleRate, tones);
    looks += 1;
    if (voices.some((voice) => voice !== whose)) foreign += 1;
    const now = turn[whose];
    if (now === undefined) {
      lastTurn = undefined;
      return;
    }
    voiced += 1;
    if (voiced === enoughLooks) firstSoundMs ??= since();
    if (lastTurn !== undefined && now !== lastTurn && latencies.length < mostLatencies) {
      // Heard as soon as it fills half of the window, and noticed half of the time between looks later.
      const heardMs = clockMs() - windowMs / 2 - everyMs / 2;
      const period = 2 * turnMs;
      const began = now === 0 ? 0 : turnMs;
      latencies.push((((heardMs - began) % period) + period) % period);
    }
    lastTurn = now;
  };
  const looking = setInterval(look, everyMs);

  return {
    isProven: () => voiced >= enoughLooks,
    get firstSoundMs() {
      return firstSoundMs;
    },
    heard: () => ({
      looks,
      voiced,
      foreign,
      ...(latencies.length > 0 && { latencyMs: median(latencies) }),
    }),
    stop() {
      clearInterval(looking);
      source.disconnect();
    },
  };
}
