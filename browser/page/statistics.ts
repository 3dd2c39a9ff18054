/** Reads W3C webrtc-stats. */
import type { PairEnd, SelectedPair, TransportFacts } from '../../evidence/facts.js';

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

type Report = ReadonlyMap<string, Stat>;

async function reportOf(connection: RTCPeerConnection): Promise<Report> {
  return (await connection.getStats()) as unknown as Report;
}

function transportsOf(report: Report): Stat[] {
  return [...report.values()].filter(({ type }) => type === 'transport');
}

function pairOf(report: Report, pair: Stat): SelectedPair {
  const rttS = pair.currentRoundTripTime;
  return {
    local: end(report.get(pair.localCandidateId)),
    remote: end(report.get(pair.remoteCandidateId)),
    ...(typeof rttS === 'number' && { rttMs: rttS * 1000 }),
  };
}

/** The pair that each transport of these connections has selected; a transport without one is left out. */
export async function selectedPairs(connections: readonly RTCPeerConnection[]): Promise<SelectedPair[]> {
  const pairs: SelectedPair[] = [];
  for (const connection of connections) {
    const report = await reportOf(connection);
    for (const transport of transportsOf(report)) {
      const pair = report.get(transport.selectedCandidatePairId);
      if (pair) pairs.push(pairOf(report, pair));
    }
  }
  return pairs;
}

/** How far each transport of one connection came. Rejects for a connection that was closed. */
export async function transportFacts(connection: RTCPeerConnection): Promise<TransportFacts[]> {
  const report = await reportOf(connection);
  return transportsOf(report).map((transport) => {
    const { dtlsState, dtlsRole, packetsSent = 0, packetsReceived = 0, bytesSent = 0, bytesReceived = 0 } = transport;
    const pair = report.get(transport.selectedCandidatePairId);
    // Browsers count what keeps a pair alive (RFC 7675) apart from the checks that come first.
    const sent = (pair?.requestsSent ?? 0) + (pair?.consentRequestsSent ?? 0);
    return {
      iceState: connection.iceConnectionState,
      dtlsState: dtlsState ?? 'unknown',
      ...(dtlsRole && { dtlsRole }),
      ...(pair && { pair: pairOf(report, pair), checks: { sent, answered: pair.responsesReceived ?? 0 } }),
      packetsSent,
      packetsReceived,
      bytesSent,
      bytesReceived,
    };
  });
}

/** `inbound-rtp` of one receiver; empty before the first packet. */
export async function inbound(receiver: RTCRtpReceiver | undefined): Promise<Stat> {
  const stats = (await receiver?.getStats()) as unknown as ReadonlyMap<string, Stat> | undefined;
  return [...(stats?.values() ?? [])].find((stat) => stat.type === 'inbound-rtp') ?? {};
}
