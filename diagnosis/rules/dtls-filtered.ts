import type { PairEnd, Seen, TransportFacts } from '../../evidence/facts.js';
import type { Evidence, Path } from '../../evidence/run.js';
import { splitAddress } from '../address.js';
import { destination, worked } from '../checks.js';
import { ids, look } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { at, list } from '../words.js';

interface DtlsArgs {
  paths: Path[];
  addresses: string[];
  destinations: string[];
  /** Of all participants, on the pairs on which DTLS got nowhere. */
  checks: { sent: number; answered: number };
  packetsSent: number;
  packetsReceived: number;
  /** The shortest wait of any participant. */
  waitedMs: number;
  /** The largest padded check that was answered at one of the destinations; payload of UDP. */
  passesBytes?: number;
  /** Paths whose handshake came about at the same time. */
  controls: Path[];
}

type Stalled = TransportFacts & Required<Pick<TransportFacts, 'pair' | 'checks' | 'dtlsWaitMs'>>;

/** As long as the probe waits at least: every shorter wait can be a matter of loss. */
const certainMs = 3500;
const udpPaths: readonly Path[] = ['udp', 'turn-udp'];

/** More than any datagram of a handshake, whose largest bear a certificate. */
const handshakeBytes = 1000;

const orTooLarge = {
  code: 'udp-mtu-blackhole',
  separateBy:
    'Capture UDP at both ends during a check: if the packets that are lost on the way from the server are the large ones, size is what matters.',
};

/** ICE chose a pair, checks are answered on it, and DTLS still begins. A handshake that was refused is `failed`. */
function isStalled(transport: TransportFacts): transport is Stalled {
  const { iceState, dtlsState, pair, checks, dtlsWaitMs = 0 } = transport;
  return (
    ['connected', 'completed'].includes(iceState) &&
    ['new', 'connecting'].includes(dtlsState) &&
    dtlsWaitMs >= certainMs &&
    pair !== undefined &&
    (checks?.answered ?? 0) > 0
  );
}

/** The transports that stalled; none unless both participants have one, as loss can keep one of them waiting. */
function stalled({ facts: { transports } }: Seen<'peer'>): Stalled[] {
  const sides = [transports?.caller, transports?.callee].map((side) => side?.filter(isStalled) ?? []);
  return sides.every((side) => side.length > 0) ? sides.flat() : [];
}

const pathOf = ({ facts: { path } }: Seen<'peer'>): Path => path;

/** The statistics do not tell the address of a peer-reflexive candidate, so it is the one that was checked before. */
function destinationsOf({ address, port = 0 }: PairEnd, reached: readonly Seen<'ice-udp'>[]): string[] {
  if (address) return [at(address, port)];
  return reached.filter(({ facts }) => facts.origin === 'advertised' && facts.port === port).map(destination);
}

function total(transports: readonly Stalled[], count: (one: Stalled) => number): number {
  return transports.reduce((sum, one) => sum + count(one), 0);
}

export const dtlsFiltered = rule<DtlsArgs>({
  code: 'dtls-filtered',
  severity: 'error',
  explainedBy: ['vantage-offline', 'vantage-starved', 'udp-mtu-blackhole', 'load-balancer-splits-nodes'],
  find(evidence: Evidence) {
    const peers = look(evidence, 'peer');
    const struck = peers.filter((peer) => udpPaths.includes(pathOf(peer)) && stalled(peer).length > 0);
    if (struck.length === 0) return [];
    const transports = struck.flatMap(stalled);
    const working = peers.filter(worked);
    const reached = look(evidence, 'ice-udp').filter(worked);
    const destinations = transports.flatMap(({ pair: { remote } }) => destinationsOf(remote, reached));
    const sizes = reached.filter((check) => destinations.includes(destination(check)));
    const passesBytes = Math.max(0, ...sizes.flatMap(({ facts }) => facts.sizes?.answeredBytes ?? []));
    const packetsReceived = total(transports, (one) => one.packetsReceived);
    // The server begins, with some 150 bytes. Where they arrive, the size of what follows may be what is dropped,
    // and only on the way to the server do checks say whether it is.
    if (packetsReceived > 0 && passesBytes < handshakeBytes) return [];
    const paths = struck.map(pathOf);
    return [
      {
        args: {
          paths,
          addresses: [...new Set(destinations.map((one) => splitAddress(one).address))],
          destinations: [...new Set(destinations)],
          checks: {
            sent: total(transports, ({ checks }) => checks.sent),
            answered: total(transports, ({ checks }) => checks.answered),
          },
          packetsSent: total(transports, (one) => one.packetsSent),
          packetsReceived,
          ...(passesBytes >= handshakeBytes && { passesBytes }),
          waitedMs: Math.min(...transports.map(({ dtlsWaitMs }) => dtlsWaitMs)),
          controls: working.map(pathOf),
        },
        evidence: ids(...struck, ...reached, ...working),
        severity: severityOf(evidence, ...paths),
        undecided: working.length === 0,
        ...((packetsReceived > 0 || passesBytes < handshakeBytes) && { alternatives: [orTooLarge] }),
      },
    ];
  },
  prose: ({ paths, destinations, checks, packetsSent, packetsReceived, waitedMs, passesBytes, controls }) => ({
    summary: `ICE connects by ${list(paths)}, but DTLS with ${list(destinations)} does not get through.`,
    cause: `In ${(waitedMs / 1000).toFixed(1)} s, ${checks.answered} of ${checks.sent} STUN checks were answered on the very pair on which ${packetsSent} other packets were sent and ${packetsReceived} came,${passesBytes ? ` checks padded to ${passesBytes} bytes pass, more than a handshake has,` : ''} ${controls.length > 0 ? `while the handshake by ${list(controls)} came about` : 'and there was no other path to compare with'}: something on the way looks into UDP and drops DTLS (a first byte of 20 to 63, RFC 7983).`,
    fix: `Look for a firewall with inspection of UDP, a DDoS protection or a VPN between here and ${list(destinations)}, and exempt the UDP port of \`rtc.udp_port\` (or \`rtc.port_range_start\` to \`rtc.port_range_end\`) from it; a check from another network tells on which side it is.`,
  }),
});
