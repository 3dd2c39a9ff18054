/** Reads W3C webrtc-stats. */
import type { PairEnd, SelectedPair } from '../../evidence/facts.js';

// biome-ignore lint/suspicious/noExplicitAny: the DOM types know few of the fields
type Stat = Record<string, any>;

function end(candidate: Stat | undefined): PairEnd {
  const { candidateType = '', protocol = '', address, port, relayProtocol, url } = candidate ?? {};
  return {
    candidateType,
    protocol,
    ...(address && { address }),
    ...(port && { port }),
    ...(relayProtocol && { relayProtocol }),
    ...(url && { url }),
  };
}

/** The pair that each transport of these connections has selected; a transport without one is left out. */
export async function selectedPairs(connections: readonly RTCPeerConnection[]): Promise<SelectedPair[]> {
  const pairs: SelectedPair[] = [];
  for (const connection of connections) {
    const stats = (await connection.getStats()) as unknown as ReadonlyMap<string, Stat>;
    for (const transport of stats.values()) {
      if (transport.type !== 'transport') continue;
      const pair = stats.get(transport.selectedCandidatePairId);
      if (!pair) continue;
      const rttS = pair.currentRoundTripTime;
      pairs.push({
        local: end(stats.get(pair.localCandidateId)),
        remote: end(stats.get(pair.remoteCandidateId)),
        ...(typeof rttS === 'number' && { rttMs: rttS * 1000 }),
      });
    }
  }
  return pairs;
}

/** `inbound-rtp` of one receiver; empty before the first packet. */
export async function inbound(receiver: RTCRtpReceiver | undefined): Promise<Stat> {
  const stats = (await receiver?.getStats()) as unknown as ReadonlyMap<string, Stat> | undefined;
  return [...(stats?.values() ?? [])].find((stat) => stat.type === 'inbound-rtp') ?? {};
}
