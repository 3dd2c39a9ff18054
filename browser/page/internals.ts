/** What chrome://webrtc-internals would show of every connection of this page, without what is secret. */
import { everyConnection } from './hold.js';

export interface ConnectionInternals {
  readonly iceConnectionState: string;
  readonly connectionState: string;
  readonly signalingState: string;
  /** W3C webrtc-stats, by kind and then by id. */
  readonly stats: readonly Readonly<Record<string, unknown>>[];
}

/** User fragments and passwords of ICE, and the certificates of DTLS: of use to nobody who reads it, and long. */
const unsaid = /ufrag|fragment|password|credential|certificate|fingerprint/i;

export function internals(): Promise<ConnectionInternals[]> {
  return Promise.all(everyConnection().map(internalsOf));
}

async function internalsOf(connection: RTCPeerConnection): Promise<ConnectionInternals> {
  const { iceConnectionState, connectionState, signalingState } = connection;
  // Rejected where the connection is gone.
  const report = await connection.getStats().catch(() => new Map());
  const stats = [...(report as ReadonlyMap<string, Record<string, unknown>>).values()]
    .filter(({ type }) => type !== 'certificate')
    .map((stat) => Object.fromEntries(Object.entries(stat).filter(([name]) => !unsaid.test(name))))
    .sort((a, b) => `${a.type}`.localeCompare(`${b.type}`));
  return { iceConnectionState, connectionState, signalingState, stats };
}
