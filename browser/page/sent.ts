/** What the statistics say of the media that a participant sends, its receivers' reports among it. */
import type { SentMedia } from '../../evidence/facts.js';

// biome-ignore lint/suspicious/noExplicitAny: the DOM types know few of the fields
type Stat = Record<string, any>;

/** Of all connections together; undefined where nothing is sent. */
export async function sent(connections: readonly RTCPeerConnection[]): Promise<SentMedia | undefined> {
  const reports = await Promise.all(
    connections.map(async (one) => [...((await one.getStats()) as unknown as ReadonlyMap<string, Stat>).values()]),
  );
  const stats = reports.flat();
  const outbound = stats.filter(({ type }) => type === 'outbound-rtp');
  const video = outbound.find(({ kind }) => kind === 'video');
  const audio = outbound.find(({ kind }) => kind === 'audio');
  if (!video && !audio) return undefined;
  const remote = stats.filter(({ type }) => type === 'remote-inbound-rtp');
  const sum = (of: Stat[], name: string): number => of.reduce((total, one) => total + (one[name] ?? 0), 0);
  const roundTrips = remote.map(({ roundTripTime }) => roundTripTime).filter((one) => typeof one === 'number');
  const jitters = remote.map(({ jitter }) => jitter).filter((one) => typeof one === 'number');
  return {
    videoBytes: video?.bytesSent ?? 0,
    audioBytes: audio?.bytesSent ?? 0,
    packetsSent: sum(outbound, 'packetsSent'),
    ...(video?.qualityLimitationReason && { limitedBy: video.qualityLimitationReason }),
    ...(remote.length > 0 && {
      reported: {
        packetsLost: sum(remote, 'packetsLost'),
        ...(roundTrips.length > 0 && { rttMs: Math.max(...roundTrips) * 1000 }),
        ...(jitters.length > 0 && { jitterMs: Math.max(...jitters) * 1000 }),
      },
    }),
    keyFrameRequests: (video?.pliCount ?? 0) + (video?.firCount ?? 0),
  };
}
