/** What the vantage's NAT, and STUN servers outside of the deployment, say beside the media. */
import type { NatBindingFacts, NatDestination, NatFacts } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, media, turnHost } = s;
const local = '192.168.1.10:40001';
const outer = '198.51.100.7:40001';
const stunHost = 'stun.l.google.com';

const asked = (
  kind: NatDestination['kind'],
  destination: string,
  mapped?: string,
  more: Partial<NatDestination> = {},
): NatDestination => ({
  kind,
  host: kind === 'stun' ? stunHost : destination.replace(/:\d+$/, ''),
  destination,
  local,
  sent: mapped ? 1 : 28,
  ...(mapped ? { mapped, rttMs: 12 } : { silent: true }),
  ...more,
});
const ofMedia = (mapped?: string, more: Partial<NatDestination> = {}) => asked('media', `${media}:7882`, mapped, more);
const ofTurn = (mapped?: string) => asked('turn', `${media}:3478`, mapped);
const ofStun = (mapped?: string) => asked('stun', '192.0.2.78:19302', mapped);

const nat = (destinations: NatDestination[], facts: Partial<NatFacts> = {}) =>
  s.observation('nat', 'ipv4', { family: 4, destinations, stun: 'offered', unresolved: [], ...facts });

/** No TURN over UDP, as where LiveKit hands out public STUN servers. */
const withoutTurnUdp = {
  without: [`turn-udp:${media}:3478`],
  joined: s.joined({
    iceServers: [
      { url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true },
      { url: `stun:${stunHost}:19302`, hasCredential: false },
    ],
  }),
};

const idle = (trials: NatBindingFacts['trials'], facts: Partial<NatBindingFacts> = {}) =>
  s.observation('nat-binding', undefined, {
    askedMs: 40_000,
    method: 'inbound',
    by: `turn:${media}:3478?transport=udp`,
    trials,
    ...facts,
  });

