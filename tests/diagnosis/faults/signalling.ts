/** Signalling: faults as they show in the observations. */
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, ingress } = s;

const nginx = (status: number): s.SignalPatch => ({
  health: { status, body: `${status} of nginx`, server: 'nginx/1.26', contentType: 'text/html' },
  refusal: { status, body: `${status} of nginx`, server: 'nginx/1.26', contentType: 'text/html' },
});
const refusal = (status: number, body: string): s.SignalPatch => ({
  health: s.livekitHealth,
  clockSkewMs: 100,
  refusal: { status, body, contentType: 'text/plain; charset=utf-8' },
});

export const signallingFaults: readonly Fault[] = [
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
    name: 'nginx without the upgrade headers',
    evidence: scene({ notJoined: true, with: [s.signal(refusal(404, ''), s.failed('http'))] }),
    codes: ['ingress-upgrade-missing'],
    verdict: 'fail',
    says: ['proxy_set_header Upgrade $http_upgrade'],
  },
  {
    name: 'http redirected to https',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          { refusal: { status: 308, body: '', location: `https://${host}/rtc`, server: 'nginx' } },
          s.failed('http'),
        ),
      ],
    }),
    codes: ['ingress-redirects'],
    verdict: 'fail',
    says: ['308', `https://${host}/rtc`],
  },
  {
    name: 'a proxy that holds the frames back',
    evidence: scene({
      notJoined: true,
      with: [s.signal({ health: s.livekitHealth, upgraded: true }, s.failed('no-join'))],
    }),
    codes: ['ingress-swallows-frames'],
    verdict: 'fail',
    says: ['proxy_buffering off'],
  },
  {
    name: 'a proxy that cuts idle connections',
    evidence: scene({
      asked: { idleMs: 90_000 },
      with: [
        s.observation(
          'idle',
          undefined,
          {
            askedMs: 90_000,
            cuts: [
              { ageMs: 60_050, code: 1006, reason: '' },
              { ageMs: 60_110, code: 1006, reason: '' },
            ],
          },
          s.failed('cut'),
        ),
      ],
    }),
    codes: ['ingress-idle-timeout'],
    verdict: 'fail',
    says: ['60.1 s', 'proxy_read_timeout'],
  },
  {
    name: 'server not ready',
    evidence: scene({
      notJoined: true,
      with: [s.signal({ health: { status: 406, body: 'Not Ready Node Updated At 2026-01-01' } }, s.failed('timeout'))],
    }),
    codes: ['server-not-ready'],
    suppressed: ['server-bus-failure'],
    verdict: 'fail',
    says: ['406'],
  },
  {
    name: 'node full',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(503, 'node has exceeded its configured limit'), s.failed('http'))],
    }),
    codes: ['server-limit-reached'],
    suppressed: ['server-bus-failure'],
    verdict: 'fail',
    says: ['`limit.num_tracks`'],
  },
  {
    name: 'Redis out of reach',
    evidence: scene({
      notJoined: true,
      with: [s.signal({ ...refusal(503, 'no response from servers'), answeredMs: 4012 }, s.failed('http'))],
    }),
    codes: ['server-bus-failure'],
    verdict: 'fail',
    says: ['no response from servers', '4 s', '`redis.address`'],
  },
  {
    name: 'no answer to the upgrade while / is fine',
    evidence: scene({
      notJoined: true,
      with: [s.signal({ health: s.livekitHealth }, s.failed('timeout'))],
    }),
    codes: ['server-bus-failure'],
    alternatives: ['ingress-swallows-frames'],
    verdict: 'fail',
  },
  {
    name: 'room not created before',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(404, 'requested room does not exist'), s.failed('http'))],
    }),
    codes: ['room-missing'],
    verdict: 'fail',
    says: ['`room.auto_create`'],
  },
];
