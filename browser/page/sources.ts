/** What a participant shows and sounds like. */
import type { Side } from '../exchange.js';

export const width = 320;
export const height = 180;
/** Frames per second: enough to see it move, and little to encode eight times at once on two cores. */
export const frameRate = 12;

const looks: Record<Side, { colour: string; pitchHz: number }> = {
  caller: { colour: '#1f5fbf', pitchHz: 440 },
  callee: { colour: '#bf5f1f', pitchHz: 660 },
};

export interface Sources {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack;
}

/** One moving picture and one steady tone, made once and published in every room. */
export function makeSources(side: Side, audioContext: AudioContext): Sources {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('the browser gives no 2d canvas');
  let frame = 0;
  const draw = (): void => {
    context.fillStyle = looks[side].colour;
    context.fillRect(0, 0, width, height);
    context.fillStyle = '#ffffff';
    context.fillRect((frame * 8) % width, 0, 16, height);
    context.font = '48px monospace';
    context.fillText(String(frame), 24, 110);
    frame += 1;
  };
  draw();
  setInterval(draw, 1000 / frameRate);
  const [video] = canvas.captureStream(frameRate).getVideoTracks();

  const oscillator = new OscillatorNode(audioContext, { frequency: looks[side].pitchHz });
  const gain = new GainNode(audioContext, { gain: 0.2 });
  const destination = new MediaStreamAudioDestinationNode(audioContext);
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  const [audio] = destination.stream.getAudioTracks();
  if (!video || !audio) throw new Error('the browser makes no tracks from a canvas and an oscillator');
  return { video, audio };
}
