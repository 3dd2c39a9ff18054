/** What comes from the other participant of a room: whose picture, whose voice, and how well. */
import type { Room } from 'livekit-client';
import type { ReceivedMedia, RoundTrips } from '../../evidence/facts.js';
import type { Side } from '../exchange.js';
import { type Listener, listen } from './listener.js';
import { type Meter, type RoundTrip, startMeter } from './meter.js';
import { senderOf } from './sources.js';
import { inbound } from './statistics.js';
import { type Viewer, view } from './viewer.js';

export interface Reception {
  /** Settles when the right picture moved, the right voice was heard, and both were measured long enough; never fails. */
  readonly complete: Promise<void>;
  /** First packet of a track, from the start. */
  readonly firstPacketMs: number | undefined;
  received(): Promise<ReceivedMedia>;
  /** Of what was measured; known once `received` has answered. */
  readonly rtt: RoundTrips | undefined;
  /** Begins to measure gaps anew. */
  mark(): void;
  /** The longest time without a fresh picture and without the voice since then, in milliseconds. */
  gaps(): { readonly pictureMs: number; readonly voiceMs: number };
  /** Something of the other was seen and heard within the last moments. */
  isAlive(): boolean;
}

export interface Expectation {
  /** Of the run. */
  readonly nonce: number;
  /** Who is expected. */
  readonly whose: Side;
  /** How long to go on once all is proven, in milliseconds. */
  readonly measureMs: number;
  /** Of what this participant sends. */
  isReported(): Promise<boolean>;
  roundTrips?(): Promise<readonly RoundTrip[]>;
}

/** Receivers report once a second (RTCP); when nothing came for so long, in milliseconds, nothing does. */
const reportsMs = 3500;

/** What came at most so long ago is still coming, in milliseconds. */
const aliveMs = 400;

/** How often it is looked whether all is there, in milliseconds. Chromium makes new statistics every 50 ms at most. */
const pollMs = 50;

/** `since` gives the milliseconds since the participant began to connect. */
export function receive(
  room: Room,
  { nonce, whose, measureMs, isReported, roundTrips = async () => [] }: Expectation,
  audioContext: AudioContext,
  since: () => number,
): Reception {
  const receivers: { video: RTCRtpReceiver | undefined; audio: RTCRtpReceiver | undefined } = {
    video: undefined,
    audio: undefined,
  };
  let viewer: Viewer | undefined;
  let listener: Listener | undefined;
  const announcedMs: { video?: number; audio?: number } = {};
  let firstPacketMs: number | undefined;
  let startedMs: number | undefined;
  let meter: Meter | undefined;
  let rtt: RoundTrips | undefined;
  let finish = (): void => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });

  room.on('trackSubscribed', (track) => {
    const { mediaStreamTrack } = track;
    announcedMs[track.kind === 'video' ? 'video' : 'audio'] ??= since();
    const began = (): void => {
      firstPacketMs ??= since();
    };
    // A track is muted until its first packet (W3C webrtc-pc §5.3).
    if (!mediaStreamTrack.muted) began();
    else mediaStreamTrack.addEventListener('unmute', began, { once: true });
    // More than one of a kind comes after a reconnection, one after the other.
    if (track.kind === 'video') {
      receivers.video = track.receiver;
      viewer ??= view({ nonce, sender: senderOf[whose] }, since);
      viewer.attach(mediaStreamTrack);
    } else {
      receivers.audio = track.receiver;
      listener ??= listen({ nonce, whose }, audioContext, since);
      listener.attach(mediaStreamTrack);
    }
  });

  /** A picture counts when the decoder says so too, which it does a little later than it is shown. */
  const look = async (): Promise<void> => {
    if (!viewer?.isProven() || !listener?.isProven()) return;
    startedMs ??= since();
    meter ??= startMeter({ ...receivers, measureMs, roundTrips });
    if (since() - startedMs < measureMs) return;
    const [video, audio] = await Promise.all([inbound(receivers.video), inbound(receivers.audio)]);
    if (!(video.framesDecoded > 0 && audio.totalAudioEnergy > 0)) return;
    if (since() - startedMs < reportsMs && !(await isReported())) return;
    clearInterval(polling);
    finish();
  };
  const polling = setInterval(() => void look(), pollMs);
  room.once('disconnected', () => {
    clearInterval(polling);
    meter?.stop();
    viewer?.stop();
    listener?.stop();
  });

  const lastOf = (one: Viewer | Listener | undefined): number => one?.lastMs ?? Number.NEGATIVE_INFINITY;
  return {
    complete,
    mark() {
      viewer?.mark();
      listener?.mark();
    },
    gaps: () => ({ pictureMs: viewer?.longestGapMs ?? since(), voiceMs: listener?.longestGapMs ?? since() }),
    isAlive: () => since() - Math.min(lastOf(viewer), lastOf(listener)) < aliveMs,
    get firstPacketMs() {
      return firstPacketMs;
    },
    get rtt() {
      return rtt;
    },
    async received() {
      const [video, audio, metered] = await Promise.all([
        inbound(receivers.video),
        inbound(receivers.audio),
        meter?.result(),
      ]);
      const sum = (name: string): number => (video[name] ?? 0) + (audio[name] ?? 0);
      const ms = (seconds: unknown): number | undefined => (typeof seconds === 'number' ? seconds * 1000 : undefined);
      rtt = metered?.rtt;
      const awaited = (fromMs: number | undefined) => (fromMs === undefined ? undefined : since() - fromMs);
      return withoutAbsent({
        firstFrameMs: viewer?.firstFrameMs,
        firstAudioMs: listener?.firstSoundMs,
        awaitedMs: withoutAbsent({ video: awaited(announcedMs.video), audio: awaited(announcedMs.audio) }),
        picture: viewer?.seen(),
        voice: listener?.heard(),
        snapshot: viewer?.snapshot(),
        framesDecoded: video.framesDecoded ?? 0,
        frameWidth: video.frameWidth,
        frameHeight: video.frameHeight,
        videoBytes: video.bytesReceived ?? 0,
        audioBytes: audio.bytesReceived ?? 0,
        audioEnergy: audio.totalAudioEnergy ?? 0,
        packetsReceived: sum('packetsReceived'),
        packetsLost: sum('packetsLost'),
        jitterMs: ms(video.jitter),
        audioJitterMs: ms(audio.jitter),
        framesDropped: video.framesDropped,
        freezes: video.freezeCount,
        frozenMs: ms(video.totalFreezesDuration),
        samplesConcealed: audio.concealedSamples,
        samplesReceived: audio.totalSamplesReceived,
        keyFrameRequests: (video.pliCount ?? 0) + (video.firCount ?? 0),
        measuredMs: firstPacketMs === undefined ? undefined : since() - firstPacketMs,
        measured: metered?.media,
      });
    },
  };
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
