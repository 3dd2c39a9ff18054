/** The vantage, and what nobody knows: faults as they show in the observations. */
import type { DnsAnswer } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, turnHost, ingress, media, turnAddress } = s;

const said = (resolver: string, addresses: string[], more: Partial<DnsAnswer> = {}): DnsAnswer => ({
  resolver,
  transport: 'udp',
  type: 'A',
  rcode: 'NOERROR',
  addresses,
  cnames: [],
  ...more,
});

const noRoute = { state: 'failed', failure: { kind: 'unreachable', message: 'connect ENETUNREACH' } } as const;

export const vantageFaults: readonly Fault[] = [
  {
    name: 'a call that takes too long, where packets are lost',
    evidence: s.scene({
      with: [
        s.ice('udp', s.media, undefined, { loss: { sent: 20, lost: 7 } }),
        s.deep('peer', 'udp', s.failed('timeout')),
      ],
    }),
    codes: ['unexplained-failure'],
    verdict: 'inconclusive',
    says: ['35 %', 'nothing is said of the deployment'],
  },
  {
    name: 'a call that is refused, where packets are lost',
    evidence: s.scene({
      with: [
        s.ice('udp', s.media, undefined, { loss: { sent: 20, lost: 7 } }),
        s.deep('peer', 'udp', s.failed('connect')),
      ],
    }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'a call that takes too long, and one packet was lost',
    evidence: s.scene({
      with: [
        s.ice('udp', s.media, undefined, { loss: { sent: 16, lost: 1 } }),
        s.deep('peer', 'udp', s.failed('timeout')),
      ],
    }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'silence of a server that may not have had our answer',
    evidence: s.scene({ with: [s.ice('udp', s.media, 'late')] }),
    codes: ['unexplained-failure'],
    verdict: 'inconclusive',
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
    name: 'UDP blocked at the vantage',
    evidence: scene({ with: [s.ice('udp', media, 'timeout'), s.turn('turn-udp', 'timeout')] }),
    codes: ['udp-blocked-at-vantage'],
    suppressed: ['udp-filtered', 'turn-udp-unreachable'],
    alternatives: ['udp-filtered'],
    verdict: 'inconclusive',
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
    name: 'there is a Chromium and no Firefox, which is claimed',
    evidence: scene({
      with: [
        {
          ...s.observation('browser', 'firefox', {}),
          state: 'unsupported',
          failure: { kind: 'browser-missing', message: 'No Firefox was found.' },
        },
      ],
    }),
    codes: ['browser-missing'],
    verdict: 'inconclusive',
    says: ['setup --firefox', 'LIVEKIT_DOCTOR_FIREFOX'],
  },
  {
    name: 'there are a Chromium and a Firefox, and no WebKit, which is claimed',
    evidence: scene({
      with: [
        {
          ...s.deep('media', 'udp', {
            state: 'unsupported',
            failure: { kind: 'browser-missing', message: 'No WebKit was found.' },
          }),
          id: 'media:udp:webkit',
        },
      ],
    }),
    codes: ['browser-missing'],
    verdict: 'inconclusive',
    says: ['setup --webkit', 'no WebKit on this machine'],
  },
  {
    name: 'media fails on a path that can be reached',
    evidence: scene({ with: [s.deep('media', 'udp', s.failed('no-video'))] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
    says: ['Udp does not work', 'media:udp', 'no-video'],
  },
  {
    name: 'media fails on a path that can be reached, on a machine that has far too much to do',
    evidence: scene({
      with: [
        s.deep('media', 'udp', s.failed('no-video')),
        s.observation('load', undefined, {
          ...{ lagP99Ms: 40, lagMostMs: 300, cpuShare: 0.1, cores: 2 },
          cpuPressurePercent: 99.6,
        }),
      ],
    }),
    codes: ['unexplained-failure'],
    verdict: 'inconclusive',
    says: ['on a machine that was busy', '100 % of the time', 'more CPU'],
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
  {
    name: 'no route, while a resolver beside the machine answers',
    evidence: scene({
      notJoined: true,
      with: [s.tls(host, { chain: [], connectMs: undefined }, noRoute), s.signal({}, noRoute)],
    }),
    codes: ['vantage-offline'],
    suppressed: ['signal-port-filtered'],
    verdict: 'inconclusive',
    says: ['ENETUNREACH'],
  },
  {
    name: 'a machine too busy to listen',
    evidence: scene({
      with: [
        s.ice('udp', media, 'timeout'),
        s.observation('load', undefined, { lagP99Ms: 900, lagMostMs: 2600, cpuShare: 0.2, cores: 2 }),
      ],
    }),
    codes: ['vantage-starved'],
    suppressed: ['udp-filtered'],
    verdict: 'inconclusive',
    says: ['2.6 s', '2 cores'],
  },
  {
    name: 'a clock that is set during the check',
    evidence: scene({
      with: [
        s.deep('peer', 'udp', s.failed('join')),
        s.observation('load', undefined, {
          ...{ lagP99Ms: 4, lagMostMs: 30, cpuShare: 0.2, cores: 2 },
          clockStepMs: -3_600_000,
        }),
      ],
    }),
    codes: ['vantage-clock-skew'],
    verdict: 'inconclusive',
    says: ['set back by 3600 s', '`peer:udp`'],
  },
  {
    name: 'a clock that is set by little, and a peer that cannot join',
    evidence: scene({
      with: [
        s.deep('peer', 'udp', s.failed('join')),
        s.observation('load', undefined, {
          ...{ lagP99Ms: 4, lagMostMs: 30, cpuShare: 0.2, cores: 2 },
          clockStepMs: 2000,
        }),
      ],
    }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'a clock that is set, and everything worked',
    evidence: scene({
      with: [
        s.observation('load', undefined, {
          ...{ lagP99Ms: 4, lagMostMs: 30, cpuShare: 0.2, cores: 2 },
          clockStepMs: 3_600_000,
        }),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'a busy machine that everything answered',
    evidence: scene({
      with: [s.observation('load', undefined, { lagP99Ms: 600, lagMostMs: 600, cpuShare: 0.2, cores: 2 })],
    }),
    codes: ['vantage-starved'],
    verdict: 'pass',
  },
  {
    name: 'DNS over UDP blocked at the vantage',
    evidence: scene({
      with: [
        ...[
          [host, ingress],
          [turnHost, turnAddress],
        ].map(([name = '', address = '']) =>
          s.dns(name, {
            addresses: [address],
            answers: [
              { ...said('192.0.2.53:53', []), rcode: undefined, failure: 'timeout' },
              { ...said('192.0.2.53:53', [address]), transport: 'tcp' },
            ],
          }),
        ),
      ],
    }),
    codes: ['dns-udp-blocked'],
    verdict: 'pass',
    says: ['192.0.2.53:53'],
  },
  {
    name: 'one of two resolvers silent',
    evidence: scene({
      with: [
        s.dns(host, {
          addresses: [ingress],
          answers: [
            said('192.0.2.53:53', [ingress]),
            { ...said('192.0.2.54:53', []), rcode: undefined, failure: 'timeout' },
          ],
        }),
      ],
    }),
    codes: ['dns-resolver-unreachable'],
    verdict: 'pass',
    says: ['192.0.2.54:53'],
  },
  {
    name: 'a scanner that opens TLS',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(
          host,
          {
            chainError: 'SELF_SIGNED_CERT_IN_CHAIN',
            chain: [s.certificate(host, { issuer: 'O=Zscaler Inc., CN=Zscaler Intermediate Root CA' })],
          },
          s.failed('chain'),
        ),
        s.signal({}, s.failed('tls')),
      ],
    }),
    codes: ['tls-intercepted'],
    suppressed: ['tls-untrusted-issuer'],
    alternatives: ['tls-untrusted-issuer'],
    verdict: 'inconclusive',
    says: ['Zscaler'],
  },
];
