/** Whether packets are lost between this vantage and the deployment, so that whatever took too long may have been late. */
import type { NatDestination, TransportFacts } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';
import { iceChecks } from './checks.js';
import { look } from './look.js';

export interface Loss {
  /** UDP checks of which it is known whether they were answered. */
  readonly sent: number;
  readonly lost: number;
}

/** A single packet is lost anywhere. */
const fewestLost = 2;
/** Of round trips: TCP bears up to about this without anybody noticing. */
const leastShare = 0.1;
/** Of a participant's checks: one before the other side was ready, and one still on its way. */
const unansweredAnyway = 2;
/** How soon the probe `nat` asks again. */
const askedAgainMs = 50;

function ofParticipant({ pair, checks }: TransportFacts): Loss[] {
  const { candidateType, protocol, relayProtocol } = pair?.local ?? {};
  if (!checks || (candidateType === 'relay' ? relayProtocol : protocol) !== 'udp') return [];
  const sent = Math.max(0, checks.sent - unansweredAnyway);
  return [{ sent, lost: Math.max(0, sent - checks.answered) }];
}

/** What was asked again sooner than an answer could have come is not counted. A STUN or TURN server is ready at any time. */
function ofDestination({ kind, sent, rttMs }: NatDestination): Loss[] {
  if (kind === 'media' || rttMs === undefined) return [];
  const lost = Math.max(0, sent - 1 - Math.floor(rttMs / askedAgainMs));
  return [{ sent: 1 + lost, lost }];
}

/** Undefined where so few were lost that nothing should be late for it. */
export function lossSeen(evidence: Evidence): Loss | undefined {
  const samples = [
    ...iceChecks(evidence, 'udp').flatMap(({ facts: { loss } }) => (loss ? [loss] : [])),
    ...look(evidence, 'nat').flatMap(({ facts: { destinations } }) => destinations.flatMap(ofDestination)),
    ...look(evidence, 'peer').flatMap(({ facts: { transports } }) =>
      Object.values(transports ?? {})
        .flat()
        .flatMap(ofParticipant),
    ),
  ];
  const sent = samples.reduce((sum, one) => sum + one.sent, 0);
  const lost = samples.reduce((sum, one) => sum + one.lost, 0);
  return lost >= fewestLost && lost >= leastShare * sent ? { sent, lost } : undefined;
}

export const lossPercent = ({ sent, lost }: Loss): number => Math.round((100 * lost) / sent);
