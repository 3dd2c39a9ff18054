/** TURN over TLS at another port, or with TLS ended twice or nowhere. */
import type { TurnLook } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, turnHost, turnAddress } = s;

const unreached = (...ports: number[]): TurnLook[] =>
  ports.flatMap((port) => (['tls', 'tcp'] as const).map((over) => ({ port, over, heard: 'unreachable' as const })));
const silentTls = s.tls(turnHost, { chain: [], connectMs: undefined, handshakeMs: undefined }, s.failed('timeout'));
const livekit = { heard: 'turn', realm: 'livekit' } as const;

export const turnTlsFaults: readonly Fault[] = [
  {
    name: 'nothing forwards 443 to the listener at 5349, which wants TLS',
    evidence: scene({
      with: [
        silentTls,
        s.turn('turn-tls', 'timeout', {
          looks: [
            { port: 443, over: 'tcp', heard: 'unreachable' },
            { port: 443, over: 'tls-in-tls', heard: 'unreachable' },
            { port: 5349, over: 'tls', ...livekit },
            { port: 5349, over: 'tcp', heard: 'silent' },
            ...unreached(3478),
          ],
        }),
      ],
    }),
    codes: ['turn-tls-port-mismatch'],
    suppressed: ['turn-tls-unreachable'],
    alternatives: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [`${turnAddress}:5349`, 'wants TLS', '`targetPort: 5349`', 'ssl_preread'],
  },
  {
    name: '443 is refused, and the listener at 3478 speaks no TLS',
    evidence: scene({
      with: [
        s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('refused')),
        s.turn('turn-tls', 'refused', {
          looks: [
            { port: 443, over: 'tcp', heard: 'refused' },
            { port: 3478, over: 'tls', heard: 'no-handshake' },
            { port: 3478, over: 'tcp', ...livekit },
          ],
        }),
      ],
    }),
    codes: ['turn-tls-port-mismatch'],
    suppressed: ['turn-tls-unreachable'],
    alternatives: [],
    verdict: 'fail',
    says: ['speaks no TLS', '`turn.external_tls: true`'],
  },
  {
    name: 'a web server has 443 of the host, TURN listens beside it',
    evidence: scene({
      with: [
        s.turn('turn-tls', 'not-turn', {
          plaintext: 'HTTP/1.1 400 Bad Request',
          connectMs: 3,
          looks: [{ port: 5349, over: 'tls', ...livekit }],
        }),
      ],
    }),
    codes: ['turn-tls-port-mismatch'],
    suppressed: ['turn-port-not-turn'],
    verdict: 'fail',
    says: ['HTTP/1.1 400 Bad Request', ':5349'],
  },
  {
    name: 'the plain port of another TURN server says nothing about its TLS port',
    evidence: scene({
      with: [
        silentTls,
        s.turn('turn-tls', 'timeout', {
          looks: [
            { port: 3478, over: 'tls', heard: 'turn', realm: 'turn.example.com' },
            { port: 3478, over: 'tcp', heard: 'turn', realm: 'turn.example.com' },
          ],
        }),
      ],
    }),
    codes: ['turn-tls-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'a TURN server of somebody else listens at 5349',
    evidence: scene({
      with: [
        silentTls,
        s.turn('turn-tls', 'refused', {
          looks: [{ port: 5349, over: 'tls', heard: 'turn', realm: 'turn.example.com' }],
        }),
      ],
    }),
    codes: ['turn-tls-port-mismatch'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: ['`port: 5349`', '`rtc.turn_servers`'],
  },
  {
    name: 'TLS is ended twice, as is not claimed',
    evidence: scene({
      claims: { turn: { externalTls: true } },
      with: [
        s.turn('turn-tls', 'timeout', {
          connectMs: 5,
          tlsMs: 8,
          allocateMs: 2750,
          looks: [
            { port: 443, over: 'tcp', heard: 'silent' },
            { port: 443, over: 'tls-in-tls', ...livekit },
          ],
        }),
      ],
    }),
    codes: ['turn-external-tls-mismatch'],
    suppressed: ['turn-tls-unreachable'],
    alternatives: [],
    verdict: 'fail',
    says: ['claims `turn.externalTls: true`', 'as with `false`', 'Set `turn.external_tls: true`'],
  },
  {
    name: 'TLS is ended nowhere, and the handshake is not answered',
    evidence: scene({
      claims: { turn: { externalTls: false } },
      with: [
        s.tls(turnHost, { chain: [], handshakeMs: undefined, smallHello: 'silent' }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout', { connectMs: 5, tlsMs: 2750, looks: [{ port: 443, over: 'tcp', ...livekit }] }),
      ],
    }),
    codes: ['turn-external-tls-mismatch'],
    suppressed: ['turn-tls-unreachable', 'tls-handshake-stalled'],
    verdict: 'fail',
    says: ['as with `true`', 'Set `turn.external_tls: false`', '`turn.cert_file`'],
  },
  {
    name: 'TLS is ended nowhere behind a router by SNI',
    evidence: scene({
      with: [
        s.tls(turnHost, { chain: [] }, s.failed('tls')),
        s.turn('turn-tls', 'tls', {
          connectMs: 5,
          tlsMs: 5,
          looks: [
            { port: 443, over: 'tcp', heard: 'not-turn' },
            { port: 443, over: 'tls-in-tls', heard: 'no-handshake' },
            { port: 5349, over: 'tls', heard: 'no-handshake' },
            { port: 5349, over: 'tcp', ...livekit },
          ],
        }),
      ],
    }),
    codes: ['turn-external-tls-mismatch'],
    suppressed: ['turn-tls-port-mismatch'],
    alternatives: ['turn-tls-port-mismatch'],
    verdict: 'fail',
    says: [`${turnAddress}:5349`],
  },
];