export const natFaults: readonly Fault[] = [
  {
    name: 'UDP media port dropped, no TURN over UDP, a STUN server answers',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [withoutTurnUdp.joined, s.ice('udp', media, 'timeout'), nat([ofMedia(), ofStun(outer)])],
    }),
    codes: ['udp-filtered'],
    verdict: 'fail',
    says: [`${media}:7882`, 'Other UDP from this machine is answered'],
  },
  {
    name: 'UDP blocked here, no TURN over UDP, STUN is silent too',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [withoutTurnUdp.joined, s.ice('udp', media, 'timeout'), nat([ofMedia(), ofStun()])],
    }),
    codes: ['udp-blocked-at-vantage'],
    suppressed: ['udp-filtered'],
    verdict: 'inconclusive',
    says: [stunHost, '192.0.2.78:19302'],
  },
  {
    name: 'UDP media port silent, and the names of the STUN servers lead nowhere',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [
        withoutTurnUdp.joined,
        s.ice('udp', media, 'timeout'),
        nat([ofMedia()], { unresolved: [stunHost, 'global.stun.twilio.com'] }),
      ],
    }),
    codes: ['udp-filtered'],
    verdict: 'inconclusive',
    says: [`no address is known here of the STUN servers ${stunHost} and global.stun.twilio.com`],
  },
  {
    name: 'UDP media port silent, and nobody may be asked',
    evidence: scene({
      claims: { stun: { servers: [] } },
      without: withoutTurnUdp.without,
      with: [withoutTurnUdp.joined, s.ice('udp', media, 'timeout'), nat([ofMedia()], { stun: 'none' })],
    }),
    codes: ['udp-filtered'],
    verdict: 'inconclusive',
    says: ['claims that no STUN server may be asked'],
  },
  {
    name: 'UDP media port silent, STUN not waited for',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [
        withoutTurnUdp.joined,
        s.ice('udp', media, 'timeout'),
        nat([ofMedia(), { kind: 'stun', host: stunHost, destination: '192.0.2.78:19302', sent: 1 }]),
      ],
    }),
    codes: ['udp-filtered'],
    verdict: 'inconclusive',
  },
  {
    name: 'all UDP of the deployment dropped, a STUN server outside answers',
    evidence: scene({
      with: [
        s.ice('udp', media, 'timeout'),
        s.turn('turn-udp', 'timeout'),
        nat([ofMedia(), ofTurn(), ofStun(outer)], { stun: 'default' }),
      ],
    }),
    codes: ['udp-filtered', 'turn-udp-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'both media ports silent at the address that we have ourselves',
    evidence: scene({
      with: [
        s.ice('udp', media, 'timeout'),
        s.ice('tcp', media, 'timeout'),
        s.turn('turn-udp', 'timeout'),
        s.turn('turn-tls', 'no-relayed-answer', { relayedChecks: [{ candidate: `${media}:7882`, sent: 14 }] }),
        nat([ofMedia(), ofTurn(), ofStun(`${media}:40001`)], { stun: 'default' }),
      ],
    }),
    codes: ['hairpin-missing'],
    suppressed: [
      'media-address-silent',
      'udp-filtered',
      'tcp-port-filtered',
      'turn-udp-unreachable',
      'turn-relay-range-blocked',
    ],
    alternatives: ['udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
    says: [media, stunHost, '`rtc.advertise_internal_ip: true`', '`rtc.use_external_ip: true`'],
  },
  {
    name: 'the same, with an internal address that may not be checked',
    evidence: scene({
      with: [
        s.ice('udp', media, 'timeout'),
        s.ice('tcp', media, 'timeout'),
        { ...s.ice('udp', '192.168.1.2', 'address-not-allowed'), state: 'unsupported' },
        s.turn('turn-udp', 'timeout'),
        nat([ofMedia(), ofTurn(), ofStun(`${media}:40001`)], { stun: 'default' }),
      ],
    }),
    codes: ['hairpin-missing'],
    suppressed: ['media-address-silent', 'udp-filtered', 'tcp-port-filtered', 'turn-udp-unreachable'],
    verdict: 'inconclusive',
    says: ['192.168.1.2', '`media.address`'],
  },
  {
    name: 'the media is silent over UDP alone at the address that we have ourselves: packets do come back in',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [withoutTurnUdp.joined, s.ice('udp', media, 'timeout'), nat([ofMedia(), ofStun(`${media}:40001`)])],
    }),
    codes: ['udp-filtered'],
    verdict: 'fail',
  },
  {
    name: 'the media answers from another address',
    evidence: scene({
      without: withoutTurnUdp.without,
      with: [
        withoutTurnUdp.joined,
        s.ice('udp', media, 'timeout'),
        nat([ofMedia(outer, { answeredFrom: '203.0.113.77:7882' }), ofStun(outer)]),
      ],
    }),
    codes: ['media-reply-address-wrong'],
    suppressed: ['udp-filtered'],
    verdict: 'fail',
    says: ['203.0.113.77:7882', `${media}:7882`],
  },
  {
    name: 'a port of its own for each destination',
    evidence: scene({ with: [nat([ofMedia(outer), ofTurn('198.51.100.7:51000')], { stun: 'none' })] }),
    codes: ['nat-endpoint-dependent'],
    verdict: 'pass',
    says: [outer, '198.51.100.7:51000'],
  },
  {
    name: 'one mapping for all, by a NAT and by one that loops back',
    evidence: scene({ with: [nat([ofMedia(`${media}:61000`), ofTurn(outer), ofStun(outer)])] }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'a private network to the deployment beside the internet',
    evidence: scene({ with: [nat([ofMedia('10.8.0.5:40001'), ofStun(outer)])] }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'mappings forgotten after ten seconds',
    evidence: scene({
      with: [
        nat([ofMedia(outer), ofTurn(outer)]),
        idle([
          { idleMs: 5000, mapped: outer, cameIn: true },
          { idleMs: 10_000, mapped: outer, cameIn: false },
          { idleMs: 20_000, mapped: outer, cameIn: false },
        ]),
      ],
    }),
    codes: ['nat-binding-short'],
    verdict: 'pass',
    says: ['idle for 10 s', '(5 s it outlives)', 'REQ-5'],
  },
  {
    name: 'another port after twenty seconds',
    evidence: scene({
      with: [
        idle(
          [
            { idleMs: 10_000, mapped: outer, mappedAfter: outer },
            { idleMs: 20_000, mapped: outer, mappedAfter: '198.51.100.7:52000' },
          ],
          { method: 'mapped-port', by: '192.0.2.78:19302' },
        ),
      ],
    }),
    codes: ['nat-binding-short'],
    verdict: 'pass',
    says: ['192.0.2.78:19302 sees another mapped port'],
  },
  {
    name: 'a packet lost among mappings that live',
    evidence: scene({
      with: [
        idle([
          { idleMs: 10_000, mapped: outer, cameIn: false },
          { idleMs: 20_000, mapped: outer, cameIn: true },
        ]),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
];
