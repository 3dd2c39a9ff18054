/** Claims that what was seen contradicts, whether or not it works: drifts as they show in the observations. */
import type { Claims } from '../../../evidence/run.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, media, turnHost } = s;

/** A locked-down network: UDP must not work, and does not. */
const silentUdp = [
  s.ice('udp', media, 'timeout'),
  s.turn('turn-udp', 'timeout'),
  s.observation('nat', 'ipv4', {}, s.failed('timeout')),
];
const withoutUdp: Claims = { paths: { required: ['tcp', 'turn-tls'], forbidden: ['udp', 'turn-udp'] } };

const forbidden: readonly Fault[] = [
  {
    name: 'forbidden UDP works',
    evidence: scene({ claims: { paths: { forbidden: ['udp'] } } }),
    codes: ['forbidden-path-open'],
    verdict: 'fail',
    says: [`UDP works from here (${media}:7882 answers)`, '`paths.forbidden`', 'saw and heard each other'],
  },
  {
    name: 'forbidden UDP works for participants alone',
    evidence: scene({
      claims: { paths: { forbidden: ['udp'] } },
      asked: { only: ['media', 'ice-tcp'] },
      without: [`ice-udp:${media}:7882`, 'peer:udp'],
      with: [s.deep('media', 'udp')],
    }),
    codes: ['forbidden-path-open'],
    verdict: 'fail',
    says: ['UDP works from here, though'],
  },
  {
    name: 'forbidden UDP is silent, and what is required works',
    evidence: scene({ claims: withoutUdp, with: silentUdp }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is refused',
    evidence: scene({ claims: withoutUdp, with: [s.ice('udp', media, 'refused'), s.turn('turn-udp', 'refused')] }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is silent, and nothing is said to be required',
    evidence: scene({ claims: { paths: { forbidden: ['udp', 'turn-udp'] } }, with: silentUdp }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is not even offered',
    evidence: scene({
      claims: { paths: { forbidden: ['udp', 'turn-udp'] } },
      without: [`ice-udp:${media}:7882`, `turn-udp:${media}:3478`, 'peer:udp', 'peer:turn-udp'],
      with: [
        s.joined({
          iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }],
          candidates: [s.candidate('tcp', media, 7881)],
        }),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is silent, which is no alibi for TCP',
    evidence: scene({ claims: withoutUdp, with: [...silentUdp, s.ice('tcp', media, 'refused')] }),
    codes: ['tcp-port-refused'],
    verdict: 'fail',
  },
  {
    name: 'forbidden TURN over TLS does not even get its TLS, and nothing but TURN over TLS is forbidden',
    evidence: scene({
      claims: { paths: { forbidden: ['turn-tls'] } },
      with: [
        s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout'),
        s.deep('media', 'turn-tls', s.failed('timeout')),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'everything is forbidden, so nothing shows that this machine could reach anything',
    evidence: scene({
      claims: { paths: { forbidden: ['udp', 'tcp', 'turn-udp', 'turn-tls'] } },
      with: [
        ...silentUdp,
        s.ice('tcp', media, 'timeout'),
        s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout'),
      ],
    }),
    codes: [],
    verdict: 'inconclusive',
  },
];

export const claimFaults: readonly Fault[] = [...forbidden];
