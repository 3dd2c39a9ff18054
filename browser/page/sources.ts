/** What a participant shows and sounds like: a stamped, moving picture and a voice of tones. */
import type { Side } from '../exchange.js';
import { clockMs, columns, encodeStamp, rows } from './stamp.js';
import { tonesOf, turnMs } from './tones.js';

const width = 320;
const height = 180;
/** Frames per second: enough to see it move, and little to encode eight times at once on two cores. */
export const frameRate = 12;

/** What a participant's frames are stamped with. */
export const senderOf: Record<Side, number> = { caller: 1, callee: 2 };

const colours: Record<Side, string> = { caller: '#1f5fbf', callee: '#bf5f1f' };
const block = width / columns;
const volume = 0.1;

export interface Sources {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack;
}

/** Made once and published in every room. `nonce` is the run's, 32 bits. */
export function makeSources(side: Side, nonce: number, audioContext: AudioContext): Sources {
  return { video: picture(side, nonce), audio: voice(side, nonce, audioContext) };
}

function picture(side: Side, nonce: number): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  document.getElementById('own')?.append(canvas);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('the browser gives no 2d canvas');
  let sequence = 0;
  const draw = (): void => {
    const blocks = encodeStamp({ nonce, sender: senderOf[side], sequence, clockMs: Math.round(clockMs()) });
    context.fillStyle = '#000000';
    context.fillRect(0, 0, width, rows * block);
    context.fillStyle = '#ffffff';
    blocks.forEach((white, index) => {
      if (white) context.fillRect((index % columns) * block, Math.floor(index / columns) * block, block, block);
    });
    // For people who look at it.
    context.fillStyle = colours[side];
    context.fillRect(0, rows * block, width, height - rows * block);
    context.fillStyle = '#ffffff';
    context.fillRect((sequence * 8) % width, height - 8, 16, 8);
    context.font = '32px monospace';
    context.fillText(`${side} ${sequence}`, 16, height - 36);
    sequence += 1;
  };
  draw();
  setInterval(draw, 1000 / frameRate);
  const [track] = canvas.captureStream(frameRate).getVideoTracks();
  if (!track) throw new Error('the browser makes no track from a canvas');
  return track;
}

function voice(side: Side, nonce: number, audioContext: AudioContext): MediaStreamTrack {
  const { steady, turns } = tonesOf(nonce)[side];
  const gain = new GainNode(audioContext, { gain: volume });
  const destination = new MediaStreamAudioDestinationNode(audioContext);
  gain.connect(destination);
  const taking = new OscillatorNode(audioContext, { frequency: turns[0] });
  for (const one of [new OscillatorNode(audioContext, { frequency: steady }), taking]) {
    one.connect(gain);
    one.start();
  }
  /** The turns of the clock that begin within the next two seconds. */
  let planned = Math.floor(clockMs() / turnMs) - 1;
  const plan = (): void => {
    const nowMs = clockMs();
    const last = Math.floor((nowMs + 4 * turnMs) / turnMs);
    // Where the clock began anew, or stood still, nothing that was planned holds.
    if (Math.abs(last - planned) > 8) planned = Math.floor(nowMs / turnMs) - 1;
    for (let turn = planned + 1; turn <= last; turn++) {
      const at = audioContext.currentTime + (turn * turnMs - nowMs) / 1000;
      taking.frequency.setValueAtTime(turns[turn % 2 === 0 ? 0 : 1], Math.max(at, audioContext.currentTime));
    }
    planned = last;
  };
  plan();
  setInterval(plan, turnMs);
  const [track] = destination.stream.getAudioTracks();
  if (!track) throw new Error('the browser makes no track from oscillators');
  return track;
}
