import { splitAddress } from '../address.js';
import { advertised, destination, mediaAnsweredAt, silent, worked } from '../checks.js';
import { ids } from '../look.js';
import { natDestinations } from '../nat.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';

interface ReplyArgs {
  addresses: string[];
  destination: string;
  answeredFrom: string;
}

/** The media port gets the checks and answers them, from another address: no NAT and no connected socket lets that in. */
export const mediaReplyAddressWrong = rule<ReplyArgs>({
  code: 'media-reply-address-wrong',
  severity: 'error',
  explainedBy: ['vantage-offline', 'media-address-private'],
  find(evidence) {
    const checks = advertised(evidence, 'udp');
    if (checks.some(worked)) return [];
    return natDestinations(evidence.observations).flatMap((one) => {
      const { address } = splitAddress(one.destination);
      const check = checks.find((other) => destination(other) === one.destination);
      if (one.kind !== 'media' || !one.answeredFrom || !check || !silent(check)) return [];
      const tcp = advertised(evidence, 'tcp').filter((other) => worked(other) && other.facts.address === address);
      return [
        {
          args: { addresses: [address], destination: one.destination, answeredFrom: one.answeredFrom },
          evidence: ids(check, one, ...(mediaAnsweredAt(evidence, address) ? tcp : [])),
          severity: severityOf(evidence, 'udp'),
        },
      ];
    });
  },
  prose: ({ destination, answeredFrom }) => ({
    summary: `The media port ${destination} answers over UDP, but its answers come from ${answeredFrom}, so nobody accepts them.`,
    cause:
      'The checks reach livekit-server, and the answers leave by another interface or are translated to another address on the way out (an egress gateway, a second address of the host, a load balancer that only rewrites what comes in).',
    fix: `Send answers back the way the packets came: keep \`externalTrafficPolicy: Local\` and exclude the media pods from the egress gateway or SNAT rule, or, on a host with several addresses, add a source-based route for the media address (\`ip rule add from ADDRESS lookup TABLE\`) and set \`rtc.ips.includes\` or \`rtc.interfaces.includes\` to it.`,
  }),
});
