/** Reads the stamps of the frames that a video element shows. */
import type { SeenPicture } from '../../evidence/facts.js';
import { clockMs, columns, decodeStamp, elapsedMs, rows, type Stamp } from './stamp.js';

/** The part of the picture that bears blocks, of a height of `width × 9 / 16`. */
const stamped = (rows / columns) * (16 / 9);
/** Pixels to which a block is scaled down; the inner ones are looked at. */
const cell = 4;
/** So many frames, each drawn after the one before, prove that the picture moves. */
const enoughFrames = 3;
const mostLatencies = 600;
const snapshotWidth = 160;

export interface Viewer {
  /** Whose picture it should be came, and moved. */
  isProven(): boolean;
  /** Milliseconds since the participant's start. */
  readonly firstFrameMs: number | undefined;
  seen(): SeenPicture;
  /** What is shown at this moment, small: a `data:` URL of a JPEG; undefined before the first frame. */
  snapshot(): string | undefined;
  /** Shows another track from now on, as after a reconnection; what was seen still counts. */
  attach(track: MediaStreamTrack): void;
  /** The longest time without a fresh frame since it was asked to mark, and up to now. */
  readonly longestGapMs: number;
  /** When that was, since the participant's start. */
  readonly lastMs: number;
  mark(): void;
  stop(): void;
}

export interface Expected {
  readonly nonce: number;
  readonly sender: number;
}

/** `since` gives the milliseconds since the participant began to connect. */
export function view(expected: Expected, since: () => number): Viewer {
  const video = document.createElement('video');
  video.muted = true;
  // Where somebody looks at the page.
  document.getElementById('others')?.append(video);
  const canvas = new OffscreenCanvas(columns * cell, rows * cell);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  const latencies: number[] = [];
  let [frames, unreadable, foreign, repeated] = [0, 0, 0, 0];
  let firstFrameMs: number | undefined;
  let first: Stamp | undefined;
  let last: Stamp | undefined;
  let stopped = false;
  let freshAtMs = since();
  let gapMs = 0;

  const take = (stamp: Stamp | undefined): void => {
    frames += 1;
    if (!stamp) unreadable += 1;
    else if (stamp.nonce !== expected.nonce || stamp.sender !== expected.sender) foreign += 1;
    else if (last && stamp.sequence <= last.sequence) repeated += 1;
    else {
      firstFrameMs ??= since();
      first ??= stamp;
      last = stamp;
      gapMs = Math.max(gapMs, since() - freshAtMs);
      freshAtMs = since();
      if (latencies.length < mostLatencies) latencies.push(elapsedMs(stamp.clockMs, clockMs()));
    }
  };
  const look = (): void => {
    if (stopped) return;
    if (context && video.videoWidth > 0) {
      const { videoWidth, videoHeight } = video;
      context.drawImage(video, 0, 0, videoWidth, videoHeight * stamped, 0, 0, canvas.width, canvas.height);
      take(decodeStamp(blocksOf(context.getImageData(0, 0, canvas.width, canvas.height))));
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);

  return {
    isProven: () => latencies.length >= enoughFrames,
    get firstFrameMs() {
      return firstFrameMs;
    },
    seen() {
      const fresh = latencies.length;
      const drawn = first && last ? last.sequence - first.sequence + 1 : 0;
      return {
        frames,
        fresh,
        unreadable,
        foreign,
        repeated,
        missed: Math.max(0, drawn - fresh),
        ...(fresh > 0 && { latencyMs: median(latencies), latencyMostMs: Math.max(...latencies) }),
      };
    },
    snapshot() {
      if (video.videoWidth === 0) return undefined;
      const small = document.createElement('canvas');
      small.width = snapshotWidth;
      small.height = Math.round((snapshotWidth * video.videoHeight) / video.videoWidth);
      small.getContext('2d', { alpha: false })?.drawImage(video, 0, 0, small.width, small.height);
      return small.toDataURL('image/jpeg', 0.6);
    },
    attach(track) {
      video.srcObject = new MediaStream([track]);
      // Refused when the track ends first, which then shows as no frame.
      video.play().catch(() => {});
    },
    get longestGapMs() {
      return Math.max(gapMs, since() - freshAtMs);
    },
    get lastMs() {
      return freshAtMs;
    },
    mark() {
      gapMs = 0;
      freshAtMs = since();
    },
    stop() {
      stopped = true;
      video.srcObject = null;
    },
  };
}

function blocksOf({ data, width }: ImageData): boolean[] {
  return Array.from({ length: columns * rows }, (_, index) => {
    const left = (index % columns) * cell;
    const top = Math.floor(index / columns) * cell;
    let sum = 0;
    for (const y of [1, 2]) for (const x of [1, 2]) sum += data[((top + y) * width + left + x) * 4 + 1] ?? 0;
    return sum > 4 * 127;
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
