/** Media addresses and ports: faults as they show in the observations. */
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, turnHost, ingress, media, nowhere } = s;

/** What everything behind a wrong `rtc.node_ip` looks like: embedded TURN is advertised there too. */
function pinned(address: string, kind: 'timeout' | 'refused', answering: readonly ReturnType<typeof s.ice>[]) {
  return {
    without: [`ice-udp:${media}:7882`, `ice-tcp:${media}:7881`, `turn-udp:${media}:3478`],
    with: [
      s.joined({
        iceServers: [
          { url: `turn:${address}:3478?transport=udp`, hasCredential: true },
          { url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true },
        ],
        candidates: [s.candidate('udp', address, 7882), s.candidate('tcp', address, 7881)],
      }),
      s.ice('udp', address, kind),
      s.ice('tcp', address, kind),
      s.turn('turn-udp', kind, { address }),
      s.turn('turn-tls', 'no-relayed-answer', { relayedChecks: [{ candidate: `${address}:7882`, sent: 14 }] }),
      ...answering,
    ],
  };
}

const instead = (origin: 'claimed' | 'signal-host', address: string, advertised: string) => [
  s.ice('udp', address, undefined, { origin, insteadOf: `${advertised}:7882` }),
  s.ice('tcp', address, undefined, { origin, insteadOf: `${advertised}:7881` }),
];

