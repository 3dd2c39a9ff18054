/** Tokens: faults as they show in the observations. */
import type { TokenClaims, TokenFacts } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host } = s;

const refusal = (status: number, body: string): s.SignalPatch => ({
  health: s.livekitHealth,
  clockSkewMs: 100,
  refusal: { status, body, contentType: 'text/plain; charset=utf-8' },
});

const claims = {
  issuer: 'APIkey',
  identity: 'doctor-me',
  room: 'doctor-room',
  joins: true,
  grants: [],
  refuses: [],
  expiresAtS: 1_795_000_000,
  livesS: 900,
};
const answer = { host: 'app.example.com', port: 443, status: 201, answerMs: 80 };

/** As a token endpoint gave it. */
const given = (facts: Partial<TokenFacts> = {}) =>
  s.observation('token', undefined, {
    source: 'endpoint',
    answer: { ...answer, serverUrl: `wss://${host}` },
    asked: { room: 'doctor-room', identity: 'doctor-me' },
    claims,
    ...facts,
  });

const ready = (more: Partial<TokenClaims>) =>
  s.observation('token', undefined, { source: 'ready', claims: { ...claims, ...more } });

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
  {
    name: 'token that may not subscribe, to which nothing is offered',
    evidence: scene({
      with: [
        s.joined({
          permission: { canPublish: true, canSubscribe: false, canPublishData: true },
          candidates: [],
          iceServers: [],
        }),
      ],
      asked: { paths: ['udp', 'tcp'] },
      without: [
        `ice-udp:${s.media}:7882`,
        `ice-tcp:${s.media}:7881`,
        `turn-udp:${s.media}:3478`,
        `turn-tls:${s.turnHost}:443`,
        `dns:${s.turnHost}`,
        `tls:${s.turnHost}:443`,
      ],
      claims: { paths: { optional: ['turn-udp', 'turn-tcp', 'turn-tls'] } },
    }),
    codes: ['subscribe-denied'],
    suppressed: ['udp-not-offered', 'tcp-not-offered'],
    verdict: 'fail',
    says: ['`canSubscribe: true`'],
  },
  {
    name: 'token to join, without a room in it',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(400, 'no room name'), s.failed('http')), ready({ room: undefined })],
    }),
    codes: ['token-grant-missing', 'token-grants-too-wide'],
    verdict: 'fail',
    says: ['400 "no room name"', 'has no `room`', 'enter every room'],
  },
  {
    name: 'token without an identity',
    evidence: scene({
      notJoined: true,
      with: [s.signal(refusal(400, 'identity cannot be empty'), s.failed('http'))],
    }),
    codes: ['token-grant-missing'],
    verdict: 'fail',
    says: ['no identity (`sub`)'],
  },
  {
    name: 'token endpoint whose tokens do more than participants do',
    evidence: scene({ with: [given({ claims: { ...claims, grants: ['roomAdmin', 'roomCreate', 'sipCall'] } })] }),
    codes: ['token-grants-too-wide'],
    verdict: 'pass',
    says: [
      'The token that the token endpoint gives allows more than taking part in one room: `roomAdmin`, `roomCreate` and `sip.call`.',
      'delete every room',
      '`auth.mayGrant`',
    ],
  },
  {
    name: 'token that does more than the operator means it to do',
    evidence: scene({
      claims: { token: { mayGrant: ['roomAdmin'] } },
      with: [ready({ grants: ['roomAdmin', 'hidden'] })],
    }),
    codes: ['token-grants-too-wide'],
    verdict: 'pass',
    says: ['The token in the environment', 'room: `hidden`.', 'beyond the `roomAdmin` that is meant'],
  },
  {
    name: 'token for a month',
    evidence: scene({ with: [given({ claims: { ...claims, livesS: 30 * 86_400 } })] }),
    codes: ['token-lifetime-too-long'],
    verdict: 'pass',
    says: ['valid for 30 days, until 2026-11-18 11:06 UTC', 'usual 6 h', '`auth.maxTtl`'],
  },
  {
    name: 'token that never expires',
    evidence: scene({ with: [ready({ expiresAtS: undefined, livesS: undefined })] }),
    codes: ['token-lifetime-too-long'],
    verdict: 'pass',
    says: ['The token in the environment never expires.'],
  },
  {
    name: 'token that lives longer than is claimed, beyond all calendars',
    evidence: scene({
      claims: { token: { maxTtlMs: 900_000 } },
      with: [given({ claims: { ...claims, expiresAtS: 1e15, livesS: 5400 } })],
    }),
    codes: ['token-lifetime-too-long'],
    verdict: 'pass',
    says: ['valid for 1.5 h.', '`auth.maxTtl` allows 15 min'],
  },
  {
    name: 'token endpoint that gives another room and another identity',
    evidence: scene({ with: [given({ claims: { ...claims, room: 'lobby', identity: 'alice' } })] }),
    codes: ['token-room-ignored'],
    verdict: 'pass',
    says: [
      'another room and identity',
      'Asked for the room "doctor-room" it answered with "lobby" and asked for the identity "doctor-me" it answered with "alice"',
      '`room_name` and `participant_identity`',
    ],
  },
  {
    name: 'token endpoint that sends clients elsewhere',
    evidence: scene({ with: [given({ answer: { ...answer, serverUrl: 'ws://livekit:7880' } })] }),
    codes: ['token-server-mismatch'],
    verdict: 'pass',
    says: [`to ws://livekit:7880, and this check looks at wss://${host}.`],
  },
  {
    name: 'token endpoint that takes its time',
    evidence: scene({ with: [given({ answer: { ...answer, answerMs: 1500 } })] }),
    codes: ['token-endpoint-slow'],
    verdict: 'pass',
    says: ['app.example.com:443 took 1500 ms', '1000 ms are plenty'],
  },
  {
    name: 'token endpoint that takes longer than is claimed',
    evidence: scene({ claims: { token: { answerWithinMs: 50 } }, with: [given()] }),
    codes: ['token-endpoint-slow'],
    verdict: 'pass',
    says: ['took 80 ms', '`auth.tokenEndpoint.answerWithin` allows 50 ms'],
  },
  {
    name: 'token endpoint in which the token is not where the environment says',
    evidence: scene({
      notJoined: true,
      with: [
        s.signal(
          {
            health: s.livekitHealth,
            tokenEndpoint: {
              host: 'app.example.com',
              port: 443,
              method: 'GET',
              reason: 'no-token',
              status: 200,
              keys: ['data'],
              lookedFor: 'data.jwt',
            },
          },
          s.failed('token-endpoint'),
        ),
      ],
    }),
    codes: ['token-endpoint-failed'],
    verdict: 'fail',
    says: ['no token at `data.jwt`, only `data`', '`auth.tokenEndpoint.token`'],
  },
];
