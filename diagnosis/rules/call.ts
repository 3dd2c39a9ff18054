/** A call that was interrupted and did not come back, or not by the way that it should. */
import type { CallFacts, Recovery, Seen, SelectedPair } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { worked } from '../checks.js';
import { ids, kindOf, look, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface CallArgs extends Args {
  exercise: string;
  /** By which ways media went before, and, where it came back, after. */
  before: string[];
  after: string[];
  /** How long it was waited for, in whole seconds. */
  waitedS: number;
  error?: string;
}

type Call = Seen<'call'>;

const way = ({ local: { candidateType, protocol, relayProtocol } }: SelectedPair): string =>
  candidateType === 'relay' ? `TURN over ${(relayProtocol ?? protocol).toUpperCase()}` : protocol.toUpperCase();

const waysOf = (pairs: readonly SelectedPair[] = []): string[] => [...new Set(pairs.map(way))];

const sidesOf = ({ caller, callee }: CallFacts): Recovery[] => [caller, callee].filter((one) => one !== undefined);

function argsOf({ facts }: Call): CallArgs {
  const sides = sidesOf(facts);
  const error = sides.map((side) => side.error).find((one) => one !== undefined);
  return {
    exercise: facts.exercise,
    before: waysOf(facts.before),
    after: waysOf(facts.caller?.selected),
    waitedS: Math.round(Math.max(0, ...sides.map(({ tookMs }) => tookMs)) / 1000),
    ...(error && { error }),
  };
}

function lost(evidence: Evidence, exercises: readonly string[]): Call[] {
  return look(evidence, 'call').filter(
    (call) => exercises.includes(call.facts.exercise) && ['not-recovered', 'wrong-path'].includes(kindOf(call) ?? ''),
  );
}

const before = [
  'vantage-offline',
  'vantage-starved',
  'tcp-port-filtered',
  'tcp-port-refused',
  'tcp-port-proxied',
  'turn-tls-unreachable',
  'turn-port-not-turn',
  'turn-tls-port-mismatch',
  'turn-external-tls-mismatch',
  'load-balancer-splits-nodes',
] as const;

/** The way to which the server moves the call was not seen to work by itself: then that comes first. */
function isDead(evidence: Evidence, { facts: { exercise } }: Call): boolean {
  const checks = { 'fallback-tcp': 'ice-tcp', 'fallback-tls': 'turn-tls' } as const;
  const probe = checks[exercise as keyof typeof checks];
  return probe !== undefined && !look(evidence, probe).some(worked);
}

export const fallbackFailed = rule<CallArgs>({
  code: 'fallback-failed',
  severity: 'error',
  explainedBy: before,
  find: (evidence) =>
    lost(evidence, ['fallback-tcp', 'fallback-tls', 'outage'])
      .filter((call) => !isDead(evidence, call))
      .map((call) => ({
        args: argsOf(call),
        evidence: ids(call, signalling(evidence)),
      })),
  prose: ({ exercise, before, after, waitedS, error }) => ({
    summary:
      exercise === 'outage'
        ? `A call by ${list(before)} whose path died did not come back within ${waitedS} s.`
        : `The server moved a call from ${list(before)} to ${exercise === 'fallback-tcp' ? 'TCP' : 'TURN over TLS'}, and it did not come back that way within ${waitedS} s.`,
    cause: `${after.length > 0 ? `The client ended up on ${list(after)}` : 'The client found no other way'}${error ? ` (${error})` : ''}: livekit-client tries every path that the server offers, so none of the others carries media from here, or none is offered.`,
    fix: 'Offer a second and a third way: `rtc.tcp_port: 7881` at the media address, and TURN over TLS (`turn.enabled: true`, `turn.domain`, `turn.tls_port`); `livekit-doctor check` proves each of them alone.',
  }),
});

export const reconnectFailed = rule<CallArgs>({
  code: 'reconnect-failed',
  severity: 'error',
  explainedBy: [...before, 'ingress-idle-timeout'],
  find: (evidence) =>
    lost(evidence, ['reconnect']).map((call) => ({ args: argsOf(call), evidence: ids(call, signalling(evidence)) })),
  prose: ({ waitedS, error }) => ({
    summary: `After its websocket was cut a call did not come back within ${waitedS} s.`,
    cause: `The client's attempts to resume or to join again did not succeed${error ? ` (${error})` : ''}: a second websocket of the same participant is refused or led to a server that does not know the room.`,
    fix: 'With several servers give all of them the same `redis.address`, so that any of them can resume a session; take limits on connections per address off the ingress (nginx: `limit_conn`, `limit_req`).',
  }),
});
