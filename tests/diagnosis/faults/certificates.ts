/** TLS: faults as they show in the observations. */
import type { TlsFacts } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, turnHost, ingress } = s;

const badCertificate = (code: string, facts: Parameters<typeof s.certificate>[1], more: Partial<TlsFacts> = {}) => ({
  notJoined: true,
  with: [
    s.tls(host, { chainError: code, chain: [s.certificate(host, facts)], ...more }, s.failed('chain')),
    s.signal({}, s.failed('tls')),
  ],
});

export const certificateFaults: readonly Fault[] = [
  {
    name: 'certificate expired',
    evidence: scene(badCertificate('CERT_HAS_EXPIRED', { validTo: '2025-03-04T05:06:07.000Z' })),
    codes: ['tls-certificate-expired'],
    verdict: 'fail',
    says: [`CN=${host}`, '2025-03-04 05:06 UTC', 'ssl_certificate'],
  },
  {
    name: 'certificate of an unknown authority',
    evidence: scene(badCertificate('SELF_SIGNED_CERT_IN_CHAIN', { issuer: 'CN=Example private CA' })),
    codes: ['tls-untrusted-issuer'],
    verdict: 'fail',
    says: ['CN=Example private CA', '`tls.ca`'],
  },
  {
    name: 'self-signed certificate',
    evidence: scene(badCertificate('DEPTH_ZERO_SELF_SIGNED_CERT', { issuer: `CN=${host}` })),
    codes: ['tls-untrusted-issuer'],
    verdict: 'fail',
    says: ['self-signed'],
  },
  {
    name: 'certificate for another name',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { nameError: 'not in the altnames', chain: [s.certificate('www.example.com')] }, s.failed('name')),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-name-mismatch'],
    verdict: 'fail',
    says: [host, 'www.example.com'],
  },
  {
    name: "the ingress controller's own certificate",
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(
          host,
          {
            chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT',
            nameError: 'not in the altnames',
            chain: [
              s.certificate('ingress.local', {
                subject: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
                issuer: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
              }),
            ],
          },
          s.failed('chain'),
        ),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-default-certificate'],
    suppressed: ['tls-untrusted-issuer', 'tls-name-mismatch'],
    verdict: 'fail',
    says: ['ingress-nginx'],
  },
  {
    name: 'certificate of the TURN host expired',
    evidence: scene({
      with: [
        s.tls(
          turnHost,
          { chainError: 'CERT_HAS_EXPIRED', chain: [s.certificate(turnHost, { validTo: '2025-03-04T05:06:07.000Z' })] },
          s.failed('chain'),
        ),
        s.turn('turn-tls', 'tls'),
      ],
    }),
    codes: ['tls-certificate-expired'],
    verdict: 'fail',
    says: [turnHost, 'livekit.turn.secretName'],
  },
  {
    name: 'certificate expired, and the server has the same time',
    evidence: scene(
      badCertificate(
        'CERT_HAS_EXPIRED',
        { validTo: '2025-03-04T05:06:07.000Z' },
        { peerDate: '2026-06-01T00:00:00.000Z', ourDate: '2026-06-01T00:00:01.000Z' },
      ),
    ),
    codes: ['tls-certificate-expired'],
    alternatives: [],
    verdict: 'fail',
  },
  {
    name: 'an expired intermediate certificate',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(
          host,
          {
            chainError: 'CERT_HAS_EXPIRED',
            chain: [
              s.certificate(host),
              s.certificate('R1', { subject: 'CN=R1', validTo: '2025-03-04T05:06:07.000Z', isCa: true }),
            ],
          },
          s.failed('chain'),
        ),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-certificate-expired'],
    verdict: 'fail',
    says: ['"CN=R1"', '2025-03-04'],
  },
  {
    name: 'certificate not yet valid',
    evidence: scene(badCertificate('CERT_NOT_YET_VALID', { validFrom: '2027-03-04T05:06:07.000Z' })),
    codes: ['tls-certificate-not-yet-valid'],
    alternatives: ['vantage-clock-skew'],
    verdict: 'fail',
    says: ['2027-03-04 05:06 UTC'],
  },
  {
    name: 'the clock of the vantage is a year ahead',
    evidence: scene(
      badCertificate(
        'CERT_HAS_EXPIRED',
        {},
        { peerDate: '2026-06-01T00:00:00.000Z', ourDate: '2027-06-01T00:00:00.000Z' },
      ),
    ),
    codes: ['vantage-clock-skew'],
    suppressed: ['tls-certificate-expired'],
    alternatives: ['tls-certificate-expired'],
    verdict: 'inconclusive',
    says: ['31536000 s', 'behind'],
  },
  {
    name: 'certificate runs out in five days',
    evidence: scene({
      with: [
        s.signal({
          ...(s.joined().facts as object),
          health: { ...s.livekitHealth, date: '2026-12-27T00:00:00.000Z' },
        }),
      ],
      claims: { tls: { minDays: 14 } },
    }),
    codes: ['tls-certificate-expiring', 'tls-certificate-expiring'],
    verdict: 'pass',
    says: ['in 5 days', '`tls.minDays`'],
  },
  {
    name: 'intermediate certificate not sent',
    evidence: scene(badCertificate('UNABLE_TO_VERIFY_LEAF_SIGNATURE', { issuerUrl: 'http://ca.example/r1.der' })),
    codes: ['tls-chain-incomplete'],
    alternatives: ['tls-untrusted-issuer'],
    verdict: 'fail',
    says: ['CN=R1', 'fullchain.pem'],
  },
  {
    name: 'a leaf alone, of an authority that nobody knows',
    evidence: scene(badCertificate('UNABLE_TO_VERIFY_LEAF_SIGNATURE', {})),
    codes: ['tls-untrusted-issuer'],
    alternatives: ['tls-chain-incomplete', 'tls-intercepted'],
    verdict: 'fail',
  },
  {
    name: 'a proxy that made a certificate for itself',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(
          host,
          {
            chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT',
            nameError: 'not in the altnames',
            withoutSni: { fingerprint256: 'ab'.repeat(32) },
            chain: [s.certificate('proxy', { issuer: 'CN=proxy' })],
          },
          s.failed('chain'),
        ),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-default-certificate'],
    suppressed: ['tls-untrusted-issuer', 'tls-name-mismatch'],
    verdict: 'fail',
  },
  {
    name: 'TLS 1.1 at best',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { chain: [], protocol: undefined, olderProtocol: 'TLSv1.1' }, s.failed('tls')),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-version-unsupported'],
    verdict: 'fail',
    says: ['TLSv1.1', 'ssl_protocols'],
  },
  {
    name: 'no TLS on the port',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { chain: [], plaintext: 'HTTP/1.1 400 Bad Request' }, s.failed('plaintext')),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-plaintext-port'],
    verdict: 'fail',
    says: ['HTTP/1.1 400 Bad Request', 'listen 443 ssl'],
  },
  {
    name: 'TURN in the clear behind a load balancer that does not end TLS',
    evidence: scene({
      with: [s.tls(turnHost, { chain: [] }, s.failed('plaintext')), s.turn('turn-tls', 'tls', { tlsMs: 3 })],
    }),
    codes: ['tls-plaintext-port'],
    verdict: 'fail',
    says: ['turn.external_tls'],
  },
  {
    name: 'a port that accepts and says nothing',
    evidence: scene({
      notJoined: true,
      with: [s.tls(host, { chain: [], smallHello: 'silent' }, s.failed('timeout')), s.signal({}, s.failed('timeout'))],
    }),
    codes: ['tls-handshake-stalled'],
    alternatives: [],
    verdict: 'fail',
    says: [`${ingress}:443`],
  },
  {
    name: 'a TURN port that accepts and says nothing',
    evidence: scene({
      with: [
        s.tls(turnHost, { chain: [], smallHello: 'silent' }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout', { connectMs: 3, tlsMs: 2750 }),
      ],
    }),
    codes: ['tls-handshake-stalled'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [turnHost, '`turn.tls_port`'],
  },
  {
    name: 'large packets lost',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { chain: [], smallHello: 'answered' }, s.failed('timeout')),
        s.signal({}, s.failed('timeout')),
      ],
    }),
    codes: ['path-mtu-blackhole'],
    verdict: 'fail',
    says: ['MSS'],
  },
];
