/** The room as every participant of ours enters it, and what each shows and sounds like there. */
import type * as LiveKit from 'livekit-client';
import type { Side } from '../exchange.js';
import type { Way } from './candidates.js';
import { makeSources, type Sources } from './sources.js';

/** Of the page: a participant in several rooms shows the same in each. */
export const audioContext = new AudioContext({ latencyHint: 'interactive' });
let sources: Sources | undefined;

export function makeRoom(path: Way): LiveKit.Room {
  return new LivekitClient.Room({
    adaptiveStream: false,
    dynacast: false,
    // One context for the page: the client would make one for each room.
    webAudioMix: { audioContext },
    // A path that fails must be seen to fail: the client would come back by another one.
    ...(path !== 'any' && { reconnectPolicy: { nextRetryDelayInMs: () => null } }),
    disconnectOnPageLeave: false,
  });
}

/** Whom this one is to see and hear. */
export function otherOf(side: Side): Side {
  return side === 'caller' ? 'callee' : 'caller';
}

/** Picture and voice, stamped; resolves when the server has taken both. `encoding`: absent: livekit-client's own. */
export async function publishStamped(
  room: LiveKit.Room,
  { side, nonce }: { readonly side: Side; readonly nonce: number },
  encoding?: LiveKit.VideoEncoding,
): Promise<void> {
  sources ??= makeSources(side, nonce, audioContext);
  const { Track } = LivekitClient;
  await Promise.all([
    room.localParticipant.publishTrack(sources.video.clone(), {
      source: Track.Source.Camera,
      videoCodec: 'vp8',
      ...(encoding && { videoEncoding: encoding }),
      simulcast: false,
      backupCodec: false,
    }),
    room.localParticipant.publishTrack(sources.audio.clone(), {
      source: Track.Source.Microphone,
      dtx: false,
      red: false,
    }),
  ]);
}
