/** Whether what came was the right person's moving picture and voice, of this run. Pure. */
import type { Side } from '../browser/exchange.js';
import type { ReceivedMedia } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';

/** What one side did not get of the other: a kind for rules, a sentence for people. */
export function contentFailure(side: Side, received: ReceivedMedia): Failure | undefined {
  const from = side === 'caller' ? 'callee' : 'caller';
  return pictureFailure(side, from, received) ?? voiceFailure(side, from, received);
}

function pictureFailure(side: Side, from: Side, received: ReceivedMedia): Failure | undefined {
  const { picture, framesDecoded, videoBytes, frameWidth = 0 } = received;
  if (!picture || picture.frames === 0 || framesDecoded === 0 || frameWidth === 0) {
    return {
      kind: 'no-video',
      message: `the ${side} decoded no picture of the ${from}; ${videoBytes} bytes of it came`,
    };
  }
  if (picture.fresh > 1) return undefined;
  const { frames, foreign, repeated, unreadable } = picture;
  if (foreign > 0) {
    const message = `${foreign} of ${frames} pictures that the ${side} saw were another's than the ${from}'s, or of another run`;
    return { kind: 'wrong-video', message };
  }
  if (repeated > 0) {
    return { kind: 'frozen-video', message: `the ${side} saw a picture of the ${from} that stands still` };
  }
  if (unreadable > 0) {
    const message = `${unreadable} of ${frames} pictures that the ${side} saw bear no code that can be read`;
    return { kind: 'unreadable-video', message };
  }
  return { kind: 'no-video', message: `the ${side} saw one picture of the ${from} and no more` };
}

function voiceFailure(side: Side, from: Side, received: ReceivedMedia): Failure | undefined {
  const { voice, audioBytes, audioEnergy, firstAudioMs } = received;
  if (firstAudioMs !== undefined && voice && voice.voiced > 0) return undefined;
  if (audioBytes === 0) return { kind: 'no-audio', message: `no sound of the ${from} came to the ${side}` };
  if (voice && voice.foreign > 0) {
    return { kind: 'wrong-audio', message: `the ${side} heard another voice than the ${from}'s` };
  }
  const message = audioEnergy > 0 ? 'is not its voice' : 'is silent';
  return { kind: 'no-audio', message: `what the ${side} hears of the ${from} ${message}; ${audioBytes} bytes came` };
}
