/** Picture and sound between two participants. */
import type { Path } from '../run.js';
import type { SelectedPair } from './participants.js';

/** Frames of the other's picture, judged by the code that each bears: run, sender, number, clock, checksum. */
export interface SeenPicture {
  /** Shown. */
  frames: number;
  /** Of this run and the right sender, each drawn after the one before. */
  fresh: number;
  /** Without a code that can be read. */
  unreadable: number;
  /** Of another sender or another run. */
  foreign: number;
  /** Drawn no later than the one before: a picture that stands still. */
  repeated: number;
  /** Drawn between the first and the last that was seen, and not seen. */
  missed: number;
  /** From drawing to showing; median and most. */
  latencyMs?: number;
  latencyMostMs?: number;
}

/** The other's voice, looked for every 20 ms by its tones, which follow from the run and the sender. */
export interface HeardVoice {
  looks: number;
  /** Looks in which it was there, and in which another one was. */
  voiced: number;
  foreign: number;
  /** From making a tone to hearing it, modulo 1 s; median, ±20 ms. */
  latencyMs?: number;
}

/** How media came over time: in each list one number for each look, some 100 ms or more after the one before. */
export interface MediaSeries {
  /** From the first look on. */
  atMs: number[];
  /** Since the look before, picture and sound together; `lost` is below 0 where what came late makes up for it. */
  kbits: number[];
  lost: number[];
  /** Decoded since the look before. */
  frames: number[];
  /** Of the sound (RFC 3550 §6.4.1). */
  jitterMs: number[];
  /** Round trips are measured more seldom: their own times, from the first look on, and how long they took. */
  rttAtMs?: number[];
  rttMs?: number[];
}

/** From when both were proven on: how well media came, of what was sent meanwhile. */
export interface MeasuredMedia {
  measuredMs: number;
  /** Picture and sound together, by their sequence numbers. */
  packetsReceived: number;
  packetsLost: number;
  /** Looks, some 100 ms apart, in which more was missing than before: few of them mean that loss came in bursts. */
  lossEvents: number;
  audioPacketsReceived: number;
  audioPacketsLost: number;
  /** Of the sound (RFC 3550 §6.4.1): median of the looks, and what nine of ten were above. */
  jitterMs?: number;
  jitterLowMs?: number;
  /** webrtc-stats `freezeCount` and `totalFreezesDuration`. */
  freezes: number;
  frozenMs: number;
  /** Only where it was measured for longer than by default. */
  series?: MediaSeries;
  /** By so much more than it should nine of ten timers of the page were late at most: what this machine itself adds. */
  lateMs?: number;
}

/** Between a participant and the server, as checks (RFC 7675) and reports (RTCP) measure it. */
export interface RoundTrips {
  count: number;
  leastMs: number;
  /** Four of five took at least so long. */
  lowMs: number;
  medianMs: number;
  mostMs: number;
}

export interface ReceivedMedia {
  /** From the start of the participant's connect to the first frame and sound of the right sender. */
  firstFrameMs?: number;
  firstAudioMs?: number;
  /** Since when, until the end, signalling had said that there is a track: absent where it never did. */
  awaitedMs?: { video?: number; audio?: number };
  picture?: SeenPicture;
  voice?: HeardVoice;
  /** What was shown in the end, 160 pixels wide: a `data:` URL of a JPEG. */
  snapshot?: string;
  framesDecoded: number;
  frameWidth?: number;
  frameHeight?: number;
  videoBytes: number;
  audioBytes: number;
  /** Sum of squared sample values × seconds (webrtc-stats `totalAudioEnergy`): above 0 means that sound was heard. */
  audioEnergy: number;
  /** Of both kinds; jitter is the picture's (RFC 3550 §6.4.1). */
  packetsReceived?: number;
  packetsLost: number;
  jitterMs?: number;
  audioJitterMs?: number;
  framesDropped?: number;
  /** webrtc-stats `freezeCount` and `totalFreezesDuration`. */
  freezes?: number;
  frozenMs?: number;
  /** Samples that were made up for want of the real ones, of all that were played. */
  samplesConcealed?: number;
  samplesReceived?: number;
  /** Requests for a key frame that the receiver sent (RFC 4585 PLI, RFC 5104 FIR). */
  keyFrameRequests?: number;
  /** From the first to the last look at the statistics. */
  measuredMs?: number;
  measured?: MeasuredMedia;
  /**
   * How people would rate the sound, 1 to 4.5, by loss, round trip and jitter: an estimate, from which nothing follows
   * (ITU-T G.107, simplified).
   */
  mosEstimate?: number;
}

/** What the sender knows of one track of its own (webrtc-stats `outbound-rtp` and `remote-inbound-rtp`). */
export interface SentTrack {
  bytes: number;
  packets: number;
  /** Requests for a key frame that came. */
  keyFrameRequests?: number;
  /** From the receiver's reports (RTCP RR, RFC 3550 §6.4.2): absent as long as none came. */
  reported?: { packetsLost: number; jitterMs?: number; rttMs?: number };
}

export interface SentMedia {
  video?: SentTrack;
  audio?: SentTrack;
  /** webrtc-stats `qualityLimitationReason` of the picture: `none`, `cpu`, `bandwidth`, `other`. */
  limitedBy?: string;
  /** What the congestion control believes to be possible, in bits per second. */
  availableBps?: number;
}

export interface ParticipantFacts {
  /** From the start of the participant's connect: ICE connected, DTLS done, the client says connected. */
  iceMs?: number;
  dtlsMs?: number;
  connectMs?: number;
  /** First packet of the other's picture or sound. */
  firstPacketMs?: number;
  selected: SelectedPair[];
  rtt?: RoundTrips;
  received: ReceivedMedia;
  sent?: SentMedia;
}

/**
 * `media:PATH`: two participants in two browser contexts, each publishing and each decoding the other.
 * `media:PATH:firefox`, `media:PATH:webkit`: the same with a caller in that browser.
 */
export interface MediaFacts {
  path: Path;
  /** The caller's; the callee's is a Chromium. */
  browser?: { name: string; version: string };
  caller?: ParticipantFacts;
  callee?: ParticipantFacts;
}
