/** What comes from the other participant of a room: the first decoded picture, the first decoded sound. */
import type { RemoteTrack, Room } from 'livekit-client';
import type { ReceivedMedia } from '../../evidence/facts.js';
import { inbound } from './statistics.js';

export interface Reception {
  /** Settles when picture and sound were both decoded; never fails. */
  readonly complete: Promise<void>;
  received(): Promise<ReceivedMedia>;
}

/** How often the statistics are read, in milliseconds. Chromium makes new ones every 50 ms at most. */
const pollMs = 50;

/** `since` gives the milliseconds since the participant began to connect. */
export function receive(room: Room, since: () => number): Reception {
  const first: { frameMs?: number; audioMs?: number } = {};
  const receivers: { video?: RTCRtpReceiver; audio?: RTCRtpReceiver } = {};
  let finish = (): void => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const watch = (track: RemoteTrack): void => {
    const video = document.createElement('video');
    video.muted = true;
    video.requestVideoFrameCallback(() => {
      first.frameMs = since();
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

  /** A picture counts when the decoder says so too, which it does a little later than it is shown. */
  const look = async (): Promise<void> => {
    const [video, audio] = await Promise.all([inbound(receivers.video), inbound(receivers.audio)]);
    if (audio.totalAudioEnergy > 0) first.audioMs ??= since();
    if (first.audioMs === undefined || first.frameMs === undefined || !(video.framesDecoded > 0)) return;
    clearInterval(polling);
    finish();
  };
  const polling = setInterval(() => void look(), pollMs);
  room.once('disconnected', () => clearInterval(polling));

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
