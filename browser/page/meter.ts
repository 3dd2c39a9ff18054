/** How well media comes over a stretch of time: looked at often enough to tell a burst of loss from loss all along. */
import type { MeasuredMedia, MediaSeries, RoundTrips } from '../../evidence/facts.js';
import { inbound } from './statistics.js';
import { median } from './viewer.js';

/** One measurement of a round trip; `key` is the same as long as it is. */
export interface RoundTrip {
  readonly key: string;
  readonly ms: number;
}

export interface Meter {
  /** A last look, and what all of them come to; none follows. */
  result(): Promise<{ readonly media?: MeasuredMedia; readonly rtt?: RoundTrips }>;
  stop(): void;
}

interface Metered {
  readonly video: RTCRtpReceiver | undefined;
  readonly audio: RTCRtpReceiver | undefined;
  /** Expected to take so long, in milliseconds. */
  readonly measureMs: number;
  /** Of what this participant sends; what is known at the moment. */
  roundTrips(): Promise<readonly RoundTrip[]>;
}

/** Chromium makes new statistics every 50 ms at most, and each look costs it some work. */
const shortestMs = 100;
const mostLooks = 40;
/** A course over time has at least so many. */
const fewestLooks = 10;
/** Round trips are measured about once a second. */
const roundTripsMs = 500;
/** As often as a packet of sound comes. */
const beatMs = 20;

interface Look {
  readonly atMs: number;
  readonly video: Counters;
  readonly audio: Counters;
}
type Counters = Awaited<ReturnType<typeof inbound>>;
const kinds = ['video', 'audio'] as const;

/** Begins at once. */
export function startMeter({ video, audio, measureMs, roundTrips }: Metered): Meter {
  let first: Look | undefined;
  let last: Look | undefined;
  let lossEvents = 0;
  const jitters: number[] = [];
  const series: MediaSeries = { atMs: [], kbits: [], lost: [], frames: [], jitterMs: [] };
  const trips = new Map<string, number>();
  /** Of those that the course does not have yet. */
  const newTrips = new Map<string, number>();
  const late: number[] = [];
  let beatAt = performance.now();

  const look = async (): Promise<void> => {
    const [pictures, sound] = await Promise.all([inbound(video), inbound(audio)]);
    const now: Look = { atMs: performance.now(), video: pictures, audio: sound };
    // Looks may overtake each other.
    if (last && last.atMs >= now.atMs) return;
    const before = last;
    if (before && kinds.some((kind) => rise(before, now, kind, 'packetsLost') > 0)) lossEvents += 1;
    if (typeof sound.jitter === 'number') jitters.push(sound.jitter * 1000);
    first ??= now;
    last = now;
    if (before) add(series, first, before, now);
    addTrips(series, first, now, [...newTrips.values()]);
    newTrips.clear();
  };
  const measureTrips = async (): Promise<void> => {
    for (const { key, ms } of await roundTrips()) {
      if (!trips.has(key)) newTrips.set(key, ms);
      trips.set(key, ms);
    }
  };
  void look();
  const timers = [
    setInterval(() => void look(), Math.max(shortestMs, measureMs / mostLooks)),
    setInterval(() => void measureTrips(), roundTripsMs),
    setInterval(() => {
      const now = performance.now();
      late.push(Math.max(0, now - beatAt - beatMs));
      beatAt = now;
    }, beatMs),
  ];
  const stop = (): void => timers.forEach(clearInterval);

  return {
    stop,
    async result() {
      stop();
      await Promise.all([look(), measureTrips()]);
      const rtt = trips.size > 0 && { rtt: summary([...trips.values()]) };
      return {
        ...(first &&
          last && {
            media: {
              ...measured(first, last, lossEvents, jitters),
              lateMs: quantile(late, 0.9),
              ...(series.atMs.length >= fewestLooks && { series }),
            },
          }),
        ...rtt,
      };
    },
  };
}

function add(series: MediaSeries, first: Look, before: Look, now: Look): void {
  const both = (counter: string): number => kinds.reduce((sum, kind) => sum + rise(before, now, kind, counter), 0);
  series.atMs.push(Math.round(now.atMs - first.atMs));
  series.kbits.push(Math.round((both('bytesReceived') * 8) / (now.atMs - before.atMs)));
  series.lost.push(both('packetsLost'));
  series.frames.push(rise(before, now, 'video', 'framesDecoded'));
  series.jitterMs.push(Math.round((now.audio.jitter ?? 0) * 1000));
}

function addTrips(series: MediaSeries, first: Look, now: Look, tripsMs: readonly number[]): void {
  if (tripsMs.length === 0) return;
  series.rttAtMs = [...(series.rttAtMs ?? []), Math.round(now.atMs - first.atMs)];
  series.rttMs = [...(series.rttMs ?? []), Math.round(median(tripsMs) * 10) / 10];
}

function rise(from: Look, to: Look, kind: (typeof kinds)[number], counter: string): number {
  return (to[kind][counter] ?? 0) - (from[kind][counter] ?? 0);
}

function measured(first: Look, last: Look, lossEvents: number, jitters: readonly number[]): MeasuredMedia {
  const both = (counter: string): number => kinds.reduce((sum, kind) => sum + rise(first, last, kind, counter), 0);
  // What came late makes up for what was missing before.
  const lost = (count: number): number => Math.max(0, count);
  return {
    measuredMs: last.atMs - first.atMs,
    packetsReceived: both('packetsReceived'),
    packetsLost: lost(both('packetsLost')),
    lossEvents,
    audioPacketsReceived: rise(first, last, 'audio', 'packetsReceived'),
    audioPacketsLost: lost(rise(first, last, 'audio', 'packetsLost')),
    ...(jitters.length > 0 && { jitterMs: median(jitters), jitterLowMs: quantile(jitters, 0.1) }),
    freezes: rise(first, last, 'video', 'freezeCount'),
    frozenMs: rise(first, last, 'video', 'totalFreezesDuration') * 1000,
  };
}

function summary(values: readonly number[]): RoundTrips {
  return {
    count: values.length,
    leastMs: Math.min(...values),
    lowMs: quantile(values, 0.2),
    medianMs: median(values),
    mostMs: Math.max(...values),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}
