/** Small UDP packets pass and large ones disappear, so that ICE connects and media does not flow. */
import { advertised, destination } from '../checks.js';
import { failedDeeper } from '../flows.js';
import { ids } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';

interface MtuArgs {
  addresses: string[];
  destination: string;
  /** UDP payload: the largest that was answered, and the smallest that never was. */
  passesBytes: number;
  lostBytes: number;
}

/**
 * The largest UDP payload that participants and livekit-server send of themselves: SCTP of 1191 bytes in a DTLS record (37
 * bytes more). RTP takes up to 1216. `probes/ice-udp.ts` says where these are from.
 */
const neededBytes = 1228;

/** IPv4 and UDP. */
const headerBytes = 28;

export const udpMtuBlackhole = rule<MtuArgs>({
  code: 'udp-mtu-blackhole',
  severity: 'error',
  explainedBy: ['vantage-offline', 'vantage-starved'],
  find: (evidence) =>
    advertised(evidence, 'udp').flatMap((check) => {
      const { answeredBytes = [], silentBytes = [] } = 'sizes' in check.facts ? (check.facts.sizes ?? {}) : {};
      const passesBytes = Math.max(...answeredBytes);
      const lostBytes = Math.min(...silentBytes);
      // What is lost without regard to its size is lost for another reason.
      if (answeredBytes.length === 0 || lostBytes > neededBytes || passesBytes >= lostBytes) return [];
      return [
        {
          args: { addresses: [check.facts.address], destination: destination(check), passesBytes, lostBytes },
          evidence: ids(check, ...failedDeeper(evidence, 'udp', 'turn-udp')),
          severity: severityOf(evidence, 'udp'),
        },
      ];
    }),
  prose: ({ destination, passesBytes, lostBytes }) => ({
    summary: `UDP to ${destination} loses every packet of ${lostBytes} bytes and more, so calls connect and then have no picture.`,
    cause: `Checks padded to ${passesBytes} bytes of payload are answered and those of ${lostBytes} never, while media takes up to ${neededBytes}: a link on the way carries less than its neighbours (a VPN, a tunnel or an overlay network), and the ICMP that would say so is dropped.`,
    fix: `Give the interfaces at both ends of the tunnel or overlay the MTU that it carries, at least ${neededBytes + headerBytes} for IPv4 (in Kubernetes the CNI's \`mtu\`, in Docker \`com.docker.network.driver.mtu\`), and let ICMP "fragmentation needed" (IPv6: "packet too big") pass; a check from another network tells which side the link is on.`,
  }),
});
