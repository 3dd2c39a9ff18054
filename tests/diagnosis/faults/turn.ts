/** TURN: faults as they show in the observations. */
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, turnHost, media, turnAddress } = s;

export const turnFaults: readonly Fault[] = [
  {
    name: 'TURN off, and not required',
    evidence: scene({
      without: [
        `dns:${turnHost}`,
        `tls:${turnHost}:443`,
        `turn-udp:${media}:3478`,
        `turn-tls:${turnHost}:443`,
        'peer:turn-udp',
        'media:turn-udp',
        'media:turn-tls',
      ],
      with: [s.joined({ iceServers: [{ url: 'stun:stun.example.net:3478', hasCredential: false }] })],
    }),
    codes: ['turn-not-offered'],
    verdict: 'pass',
    says: ['`turn.enabled: true`'],
  },
  {
    name: 'TURN off, though its host is named',
    evidence: scene({
      claims: { turn: { host: turnHost } },
      without: [
        `tls:${turnHost}:443`,
        `turn-udp:${media}:3478`,
        `turn-tls:${turnHost}:443`,
        'peer:turn-udp',
        'media:turn-udp',
        'media:turn-tls',
      ],
      with: [s.joined({ iceServers: [] })],
    }),
    codes: ['turn-not-offered'],
    verdict: 'pass',
  },
  {
    name: 'TURN off, though required',
    evidence: scene({
      claims: { paths: { required: ['udp', 'tcp', 'turn-tls'] } },
      without: [
        `dns:${turnHost}`,
        `tls:${turnHost}:443`,
        `turn-udp:${media}:3478`,
        `turn-tls:${turnHost}:443`,
        'peer:turn-udp',
        'media:turn-udp',
        'media:turn-tls',
      ],
      with: [s.joined({ iceServers: [] })],
    }),
    codes: ['turn-not-offered'],
    verdict: 'fail',
    says: ['turn-tls', '`turn.tls_port`'],
  },
  {
    name: 'TURN over TLS cannot be had where the environment runs',
    evidence: scene({
      claims: { paths: { required: ['udp', 'tcp', 'turn-udp', 'turn-tls'] } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.joined({ iceServers: [{ url: `turn:${media}:3478?transport=udp`, hasCredential: true }] }),
        ...(['turn-tls', 'media:turn-tls'] as const).map((id) => ({
          ...s.observation(
            'turn-tls',
            undefined,
            {},
            { state: 'unsupported', failure: { kind: 'vantage', message: '443' } },
          ),
          id,
          probe: id.split(':')[0] as string,
        })),
      ],
    }),
    codes: [],
    verdict: 'inconclusive',
  },
  {
    name: 'TURN over TLS dropped',
    evidence: scene({
      with: [s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')), s.turn('turn-tls', 'timeout')],
    }),
    codes: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [`${turnAddress}:443`, '`turn.tls_port`'],
  },
  {
    name: 'TURN over TLS refused',
    evidence: scene({
      with: [s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('refused')), s.turn('turn-tls', 'refused')],
    }),
    codes: ['turn-tls-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'a web server at the TURN host',
    evidence: scene({ with: [s.turn('turn-tls', 'not-turn', { connectMs: 3, plaintext: 'HTTP/1.1 400' })] }),
    codes: ['turn-port-not-turn'],
    verdict: 'fail',
    says: ['HTTP/1.1 400', turnHost],
  },
  {
    name: 'TURN over UDP dropped, UDP media answers',
    evidence: scene({ with: [s.turn('turn-udp', 'timeout')] }),
    codes: ['turn-udp-unreachable'],
    verdict: 'fail',
    says: [`${media}:3478`, '`turn.udp_port`'],
  },
  {
    name: 'TURN over UDP refused',
    evidence: scene({ with: [s.turn('turn-udp', 'refused')] }),
    codes: ['turn-udp-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'TURN over TCP refused',
    evidence: scene({
      with: [
        s.joined({ iceServers: [{ url: `turn:${turnHost}:3478?transport=tcp`, hasCredential: true }] }),
        s.observation(
          'turn-tcp',
          `${turnHost}:3478`,
          {
            url: `turn:${turnHost}:3478?transport=tcp`,
            host: turnHost,
            address: turnAddress,
            port: 3478,
            transport: 'tcp',
            relayedChecks: [],
          },
          s.failed('refused'),
        ),
      ],
    }),
    codes: ['turn-tcp-unreachable'],
    verdict: 'fail',
    says: [`${turnAddress}:3478`, '`rtc.turn_servers`'],
  },
  {
    name: 'TURN credentials rejected',
    evidence: scene({
      with: [
        s.turn('turn-tls', 'turn-error', {
          realm: 'turn.example.com',
          error: { step: 'allocate', code: 401, reason: 'Unauthorized' },
        }),
      ],
    }),
    codes: ['turn-credentials-rejected'],
    verdict: 'fail',
    says: ['`rtc.turn_servers[].secret`'],
  },
  {
    name: 'TURN denies the media address, on both URLs',
    evidence: scene({
      with: (['turn-udp', 'turn-tls'] as const).map((path) =>
        s.turn(path, 'turn-error', { error: { step: 'permission', code: 403, reason: 'Forbidden' } }),
      ),
    }),
    codes: ['turn-peer-denied'],
    verdict: 'fail',
    says: [`turn.allow_restricted_peer_cidrs: [${media}/32]`],
  },
  {
    name: 'TURN has no relay port left',
    evidence: scene({
      with: [s.turn('turn-tls', 'turn-error', { error: { step: 'allocate', code: 508, reason: 'Insufficient' } })],
    }),
    codes: ['turn-quota-exceeded'],
    verdict: 'fail',
    says: ['508'],
  },
  {
    name: 'relay ports blocked',
    evidence: scene({
      with: [s.turn('turn-tls', 'no-relayed-answer', { relayedChecks: [{ candidate: `${media}:7882`, sent: 14 }] })],
    }),
    codes: ['turn-relay-range-blocked'],
    verdict: 'fail',
    says: [`${media}:7882`, '`turn.relay_range_start`'],
  },
];
