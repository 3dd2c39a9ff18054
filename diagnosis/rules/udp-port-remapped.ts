/** Media over UDP answers at another port than the advertised one. */
import type { Origin } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { splitAddress } from '../address.js';
import { advertised, destination, type IceCheck, iceChecks, worked } from '../checks.js';
import { ids } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';

interface RemappedArgs {
  addresses: string[];
  /** What the server offers, `ip:port`, and where it answered instead. */
  advertised: string;
  answering: string;
  expectedPort: number;
  observedPort: number;
  origin: Origin;
  /** What `media.udp` claims. */
  claimed?: string;
}

const order: readonly Origin[] = [
  'claimed-port',
  'neighbouring-port',
  'claimed',
  'cluster',
  'signal-host',
  'turn-host',
];

/** Checks in place of this candidate that were answered, the most telling first. */
function answeringInstead(evidence: Evidence, candidate: string): IceCheck[] {
  return iceChecks(evidence, 'udp')
    .filter((check) => worked(check) && check.facts.insteadOf === candidate)
    .sort((a, b) => order.indexOf(a.facts.origin) - order.indexOf(b.facts.origin));
}

export const udpPortRemapped = rule<RemappedArgs>({
  code: 'udp-port-remapped',
  severity: 'error',
  explainedBy: ['vantage-offline', 'kubernetes-udp-port-mismatch'],
  find(evidence) {
    const offered = advertised(evidence, 'udp');
    if (offered.some(worked)) return [];
    const candidates = iceChecks(evidence, 'udp').flatMap(({ facts: { insteadOf } }) => insteadOf ?? []);
    return [...new Set(candidates)].flatMap((candidate) => {
      const { address, port: expectedPort } = splitAddress(candidate);
      const instead = answeringInstead(evidence, candidate);
      const [best] = instead;
      // At its own port, if elsewhere: then it is the address that is wrong.
      if (!best || instead.some(({ facts }) => facts.port === expectedPort)) return [];
      const atOwnPort = iceChecks(evidence, 'udp').some(
        ({ facts }) => facts.address === best.facts.address && facts.port === expectedPort,
      );
      if (best.facts.address !== address && !atOwnPort) return [];
      const claimed = evidence.claims.media?.udp;
      const dead = offered.filter((check) => destination(check) === candidate);
      return [
        {
          args: {
            addresses: [address],
            advertised: candidate,
            answering: destination(best),
            expectedPort,
            observedPort: best.facts.port,
            origin: best.facts.origin,
            ...(claimed && { claimed }),
          },
          evidence: ids(...dead, best),
          severity: severityOf(evidence, 'udp'),
        },
      ];
    });
  },
  prose: ({ advertised, answering, expectedPort, observedPort, origin, claimed }) => ({
    summary: `The server advertises UDP ${advertised} for media, where nothing answers, but the media answers at ${answering}.`,
    cause: `What stands in front of livekit-server listens at port ${observedPort}${
      origin === 'claimed-port' && claimed ? `, as \`media.udp: ${claimed}\` claims,` : ''
    } and leads to port ${expectedPort}; livekit-server always advertises the port that it listens at itself, so inside and outside must be the same. A \`nodePort\` that is not set is chosen at random.`,
    fix: `Expose port ${expectedPort} as ${expectedPort}: in the Service \`port: ${expectedPort}\`, \`targetPort: ${expectedPort}\` and \`protocol: UDP\`, where the load balancer leads to nodes also \`nodePort\` (for each port of a range); or set \`rtc.udp_port: ${observedPort}\` (or \`rtc.port_range_start\` and \`rtc.port_range_end\`) and the Service's \`targetPort\` to ${observedPort}.`,
  }),
});
