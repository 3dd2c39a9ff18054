/** Each known fault as it shows in the observations, and what must come out. Literal: no network, no clock. */
import type { Evidence, Verdict } from '../../evidence/run.js';
import * as s from './scene.js';

export interface Fault {
  readonly name: string;
  readonly evidence: Evidence;
  /** Findings, in their order. */
  readonly codes: readonly string[];
  /** Consequences that must be hidden, in any order. */
  readonly suppressed?: readonly string[];
  readonly alternatives?: readonly string[];
  readonly verdict: Verdict;
  /** Words that the finding's prose must bear: observed and expected values, the key to change. */
  readonly says?: readonly string[];
}

const { scene, host, turnHost, ingress, media, turnAddress, nowhere } = s;

const nginx = (status: number): s.SignalPatch => ({
  health: { status, body: `${status} of nginx`, server: 'nginx/1.26', contentType: 'text/html' },
  refusal: { status, body: `${status} of nginx`, server: 'nginx/1.26', contentType: 'text/html' },
});
const refusal = (status: number, body: string): s.SignalPatch => ({
  health: s.livekitHealth,
  clockSkewMs: 100,
  refusal: { status, body, contentType: 'text/plain; charset=utf-8' },
});

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

const badCertificate = (code: string, facts: Parameters<typeof s.certificate>[1]) => ({
  notJoined: true,
  with: [
    s.tls(host, { chainError: code, chain: [s.certificate(host, facts)] }, s.failed('chain')),
    s.signal({}, s.failed('tls')),
  ],
});