export const mediaFaults: readonly Fault[] = [
  {
    name: 'stale media address, the claimed one answers',
    evidence: scene({
      claims: { media: { address: media } },
      ...pinned(nowhere, 'timeout', instead('claimed', media, nowhere)),
    }),
    codes: ['media-address-wrong'],
    suppressed: [
      'media-address-silent',
      'udp-filtered',
      'tcp-port-filtered',
      'turn-udp-unreachable',
      'turn-relay-range-blocked',
    ],
    verdict: 'fail',
    says: [nowhere, `rtc.node_ip: ${media}`, 'rtc.use_external_ip: false'],
  },
  {
    name: 'wrong media address that refuses, the signalling host answers',
    evidence: scene(pinned(nowhere, 'refused', instead('signal-host', ingress, nowhere))),
    codes: ['media-address-wrong'],
    suppressed: ['udp-port-closed', 'tcp-port-refused', 'turn-udp-unreachable', 'turn-relay-range-blocked'],
    verdict: 'fail',
    says: [nowhere, `rtc.node_ip: ${ingress}`],
  },
  {
    name: 'pod address advertised, the claimed one answers',
    evidence: scene({
      claims: { media: { address: media } },
      ...pinned('10.1.2.3', 'timeout', instead('claimed', media, '10.1.2.3')),
    }),
    codes: ['media-address-private'],
    suppressed: [
      'media-address-silent',
      'udp-filtered',
      'tcp-port-filtered',
      'turn-udp-unreachable',
      'turn-relay-range-blocked',
    ],
    verdict: 'fail',
    says: ['10.1.2.3', `rtc.node_ip: ${media}`],
  },
  {
    name: 'pod address advertised, which is not probed, and nothing else answers',
    evidence: scene({
      without: [`ice-udp:${media}:7882`, `ice-tcp:${media}:7881`, `turn-udp:${media}:3478`],
      with: [
        s.joined({ candidates: [s.candidate('udp', '10.1.2.3', 7882), s.candidate('tcp', '10.1.2.3', 7881)] }),
        ...(['udp', 'tcp'] as const).map((protocol) => ({
          ...s.ice(protocol, '10.1.2.3', 'address-not-allowed'),
          state: 'unsupported' as const,
        })),
        s.turn('turn-tls', 'turn-error', { error: { step: 'permission', code: 403, reason: 'Forbidden' } }),
      ],
    }),
    codes: ['media-address-private'],
    suppressed: ['turn-peer-denied'],
    verdict: 'fail',
    says: ['10.1.2.3', '<public address of the media>'],
  },
  {
    name: 'nothing at the media address, TURN elsewhere relays to it',
    evidence: scene({
      without: [`turn-udp:${media}:3478`],
      with: [
        s.joined({ iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }] }),
        s.ice('udp', media, 'timeout'),
        s.ice('tcp', media, 'timeout'),
      ],
    }),
    codes: ['media-address-silent'],
    suppressed: ['udp-filtered', 'tcp-port-filtered'],
    alternatives: ['media-address-wrong', 'udp-filtered', 'tcp-port-filtered', 'udp-blocked-at-vantage'],
    verdict: 'inconclusive',
    says: [media, '`rtc.node_ip`'],
  },
  {
    name: 'media works, but not where it is claimed',
    evidence: scene({ claims: { media: { address: nowhere } } }),
    codes: ['media-address-drift'],
    verdict: 'pass',
    says: [media, nowhere],
  },
  {
    name: 'UDP media port dropped, TURN over UDP answers',
    evidence: scene({ with: [s.ice('udp', media, 'timeout')] }),
    codes: ['udp-filtered'],
    verdict: 'fail',
    says: [`${media}:7882`, '`rtc.udp_port`'],
  },
  {
    name: 'UDP media port dropped, nothing else uses UDP',
    evidence: scene({
      without: [`turn-udp:${media}:3478`],
      with: [
        s.joined({ iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }] }),
        s.ice('udp', media, 'timeout'),
      ],
    }),
    codes: ['udp-filtered'],
    alternatives: ['udp-blocked-at-vantage', 'udp-port-remapped'],
    verdict: 'inconclusive',
  },
  {
    name: 'UDP media port closed',
    evidence: scene({ with: [s.ice('udp', media, 'refused')] }),
    codes: ['udp-port-closed'],
    verdict: 'fail',
    says: [`${media}:7882`, 'targetPort'],
  },
  {
    name: 'UDP not offered, though required',
    evidence: scene({
      claims: { paths: { required: ['udp', 'tcp'] } },
      without: [`ice-udp:${media}:7882`],
      with: [s.joined({ candidates: [s.candidate('tcp', media, 7881)] })],
    }),
    codes: ['udp-not-offered'],
    verdict: 'fail',
    says: ['`rtc.force_tcp`', '`rtc.udp_port: 7882`'],
  },
  {
    name: 'TCP media port refused',
    evidence: scene({ with: [s.ice('tcp', media, 'refused')] }),
    codes: ['tcp-port-refused'],
    verdict: 'fail',
    says: [`${media}:7881`, '`rtc.tcp_port`'],
  },
  {
    name: 'TCP media port dropped',
    evidence: scene({ with: [s.ice('tcp', media, 'timeout')] }),
    codes: ['tcp-port-filtered'],
    verdict: 'fail',
    says: [`${media}:7881`],
  },
  {
    name: 'an HTTP proxy on the TCP media port',
    evidence: scene({
      with: [s.ice('tcp', media, 'not-stun', { connectMs: 4, plaintext: 'HTTP/1.1 400 Bad Request' })],
    }),
    codes: ['tcp-port-proxied'],
    verdict: 'fail',
    says: ['HTTP/1.1 400 Bad Request'],
  },
  {
    name: 'a load balancer without a backend on the TCP media port',
    evidence: scene({ with: [s.ice('tcp', media, 'timeout', { connectMs: 4 })] }),
    codes: ['tcp-port-proxied'],
    verdict: 'fail',
  },
  {
    name: 'TCP not offered',
    evidence: scene({
      without: [`ice-tcp:${media}:7881`],
      with: [s.joined({ candidates: [s.candidate('udp', media, 7882)] })],
    }),
    codes: ['tcp-not-offered'],
    verdict: 'pass',
    says: ['`rtc.tcp_port: 7881`'],
  },
  {
    name: 'UDP media port dropped for relays too',
    evidence: scene({
      with: [
        s.ice('udp', media, 'timeout'),
        s.turn('turn-udp', 'no-relayed-answer', { relayedChecks: [{ candidate: `${media}:7882`, sent: 14 }] }),
        s.turn('turn-tls', 'no-relayed-answer', { relayedChecks: [{ candidate: `${media}:7882`, sent: 14 }] }),
      ],
    }),
    codes: ['udp-filtered'],
    suppressed: ['turn-relay-range-blocked'],
    verdict: 'fail',
  },
];
