/** What the cluster says, beside what is seen from outside. */
import type { KubernetesFacts, ServiceFacts } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, ingress, media, nowhere, turnAddress } = s;

const rtc: ServiceFacts = {
  name: 'livekit-rtc',
  type: 'LoadBalancer',
  addresses: [media],
  hostnames: [],
  trafficPolicy: 'Local',
  ports: [
    { name: 'rtc-udp', protocol: 'UDP', port: 7882, targetPort: 7882, nodePort: 31234 },
    { name: 'rtc-tcp', protocol: 'TCP', port: 7881, targetPort: 7881, nodePort: 31235 },
  ],
  endpoints: { ready: 1, notReady: 0 },
};
const http: ServiceFacts = {
  name: 'livekit',
  type: 'ClusterIP',
  addresses: [],
  hostnames: [],
  ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 7880 }],
  endpoints: { ready: 1, notReady: 0 },
};
const config = {
  heldBy: 'ConfigMap livekit',
  key: 'config.yaml',
  port: 7880,
  nodeIps: [media],
  useExternalIp: false,
  udp: '7882',
  tcpPort: 7881,
};
const edge = { name: 'livekit', hosts: [host], addresses: [ingress], hostnames: [], backend: 'livekit' };
const keys = { heldBy: 'Secret livekit-keys', names: ['APIofTheCluster'], hash: '00', known: true, same: true };
const healthy: KubernetesFacts = {
  context: 'staging',
  namespace: 'livekit',
  workload: 'Deployment livekit',
  hostNetwork: false,
  pods: { ready: 1, total: 1, startedAt: '2026-11-02T10:00:00.000Z' },
  config,
  configChangedAt: '2026-11-01T10:00:00.000Z',
  media: [rtc],
  signal: http,
  ingress: edge,
  certificates: [{ role: 'signal', from: 'cert-manager', name: 'livekit-tls', ready: true }],
  keys,
  unread: [],
};

const cluster = (facts: Partial<KubernetesFacts> = {}) =>
  s.observation('kubernetes', undefined, { ...healthy, ...facts });
const unreachable = s.observation('kubernetes', undefined, {}, s.failed('unreachable'));

/** The server advertises an address at which nothing is, and the media answers at that of the Service. */
const misplaced = (how: 'timeout' | 'refused') => [
  s.joined({ candidates: [s.candidate('udp', nowhere, 7882), s.candidate('tcp', nowhere, 7881)] }),
  s.ice('udp', nowhere, how),
  s.ice('tcp', nowhere, how),
  s.ice('udp', media, undefined, { origin: 'cluster', insteadOf: `${nowhere}:7882` }),
  s.ice('tcp', media, undefined, { origin: 'cluster', insteadOf: `${nowhere}:7881` }),
];
const deadMedia = [s.ice('udp', media, 'timeout'), s.ice('tcp', media, 'timeout'), s.turn('turn-udp', 'timeout')];
const refusedToken = (body: string) => ({
  notJoined: true,
  with: [s.signal({ health: s.livekitHealth, refusal: { status: 401, body } }, s.failed('refused'))],
});