export const faults: readonly Fault[] = [
  {
    name: 'signalling name missing',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      notJoined: true,
      without: [`tls:${host}:443`, 'signal'],
      with: [s.dns(host, {}, s.failed('nxdomain'))],
    }),
    codes: ['dns-name-missing'],
    verdict: 'fail',
    says: [host, ingress, 'A (or AAAA) record'],
  },
  {
    name: 'signalling name without address',
    evidence: scene({
      notJoined: true,
      without: [`tls:${host}:443`, 'signal'],
      with: [s.dns(host, {}, s.failed('no-address'))],
    }),
    codes: ['dns-no-address'],
    verdict: 'fail',
    says: [host],
  },
  {
    name: 'broken zone',
    evidence: scene({
      notJoined: true,
      without: [`tls:${host}:443`, 'signal'],
      with: [s.dns(host, {}, s.failed('servfail'))],
    }),
    codes: ['dns-server-failure'],
    verdict: 'fail',
    says: [`dig +trace ${host}`],
  },
  {
    name: 'no resolver answers, though there is a network',
    evidence: scene({
      notJoined: true,
      without: [`tls:${host}:443`, 'signal'],
      with: [s.dns(host, {}, s.failed('no-answer'))],
    }),
    codes: ['vantage-offline'],
    suppressed: ['dns-resolver-unreachable'],
    alternatives: ['dns-resolver-unreachable'],
    verdict: 'inconclusive',
  },
  {
    name: 'no network',
    evidence: scene({
      notJoined: true,
      without: [`tls:${host}:443`, 'signal'],
      with: [
        s.observation('vantage', undefined, { hasNetwork: false, addresses: [], resolvers: [] }),
        s.dns(host, {}, s.failed('no-answer')),
      ],
    }),
    codes: ['vantage-offline'],
    suppressed: ['dns-resolver-unreachable'],
    verdict: 'inconclusive',
    says: ['No interface'],
  },
  {
    name: 'TURN name missing',
    evidence: scene({
      claims: { turn: { host: turnHost, address: turnAddress } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.dns(turnHost, {}, s.failed('nxdomain')),
        s.observation('turn-tls', `${turnHost}:443`, {}, { state: 'unreached', waitedFor: `dns:${turnHost}` }),
      ],
    }),
    codes: ['turn-name-missing'],
    verdict: 'fail',
    says: [turnHost, turnAddress, '`turn.domain`'],
  },
  {
    name: 'record points at an earlier load balancer, which is gone',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      notJoined: true,
      with: [
        s.dns(host, { addresses: [nowhere] }),
        s.tls(host, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: nowhere }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['signal-port-filtered'],
    verdict: 'fail',
    says: [nowhere, ingress, 'A record'],
  },
  {
    name: 'record points at somebody with another certificate',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      notJoined: true,
      with: [
        s.dns(host, { addresses: [nowhere] }),
        s.tls(
          host,
          { address: nowhere, nameError: 'Host is not in the altnames', chain: [s.certificate('other.example.net')] },
          s.failed('name'),
        ),
        s.signal({ address: nowhere }, s.failed('tls')),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['tls-name-mismatch'],
    verdict: 'fail',
  },
  {
    name: 'TURN record points elsewhere',
    evidence: scene({
      claims: { turn: { host: turnHost, address: turnAddress } },
      with: [
        s.dns(turnHost, { addresses: [nowhere] }),
        s.tls(turnHost, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout', { address: nowhere }),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [turnHost, turnAddress, nowhere],
  },
  {
    name: 'signalling port refused',
    evidence: scene({
      notJoined: true,
      with: [s.tls(host, { chain: [], connectMs: undefined }, s.failed('refused')), s.signal({}, s.failed('refused'))],
    }),
    codes: ['signal-port-refused'],
    verdict: 'fail',
    says: [`${ingress}:443`],
  },
  {
    name: 'signalling port dropped, DNS answers',
    evidence: scene({
      notJoined: true,
      with: [s.tls(host, { chain: [], connectMs: undefined }, s.failed('timeout')), s.signal({}, s.failed('timeout'))],
    }),
    codes: ['signal-port-filtered'],
    alternatives: ['vantage-offline'],
    verdict: 'fail',
    says: [`${ingress}:443`],
  },
  {
    name: 'signalling port dropped, nothing to compare with',
    evidence: scene({
      url: `ws://${ingress}:7880/`,
      notJoined: true,
      without: [`tls:${host}:443`, `dns:${host}`],
      with: [s.signal({ host: ingress, port: 7880, secure: false }, s.failed('timeout'))],
    }),
    codes: ['signal-port-filtered'],
    alternatives: ['vantage-offline'],
    verdict: 'inconclusive',
  },
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
    name: 'server stopped behind its proxy',
    evidence: scene({ notJoined: true, with: [s.signal(nginx(502), s.failed('http'))] }),
    codes: ['ingress-backend-down'],
    verdict: 'fail',
    says: ['502', 'nginx/1.26', '7880'],
  },
  {
    name: 'another application behind the name',
    evidence: scene({ notJoined: true, with: [s.signal(nginx(404), s.failed('http'))] }),
    codes: ['ingress-wrong-backend'],
    verdict: 'fail',
    says: ['404', `wss://${host}/`],
  },
  {
    name: 'only / is routed to the server',
    evidence: scene({
      notJoined: true,
      with: [s.signal({ ...nginx(404), health: s.livekitHealth }, s.failed('http'))],
    }),
    codes: ['ingress-wrong-backend'],
    verdict: 'fail',
  },
  {
    name: 'unknown API key',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(401, 'invalid API key: APIother'), s.failed('http'))],
    }),
    codes: ['token-key-unknown'],
    verdict: 'fail',
    says: ['`APIother`', '`keys`', 'kubectl rollout restart'],
  },
  {
    name: 'wrong API secret',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          refusal(401, 'invalid token: [redacted], error: token signature is invalid: signature is invalid'),
          s.failed('http'),
        ),
      ],
    }),
    codes: ['token-secret-wrong'],
    verdict: 'fail',
    says: ['LIVEKIT_API_SECRET'],
  },
  {
    name: 'wrong API secret, with the reason cut off behind the token',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(401, 'invalid token: [redacted]…'), s.failed('http'))],
    }),
    codes: ['token-secret-wrong'],
    alternatives: ['token-time-invalid'],
    verdict: 'fail',
  },
  {
    name: 'token expired',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          refusal(401, 'invalid token: [redacted], error: token has invalid claims: token is expired'),
          s.failed('http'),
        ),
      ],
    }),
    codes: ['token-time-invalid'],
    verdict: 'fail',
  },
  {
    name: 'token without the grant to join',
    evidence: scene({ notJoined: true, with: [s.signal(refusal(401, 'permissions denied'), s.failed('http'))] }),
    codes: ['token-grant-missing'],
    verdict: 'fail',
    says: ['roomJoin'],
  },
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
    alternatives: ['udp-blocked-at-vantage'],
    verdict: 'inconclusive',
  },
  {
    name: 'UDP blocked at the vantage',
    evidence: scene({ with: [s.ice('udp', media, 'timeout'), s.turn('turn-udp', 'timeout')] }),
    codes: ['udp-blocked-at-vantage'],
    suppressed: ['udp-filtered', 'turn-udp-unreachable'],
    alternatives: ['udp-filtered'],
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
      with: [s.turn('turn-tls', 'turn-error', { error: { step: 'allocate', code: 401, reason: 'Unauthorized' } })],
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
  {
    name: 'no browser',
    evidence: scene({
      with: (['udp', 'tcp', 'turn-udp', 'turn-tls'] as const).map((path) =>
        s.deep('media', path, {
          state: 'unsupported',
          failure: { kind: 'browser-missing', message: 'no Chromium was found' },
        }),
      ),
    }),
    codes: ['browser-missing'],
    verdict: 'inconclusive',
    says: ['npx playwright install', '--depth peer'],
  },
  {
    name: 'media fails on a path that can be reached',
    evidence: scene({ with: [s.deep('media', 'udp', s.failed('no-video'))] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
    says: ['Udp does not work', 'media:udp', 'no-video'],
  },
  {
    name: 'signalling breaks off in an unknown way',
    evidence: scene({ notJoined: true, with: [s.signal({ health: s.livekitHealth }, s.failed('reset'))] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
    says: ['Signalling does not work', 'reset'],
  },
  {
    name: 'a probe of our own crashes',
    evidence: scene({ with: [s.observation('media', 'udp', {}, s.failed('internal'))] }),
    codes: ['unexplained-failure'],
    verdict: 'inconclusive',
  },
];
