/** Watches for how long participants have been connected by ICE, and not yet by DTLS. */
import { transportFacts } from '../browser/page/statistics.js';
import type { TransportFacts } from '../evidence/facts.js';

const beatMs = 100;

/**
 * When DTLS is not waited for any longer. Who begins the handshake, which livekit-server does (pion), sends its first
 * flight 6 times until then (0, 0.1, 0.3, 0.7, 1.5, 3.1 s), and who answers (BoringSSL) its own 7 times. With 20 % loss
 * each way 2 handshakes of 10,000 take longer, so 4 of 10⁸ times both of two do.
 */
const patienceMs = 3500;
/** BoringSSL in libwebrtc begins with twice the round-trip time instead of 50 ms. */
const patienceRoundTrips = 10;

export interface DtlsWatch {
  /** Resolves when every side has waited for longer than a handshake takes. */
  readonly stalled: Promise<void>;
  isStalled(): boolean;
  /** What the statistics say now; nothing of a connection that was closed. */
  transports(connections: readonly RTCPeerConnection[]): Promise<TransportFacts[]>;
  end(): void;
}

/** By beats instead of by the clock: while this process is paused nothing arrives either. */
export function watchDtls(sides: () => readonly (readonly RTCPeerConnection[])[]): DtlsWatch {
  const waitedMs = new Map<RTCPeerConnection, number>();
  let over = false;
  let resolve = (): void => {};
  const stalled = new Promise<void>((done) => {
    resolve = done;
  });
  const isTooLong = async (connection: RTCPeerConnection): Promise<boolean> => {
    if ((waitedMs.get(connection) ?? 0) < patienceMs) return false;
    const [transport] = await transportFacts(connection).catch(() => []);
    const rttMs = transport?.pair?.rttMs ?? 0;
    return (waitedMs.get(connection) ?? 0) >= patienceMs + patienceRoundTrips * rttMs;
  };
  const timer = setInterval(async () => {
    const all = sides();
    for (const connection of all.flat()) {
      if (waits(connection)) waitedMs.set(connection, (waitedMs.get(connection) ?? 0) + beatMs);
      else waitedMs.delete(connection);
    }
    const each = await Promise.all(
      all.map(async (connections) => (await Promise.all(connections.map(isTooLong))).includes(true)),
    );
    if (each.includes(false)) return;
    over = true;
    resolve();
  }, beatMs);
  return {
    stalled,
    isStalled: () => over,
    async transports(connections) {
      const found = connections.map(async (connection) => {
        const dtlsWaitMs = waitedMs.get(connection);
        const facts = await transportFacts(connection).catch(() => []);
        return facts.map((one) => ({ ...one, ...(dtlsWaitMs !== undefined && { dtlsWaitMs }) }));
      });
      return (await Promise.all(found)).flat();
    },
    end: () => clearInterval(timer),
  };
}

function waits({ iceConnectionState, connectionState }: RTCPeerConnection): boolean {
  return ['connected', 'completed'].includes(iceConnectionState) && connectionState === 'connecting';
}
