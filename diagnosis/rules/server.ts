/** livekit-server answers, but not with a join. Its words are from livekit-server 1.13.5. */
import type { HttpFacts } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, joined, kindOf, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { quoted } from '../words.js';
import { isLivekitHealth } from './ingress.js';

interface ServerArgs {
  target: 'signal';
  status: number;
  said: string;
}

function refusalOf(evidence: Evidence, matches: (refusal: HttpFacts) => boolean) {
  const signal = signalling(evidence);
  const refusal = signal?.facts.refusal;
  if (!refusal || !matches(refusal)) return [];
  const args: ServerArgs = { target: 'signal', status: refusal.status, said: refusal.body };
  return [{ args, evidence: ids(signal) }];
}

/** `pkg/service/server.go`, healthCheck: the node has not written its statistics for 4 s. */
export const serverNotReady = rule<ServerArgs>({
  code: 'server-not-ready',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    const health = signal?.facts.health;
    if (health?.status !== 406 || !isLivekitHealth(health)) return [];
    const args: ServerArgs = { target: 'signal', status: health.status, said: health.body };
    return [{ args, evidence: ids(signal), severity: joined(evidence) ? 'warning' : 'error' }];
  },
  prose: ({ said }) => ({
    summary: 'livekit-server says of itself that it is not ready.',
    cause: `It answers 406 ${quoted(said)} on \`/\`: it has not updated its own statistics for over 4 s, since it is starved of CPU, is starting or stopping, or cannot reach Redis.`,
    fix: 'Give the pod more CPU (`resources.requests.cpu`, `resources.limits.cpu`), look at its log and at Redis (`redis.address`), and let the readiness probe on `/` take it out of the Service meanwhile.',
  }),
});

/** ErrLimitExceeded (`pkg/rtc`), ErrNodeLimitReached (`pkg/routing`), ErrNoAvailableNodes (`pkg/routing/selector`). */
const limits =
  /node has exceeded its configured limit|reached configured limit for node|could not find any available nodes/;

export const serverLimitReached = rule<ServerArgs>({
  code: 'server-limit-reached',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'server-not-ready'],
  find: (evidence) => refusalOf(evidence, ({ body }) => limits.test(body)),
  prose: ({ status, said }) => ({
    summary: 'livekit-server refuses new participants, because the node is full.',
    cause: `It answered ${status} ${quoted(said)}: the tracks or bytes per second of the node have reached its limits.`,
    fix: 'Add nodes (`replicaCount`, one per machine), or raise `limit.num_tracks` and `limit.bytes_per_sec` if the machine can bear more.',
  }),
});

export const roomMissing = rule<ServerArgs>({
  code: 'room-missing',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) =>
    refusalOf(evidence, ({ status, body }) => status === 404 && body.includes('requested room does not exist')),
  prose: ({ said }) => ({
    summary: 'livekit-server does not let anybody into a room that was not created before.',
    cause: `It answered 404 ${quoted(said)}: \`room.auto_create\` is off, and the room was not made through its API.`,
    fix: 'Create the room first (`lk room create NAME`, RoomService.CreateRoom), give the token `roomCreate: true`, or set `room.auto_create: true`.',
  }),
});

/** A server whose own `/` is fine, but that cannot start a session: nothing but its bus is between the two. */
export const serverBusFailure = rule<ServerArgs & { answeredMs?: number }>({
  code: 'server-bus-failure',
  severity: 'error',
  explainedBy: ['vantage-starved', 'dns-wrong-address', 'server-not-ready', 'server-limit-reached'],
  find(evidence) {
    const signal = signalling(evidence);
    const { health, refusal, upgraded, answeredMs } = signal?.facts ?? {};
    if (!signal || upgraded || !health || !isLivekitHealth(health)) return [];
    const late = answeredMs !== undefined && { answeredMs: Math.round(answeredMs) };
    if (refusal) {
      if (refusal.status < 500) return [];
      return [
        {
          args: { target: 'signal' as const, status: refusal.status, said: refusal.body, ...late },
          evidence: ids(signal),
        },
      ];
    }
    if (kindOf(signal) !== 'timeout') return [];
    return [
      {
        args: { target: 'signal' as const, status: 0, said: '' },
        evidence: ids(signal),
        alternatives: [
          {
            code: 'ingress-swallows-frames',
            separateBy:
              'Ask the server without the proxy (`curl -i -N -H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==" "http://POD:7880/rtc?access_token=…"`): if that answers, the proxy holds it back.',
          },
        ],
      },
    ];
  },
  prose: ({ status, said, answeredMs }) => ({
    summary: 'livekit-server is up, but cannot start a session.',
    cause: `${
      status > 0
        ? `It answered ${status}${said ? ` ${quoted(said)}` : ''}${answeredMs === undefined ? '' : ` after ${Math.round(answeredMs / 100) / 10} s`}`
        : 'It does not answer the websocket upgrade'
    }, while \`/\` is fine: it waits for Redis, or for the node that Redis names for the room.`,
    fix: 'Make `redis.address` reachable from the pods (`redis-cli -h HOST ping`; user, password and TLS as configured), and restart nodes that Redis still lists but that are gone.',
  }),
});

export const publishDenied = rule<{ target: 'signal' }>({
  code: 'publish-denied',
  severity: 'error',
  explainedBy: [],
  find(evidence) {
    if (joined(evidence)?.permission?.canPublish !== false) return [];
    return [{ args: { target: 'signal' as const }, evidence: ids(signalling(evidence)) }];
  },
  prose: () => ({
    summary: 'The token lets its bearer join, but not publish sound or picture.',
    cause: 'Its `video` grant says `canPublish: false`, or names only sources that are not camera and microphone.',
    fix: 'Have the token service grant `canPublish: true` (and, if it names sources, `canPublishSources` with `camera` and `microphone`) to those who should speak.',
  }),
});

export const subscribeDenied = rule<Args>({
  code: 'subscribe-denied',
  severity: 'error',
  explainedBy: [],
  find(evidence) {
    if (joined(evidence)?.permission?.canSubscribe !== false) return [];
    return [{ args: {}, evidence: ids(signalling(evidence)) }];
  },
  prose: () => ({
    summary: 'The token lets its bearer join, but not see or hear anybody.',
    cause: 'Its `video` grant says `canSubscribe: false`, so livekit-server offers no media to it.',
    fix: 'Have the token service grant `canSubscribe: true`, or leave it out, to everybody who should see and hear the others.',
  }),
});
