/** What the statistics say of the media that a participant sends, its receivers' reports among it. */
import type { SentMedia, SentTrack } from '../../evidence/facts.js';
import type { RoundTrip } from './meter.js';

// biome-ignore lint/suspicious/noExplicitAny: the DOM types know few of the fields
type Stat = Record<string, any>;

async function statsOf(connections: readonly RTCPeerConnection[]): Promise<Stat[]> {
  const reports = await Promise.all(
    connections.map(async (one) => [...((await one.getStats()) as unknown as ReadonlyMap<string, Stat>).values()]),
  );
  return reports.flat();
}

/** Of all connections together; undefined where nothing is sent. */
export async function sent(connections: readonly RTCPeerConnection[]): Promise<SentMedia | undefined> {
  const stats = await statsOf(connections);
  const outbound = (kind: string) => stats.find((one) => one.type === 'outbound-rtp' && one.kind === kind);
  const video = outbound('video');
  const audio = outbound('audio');
  if (!video && !audio) return undefined;
  const availableBps = stats.find(({ availableOutgoingBitrate }) => availableOutgoingBitrate)?.availableOutgoingBitrate;
  return {
    ...(video && { video: trackOf(video, stats) }),
    ...(audio && { audio: trackOf(audio, stats) }),
    ...(video?.qualityLimitationReason && { limitedBy: video.qualityLimitationReason }),
    ...(availableBps && { availableBps }),
  };
}

/** As the selected pairs' checks and the receivers' reports have measured it last. */
export async function roundTrips(connections: readonly RTCPeerConnection[]): Promise<RoundTrip[]> {
  const stats = await statsOf(connections);
  const selected = new Set(stats.map(({ selectedCandidatePairId }) => selectedCandidatePairId));
  return stats.flatMap(({ id, type, ...stat }): RoundTrip[] => {
    if (type === 'candidate-pair' && selected.has(id) && typeof stat.currentRoundTripTime === 'number') {
      return [{ key: `${id} ${stat.responsesReceived}`, ms: stat.currentRoundTripTime * 1000 }];
    }
    if (type !== 'remote-inbound-rtp' || !(stat.roundTripTimeMeasurements > 0)) return [];
    return [{ key: `${id} ${stat.roundTripTimeMeasurements}`, ms: stat.roundTripTime * 1000 }];
  });
}

/** Whether the receiver has reported on everything that is sent. */
export function isReported(media: SentMedia | undefined): boolean {
  const tracks = [media?.video, media?.audio].filter((one) => one !== undefined);
  return tracks.length > 0 && tracks.every(({ reported }) => reported !== undefined);
}

function trackOf(outbound: Stat, stats: readonly Stat[]): SentTrack {
  const remote = stats.find(({ type, localId }) => type === 'remote-inbound-rtp' && localId === outbound.id);
  const { pliCount, firCount } = outbound;
  return {
    bytes: outbound.bytesSent ?? 0,
    packets: outbound.packetsSent ?? 0,
    ...(pliCount !== undefined && { keyFrameRequests: pliCount + (firCount ?? 0) }),
    ...(remote && {
      reported: {
        packetsLost: remote.packetsLost ?? 0,
        ...(typeof remote.jitter === 'number' && { jitterMs: remote.jitter * 1000 }),
        ...(remote.roundTripTimeMeasurements > 0 && { rttMs: remote.roundTripTime * 1000 }),
      },
    }),
  };
}
