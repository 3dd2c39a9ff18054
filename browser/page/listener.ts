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
  /** Plays another track from now on, as after a reconnection; what was heard still counts. */
  attach(track: MediaStreamTrack): void;
  /** The longest time without the voice since it was asked to mark, and up to now; ±20 ms. */
  readonly longestGapMs: number;
  /** When that was, since the participant's start. */
  readonly lastMs: number;
  mark(): void;
  stop(): void;
}

/** `since` gives the milliseconds since the participant began to connect. */
export function listen(
  { nonce, whose }: { readonly nonce: number; readonly whose: Side },
  audioContext: AudioContext,
  since: () => number,
): Listener {
  const tones = tonesOf(nonce);
  // Chromium decodes sound only for an element that plays it.
  const audio = document.createElement('audio');
  const analyser = new AnalyserNode(audioContext, { fftSize: samplesEach });
  let source: MediaStreamAudioSourceNode | undefined;
  const samples = new Float32Array(samplesEach);
  const windowMs = (samplesEach / audioContext.sampleRate) * 1000;
  const latencies: number[] = [];
  let [looks, voiced, foreign] = [0, 0, 0];
  let firstSoundMs: number | undefined;
  let lastTurn: 0 | 1 | undefined;
  let voicedAtMs = since();
  let gapMs = 0;

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
    gapMs = Math.max(gapMs, since() - voicedAtMs);
    voicedAtMs = since();
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
    attach(track) {
      const mediaStream = new MediaStream([track]);
      audio.srcObject = mediaStream;
      audio.play().catch(() => {});
      source?.disconnect();
      source = new MediaStreamAudioSourceNode(audioContext, { mediaStream });
      source.connect(analyser);
    },
    get longestGapMs() {
      return Math.max(gapMs, since() - voicedAtMs);
    },
    get lastMs() {
      return voicedAtMs;
    },
    mark() {
      gapMs = 0;
      voicedAtMs = since();
    },
    stop() {
      clearInterval(looking);
      source?.disconnect();
      audio.srcObject = null;
    },
  };
}
