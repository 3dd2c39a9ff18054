/** Tokens: faults as they show in the observations. */
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host } = s;

const refusal = (status: number, body: string): s.SignalPatch => ({
  health: s.livekitHealth,
  clockSkewMs: 100,
  refusal: { status, body, contentType: 'text/plain; charset=utf-8' },
});

export const tokenFaults: readonly Fault[] = [
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
    name: 'token refused for its time, and the clocks differ',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          {
            ...refusal(401, 'invalid token: [redacted], error: token has invalid claims: token is not valid yet'),
            clockSkewMs: -300_000,
          },
          s.failed('http'),
        ),
      ],
    }),
    codes: ['vantage-clock-skew'],
    suppressed: ['token-time-invalid'],
    alternatives: ['token-time-invalid'],
    verdict: 'inconclusive',
    says: ['300 s', 'the token'],
  },
  {
    name: 'token endpoint down',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          {
            health: s.livekitHealth,
            tokenEndpoint: {
              host: 'app.example.com',
              port: 443,
              reason: 'status',
              status: 503,
              contentType: 'text/html',
            },
          },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['token-endpoint-failed'],
    verdict: 'fail',
    says: ['app.example.com:443', '503', '`auth.tokenEndpoint`'],
  },
  {
    name: 'token endpoint of another shape',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          {
            health: s.livekitHealth,
            tokenEndpoint: {
              host: 'app.example.com',
              port: 443,
              reason: 'no-token',
              status: 200,
              keys: ['jwt', 'url'],
            },
          },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['token-endpoint-failed'],
    verdict: 'fail',
    says: ['`jwt` and `url`', '`participant_token`'],
  },
  {
    name: 'token endpoint and signalling port both out of reach',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal(
          { tokenEndpoint: { host: 'app.example.com', port: 443, reason: 'unreachable' } },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['signal-port-filtered', 'token-endpoint-failed'],
    verdict: 'fail',
  },
  {
    name: 'token endpoint on the signalling host, whose port is closed',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(host, { chain: [], connectMs: undefined }, s.failed('refused')),
        s.signal({ tokenEndpoint: { host, port: 443, reason: 'refused' } }, s.failed('token-endpoint')),
      ],
    }),
    codes: ['signal-port-refused'],
    suppressed: ['token-endpoint-failed'],
    verdict: 'fail',
  },
  {
    name: 'token endpoint out of reach, and nothing that answered beside it',
    evidence: scene({
      url: 'ws://203.0.113.10:7880/',
      notJoined: true,
      without: [`tls:${host}:443`, `dns:${host}`],
      with: [
        s.signal(
          {
            host: '203.0.113.10',
            port: 7880,
            secure: false,
            tokenEndpoint: { host: '203.0.113.50', port: 80, reason: 'unreachable' },
          },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['token-endpoint-failed'],
    alternatives: ['vantage-offline'],
    verdict: 'inconclusive',
    says: ['203.0.113.50:80'],
  },
  {
    name: 'token endpoint and signalling with the same expired certificate',
    evidence: scene({
      notJoined: true,
      with: [
        s.tls(
          host,
          { chainError: 'CERT_HAS_EXPIRED', chain: [s.certificate(host, { validTo: '2026-01-02T00:00:00.000Z' })] },
          s.failed('chain'),
        ),
        s.signal(
          { tokenEndpoint: { host: 'app.example.com', port: 443, reason: 'tls', error: 'CERT_HAS_EXPIRED' } },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['tls-certificate-expired'],
    verdict: 'fail',
  },
  {
    name: 'token that may not publish',
    evidence: scene({
      with: [s.joined({ permission: { canPublish: false, canSubscribe: true, canPublishData: true } })],
    }),
    codes: ['publish-denied'],
    verdict: 'fail',
    says: ['`canPublish: true`'],
  },
];
