/** TURN that answers with an error, or whose relay announces an address of no use. */
import type { TurnError, TurnFacts } from '../../../evidence/facts.js';
import type { Observation } from '../../../evidence/run.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, media } = s;

const refused = (step: TurnError['step'], code: number, facts: Partial<TurnFacts> = {}): Observation =>
  s.turn('turn-tls', 'turn-error', { realm: 'turn.example.com', error: { step, code, reason: 'No' }, ...facts });
/** Time-limited credentials that were used at noon. */
const until = (credentialsExpireAt: string): Partial<TurnFacts> => ({
  credentialsExpireAt,
  usedAt: '2026-03-01T12:00:00.000Z',
});
/** The join response without the server's clock. */
const joined = s.joined();
const withoutClock = { ...joined, facts: { ...joined.facts } };
delete withoutClock.facts.clockSkewMs;
const relayedAt = (relayed: string): Partial<TurnFacts> => ({ relayed });

export const turnRefusedFaults: readonly Fault[] = [
  {
    name: 'time-limited TURN credentials that were old when they were handed out',
    evidence: scene({ with: [refused('allocate', 401, until('2026-03-01T11:00:00.000Z'))] }),
    codes: ['turn-credentials-expired'],
    alternatives: [],
    verdict: 'fail',
    says: ['60 min', '2026-03-01 11:00 UTC', '`rtc.turn_servers[].ttl`'],
  },
  {
    name: 'the same where only our own clock says so',
    evidence: scene({ with: [withoutClock, refused('allocate', 401, until('2026-03-01T11:00:00.000Z'))] }),
    codes: ['turn-credentials-expired'],
    alternatives: ['turn-credentials-rejected'],
    verdict: 'fail',
  },
  {
    name: 'our clock is ahead, the credentials are good, the secret is not',
    evidence: scene({
      with: [
        s.signal({ ...(joined.facts as object), clockSkewMs: -7_200_000 }),
        refused('allocate', 401, until('2026-03-01T11:00:00.000Z')),
      ],
    }),
    codes: ['turn-credentials-rejected'],
    alternatives: ['turn-credentials-expired'],
    verdict: 'fail',
  },
  {
    name: 'keys rotated, and the TURN load balancer leads to a pod that was not restarted',
    evidence: scene({ with: [refused('allocate', 400, { realm: 'livekit' })] }),
    codes: ['turn-credentials-rejected'],
    alternatives: [],
    verdict: 'fail',
    says: ['400', 'same `keys`', 'kubectl rollout restart'],
  },
  {
    name: 'another server says 400 to credentials',
    evidence: scene({ with: [refused('allocate', 400)] }),
    codes: ['turn-credentials-rejected'],
    alternatives: ['turn-request-refused'],
    verdict: 'fail',
  },
  {
    name: 'a server for STUN alone is handed out as TURN',
    evidence: scene({
      with: [s.turn('turn-tls', 'turn-error', { error: { step: 'allocate', code: 400, reason: 'Bad Request' } })],
    }),
    codes: ['turn-request-refused'],
    verdict: 'fail',
    says: ['400 Bad Request', 'stun-only'],
  },
  ...([300, 403, 437, 438, 440, 442, 443, 500, 599] as const).map(
    (code): Fault => ({
      name: `TURN answers ${code}`,
      evidence: scene({ with: [refused(code === 443 ? 'channel' : 'allocate', code)] }),
      codes: ['turn-request-refused'],
      verdict: 'fail',
      says: [`${code} No`],
    }),
  ),
  {
    name: 'pion denies a peer with 401 when a channel is asked for',
    evidence: scene({ with: [refused('channel', 401, { realm: 'livekit' })] }),
    codes: ['turn-peer-denied'],
    verdict: 'fail',
  },
  {
    name: 'a private relayed address that works all the same',
    evidence: scene({ with: [s.turn('turn-tls', undefined, relayedAt('10.99.0.4:50000'))] }),
    codes: ['turn-relay-address-wrong'],
    alternatives: [],
    verdict: 'pass',
    says: ['10.99.0.4', '`external-ip='],
  },
  {
    name: 'a private relayed address, and nothing comes back through it',
    evidence: scene({
      with: [
        s.turn('turn-tls', 'no-relayed-answer', {
          ...relayedAt('10.99.0.4:50000'),
          relayedChecks: [{ candidate: `${media}:7882`, sent: 28 }],
        }),
      ],
    }),
    codes: ['turn-relay-address-wrong'],
    suppressed: ['turn-relay-range-blocked'],
    alternatives: ['turn-relay-range-blocked'],
    verdict: 'fail',
  },
  {
    name: 'a foreign relayed address, and nothing comes back through it',
    evidence: scene({
      with: [
        s.turn('turn-tls', 'no-relayed-answer', {
          ...relayedAt('198.51.100.99:50000'),
          relayedChecks: [{ candidate: `${media}:7882`, sent: 28 }],
        }),
      ],
    }),
    codes: ['turn-relay-range-blocked'],
    alternatives: ['turn-relay-address-wrong'],
    verdict: 'fail',
  },
];
