/** What comes from the other participant of a room: the first decoded picture, the first decoded sound. */
import type { RemoteTrack, Room } from 'livekit-client';
import type { ReceivedMedia } from '../../evidence/facts.js';
import { inbound } from './statistics.js';

export interface Reception {
  /** Settles when picture and sound were both decoded; never fails. */
  readonly complete: Promise<void>;
  received(): Promise<ReceivedMedia>;
}

/** How often sound is looked for, in milliseconds. */
const pollMs = 40;

/** `since` gives the milliseconds since the participant began to connect. */
export function receive(room: Room, since: () => number): Reception {
  const first: { frameMs?: number; audioMs?: number } = {};
  const receivers: { video?: RTCRtpReceiver; audio?: RTCRtpReceiver } = {};
  let finish = (): void => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const check = (): void => {
    if (first.frameMs !== undefined && first.audioMs !== undefined) finish();
  };

  const watch = (track: RemoteTrack): void => {
    const video = document.createElement('video');
    video.muted = true;
    video.requestVideoFrameCallback(() => {
      first.frameMs = since();
      check();
    });
    video.srcObject = new MediaStream([track.mediaStreamTrack]);
    // Refused when the track ends first, which then shows as no frame.
    video.play().catch(() => {});
  };
  const listen = (track: RemoteTrack): void => {
    // Chromium decodes sound only for an element that plays it.
    const audio = document.createElement('audio');
    audio.srcObject = new MediaStream([track.mediaStreamTrack]);
    audio.play().catch(() => {});
    const poll = setInterval(async () => {
      const { totalAudioEnergy = 0 } = await inbound(track.receiver);
      if (totalAudioEnergy > 0 && first.audioMs === undefined) {
        clearInterval(poll);
        first.audioMs = since();
        check();
      }
    }, pollMs);
  };
  room.on('trackSubscribed', (track) => {
    if (track.kind === 'video' && !receivers.video) {
      receivers.video = track.receiver;
      watch(track);
    } else if (track.kind === 'audio' && !receivers.audio) {
      receivers.audio = track.receiver;
      listen(track);
    }
  });

  return {
    complete,
    async received() {
      const [video, audio] = await Promise.all([inbound(receivers.video), inbound(receivers.audio)]);
      return {
        ...(first.frameMs !== undefined && { firstFrameMs: first.frameMs }),
        ...(first.audioMs !== undefined && { firstAudioMs: first.audioMs }),
        framesDecoded: video.framesDecoded ?? 0,
        ...(video.frameWidth && { frameWidth: video.frameWidth }),
        ...(video.frameHeight && { frameHeight: video.frameHeight }),
        videoBytes: video.bytesReceived ?? 0,
        audioBytes: audio.bytesReceived ?? 0,
        audioEnergy: audio.totalAudioEnergy ?? 0,
        packetsLost: (video.packetsLost ?? 0) + (audio.packetsLost ?? 0),
        ...(typeof video.jitter === 'number' && { jitterMs: video.jitter * 1000 }),
      };
    },
  };
}
