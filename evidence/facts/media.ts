/** Picture and sound between two participants. */
import type { Path } from '../run.js';
import type { SelectedPair } from './participants.js';

export interface ReceivedMedia {
  /** From the start of the participant's connect. */
  firstFrameMs?: number;
  firstAudioMs?: number;
  framesDecoded: number;
  frameWidth?: number;
  frameHeight?: number;
  videoBytes: number;
  audioBytes: number;
  /** Sum of squared sample values × seconds (webrtc-stats `totalAudioEnergy`): above 0 means that sound was heard. */
  audioEnergy: number;
  packetsLost: number;
  jitterMs?: number;
}

export interface ParticipantFacts {
  connectMs?: number;
  selected: SelectedPair[];
  received: ReceivedMedia;
}

/** `media:PATH`: two participants in two browser contexts, each publishing and each decoding the other. */
export interface MediaFacts {
  path: Path;
  browser?: { name: string; version: string };
  caller?: ParticipantFacts;
  callee?: ParticipantFacts;
}