export const kubernetesFaults: readonly Fault[] = [
  { name: 'cluster: all is as it should be', evidence: scene({ with: [cluster()] }), codes: [], verdict: 'pass' },
  {
    name: 'cluster: the Service was created anew, and the configuration pins its old address',
    evidence: scene({
      with: [cluster({ config: { ...config, nodeIps: [nowhere] } }), ...misplaced('timeout')],
    }),
    codes: ['kubernetes-node-ip-stale'],
    suppressed: ['media-address-wrong', 'media-address-silent', 'udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
    says: [`Service livekit-rtc has EXTERNAL-IP ${media}`, `ConfigMap livekit pins \`rtc.node_ip\` to ${nowhere}`],
  },
  {
    name: 'cluster: another address than that of the Service is pinned, and works',
    evidence: scene({ with: [cluster({ media: [{ ...rtc, addresses: [nowhere] }] })] }),
    codes: ['kubernetes-node-ip-stale'],
    verdict: 'pass',
    says: [`EXTERNAL-IP ${nowhere}`, media],
  },
  {
    name: 'cluster: a variable of the Deployment pins an old address',
    evidence: scene({
      with: [cluster({ config: { ...config, nodeIps: [nowhere], nodeIpFrom: 'NODE_IP' } }), ...misplaced('refused')],
    }),
    codes: ['kubernetes-node-ip-stale'],
    suppressed: ['media-address-wrong', 'udp-port-closed', 'tcp-port-refused'],
    verdict: 'fail',
    says: ['the Deployment sets `NODE_IP`', `Set \`NODE_IP ${media}\``],
  },
  {
    name: 'cluster: discovery by STUN found another address than that of the Service',
    evidence: scene({
      with: [cluster({ config: { ...config, useExternalIp: true, nodeIps: undefined } }), ...misplaced('timeout')],
    }),
    codes: ['media-address-wrong'],
    suppressed: ['media-address-silent', 'udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
    says: ['the EXTERNAL-IP of Service livekit-rtc', 'Set in ConfigMap livekit `rtc.node_ip'],
  },
  {
    name: 'cluster: the configuration was corrected, and the pods still run with the old one',
    evidence: scene({
      with: [cluster({ configChangedAt: '2026-11-03T10:00:00.000Z' }), ...misplaced('timeout')],
    }),
    codes: ['kubernetes-config-not-loaded'],
    suppressed: ['media-address-wrong', 'media-address-silent', 'udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
    says: [media, nowhere, '2026-11-03T10:00:00.000Z', 'rollout restart'],
  },
  {
    name: 'cluster: the load balancer of the media does not exist yet',
    evidence: scene({
      with: [cluster({ media: [{ ...rtc, addresses: [] }] }), ...deadMedia],
    }),
    codes: ['kubernetes-service-pending'],
    suppressed: [
      'media-address-silent',
      'udp-filtered',
      'tcp-port-filtered',
      'turn-udp-unreachable',
      'udp-blocked-at-vantage',
    ],
    verdict: 'fail',
    says: ['livekit-rtc', 'kubectl describe service livekit-rtc'],
  },
  {
    name: 'cluster: the load balancer of TURN does not exist yet',
    evidence: scene({
      with: [
        cluster({ turn: { ...rtc, name: 'livekit-turn', addresses: [] } }),
        s.tls(s.turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout'),
      ],
    }),
    codes: ['kubernetes-service-pending'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: ['livekit-turn'],
  },
  {
    name: 'cluster: no pod is ready behind the ingress',
    evidence: scene({
      notJoined: true,
      with: [
        cluster({ signal: { ...http, endpoints: { ready: 0, notReady: 1 } }, pods: { ready: 0, total: 1 } }),
        s.signal({ health: { status: 503, body: '' }, refusal: { status: 503, body: '' } }, s.failed('refused')),
      ],
    }),
    codes: ['kubernetes-no-endpoints'],
    suppressed: ['ingress-backend-down'],
    verdict: 'fail',
    says: ['Service livekit', '0 of 1 pods'],
  },
  {
    name: 'cluster: the selector of the media Service fits no pod',
    evidence: scene({
      with: [cluster({ media: [{ ...rtc, endpoints: { ready: 0, notReady: 0 } }] }), ...deadMedia],
    }),
    codes: ['kubernetes-no-endpoints'],
    suppressed: [
      'media-address-silent',
      'udp-filtered',
      'tcp-port-filtered',
      'turn-udp-unreachable',
      'udp-blocked-at-vantage',
    ],
    verdict: 'fail',
    says: ['livekit-rtc', 'selector'],
  },
  {
    name: 'cluster: NodePorts were chosen at random',
    evidence: scene({
      with: [
        cluster({ media: [{ ...rtc, type: 'NodePort', ports: rtc.ports.slice(0, 1) }] }),
        s.ice('udp', media, 'timeout'),
      ],
    }),
    codes: ['kubernetes-udp-port-mismatch', 'kubernetes-tcp-port-mismatch'],
    suppressed: ['udp-filtered'],
    verdict: 'fail',
    says: ['31234 to 7882', 'nodePort', 'nothing over TCP'],
  },
  {
    name: 'cluster: the default range of the chart wins over udp_port',
    evidence: scene({
      with: [
        cluster({ config: { ...config, udp: '50000-60000', udpPortIgnored: '7882' } }),
        s.joined({ candidates: [s.candidate('udp', media, 50123), s.candidate('tcp', media, 7881)] }),
        s.ice('udp', media, 'timeout', { port: 50123 }),
      ],
      without: [`ice-udp:${media}:7882`],
    }),
    codes: ['kubernetes-udp-port-mismatch'],
    suppressed: ['udp-filtered'],
    verdict: 'fail',
    says: ['port_range_start: 0', '7882'],
  },
  {
    name: 'cluster: the TCP port is another one at the Service',
    evidence: scene({
      with: [
        cluster({
          media: [{ ...rtc, ports: [...rtc.ports.slice(0, 1), { protocol: 'TCP', port: 443, targetPort: 7881 }] }],
        }),
        s.ice('tcp', media, 'refused'),
      ],
    }),
    codes: ['kubernetes-tcp-port-mismatch'],
    suppressed: ['tcp-port-refused'],
    verdict: 'fail',
    says: ['443 to 7881', 'rtc.tcp_port'],
  },
  {
    name: 'cluster: the certificate is not issued yet',
    evidence: scene({
      notJoined: true,
      with: [
        cluster({
          certificates: [
            {
              role: 'signal',
              from: 'cert-manager',
              name: 'livekit-tls',
              ready: false,
              reason: 'DoesNotExist',
              message: 'Issuing certificate as Secret does not exist',
            },
          ],
        }),
        s.tls(
          host,
          {
            chain: [s.certificate('ingress.local', { subject: 'CN=Kubernetes Ingress Controller Fake Certificate' })],
            chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT',
            nameError: 'not in the altnames',
          },
          s.failed('chain'),
        ),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['kubernetes-certificate-not-ready'],
    suppressed: ['tls-default-certificate', 'tls-name-mismatch', 'tls-untrusted-issuer'],
    verdict: 'fail',
    says: ['livekit-tls', 'Issuing certificate as Secret does not exist'],
  },
  {
    name: 'cluster: the certificate of TURN is not there',
    evidence: scene({
      with: [
        cluster({ certificates: [{ role: 'turn', from: 'tls', name: 'turn-tls', missing: true }] }),
        s.tls(s.turnHost, { chain: [], connectMs: undefined }, s.failed('refused')),
        s.turn('turn-tls', 'refused'),
      ],
    }),
    codes: ['kubernetes-certificate-not-ready'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: ['Secret turn-tls'],
  },
  {
    name: 'cluster: the record points at an earlier ingress',
    evidence: scene({
      notJoined: true,
      with: [
        cluster(),
        s.dns(host, { addresses: [nowhere] }),
        s.tls(host, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: nowhere }, s.failed('timeout')),
      ],
    }),
    codes: ['kubernetes-dns-stale'],
    suppressed: ['signal-port-filtered'],
    verdict: 'fail',
    says: [nowhere, ingress, 'Ingress livekit'],
  },
  {
    name: 'cluster: a proxy stands in front of the ingress, and signalling works',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      with: [cluster({ ingress: { ...edge, addresses: ['10.0.0.9'] } })],
    }),
    codes: ['kubernetes-claim-differs'],
    verdict: 'pass',
    says: ['dns.signal', '10.0.0.9'],
  },
  {
    name: 'cluster: it holds other keys than the environment',
    evidence: scene({
      ...refusedToken('invalid API key: APIofOthers'),
      with: [
        cluster({ keys: { ...keys, known: false, same: undefined } }),
        ...refusedToken('invalid API key: APIofOthers').with,
      ],
    }),
    codes: ['kubernetes-api-key-differs'],
    suppressed: ['token-key-unknown'],
    verdict: 'fail',
    says: ['APIofTheCluster', 'Secret livekit-keys'],
  },
  {
    name: 'cluster: the keys were rotated, and the pods were not rolled',
    evidence: scene({
      notJoined: true,
      with: [
        cluster({ keys: { ...keys, changedAt: '2026-11-03T10:00:00.000Z' } }),
        ...refusedToken('invalid token: x, error: token signature is invalid: signature is invalid').with,
      ],
    }),
    codes: ['kubernetes-keys-not-loaded'],
    suppressed: ['token-secret-wrong'],
    verdict: 'fail',
    says: ['2026-11-03T10:00:00.000Z', 'Roll the pods'],
  },
  {
    name: 'cluster: what is claimed by hand is out of date, and everything works',
    evidence: scene({
      claims: { media: { address: media, udp: '7882', tcp: 443 }, turn: { address: turnAddress } },
      with: [cluster({ turn: { ...rtc, name: 'livekit-turn', addresses: [nowhere] } })],
    }),
    codes: ['media-port-drift', 'kubernetes-claim-differs', 'kubernetes-claim-differs'],
    verdict: 'pass',
    says: ['media.tcp: 443', 'ConfigMap livekit says 7881', `turn.address: ${turnAddress}`, nowhere],
  },
  {
    name: 'cluster: media at every node',
    evidence: scene({ with: [cluster({ media: [{ ...rtc, trafficPolicy: 'Cluster' }] })] }),
    codes: ['kubernetes-traffic-policy'],
    verdict: 'pass',
    says: ['externalTrafficPolicy: Local'],
  },
  {
    name: 'cluster: it cannot be reached, and the check goes on',
    evidence: scene({ with: [unreachable] }),
    codes: ['kubernetes-unreadable'],
    verdict: 'pass',
    says: ['it was unreachable'],
  },
  {
    name: 'cluster: some of it may not be read',
    evidence: scene({
      with: [
        cluster({
          unread: [{ what: 'Secret livekit-keys', kind: 'forbidden', message: 'no', needs: 'get secrets' }],
          keys: undefined,
        }),
      ],
    }),
    codes: ['kubernetes-unreadable'],
    verdict: 'pass',
    says: ['Secret livekit-keys (forbidden)', 'get secrets'],
  },
];
