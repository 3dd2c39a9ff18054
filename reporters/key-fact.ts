/** The one thing that a reader wants to know of an observation, in a few words. */
import type { CallFacts, FactsByProbe, IceFacts, ParticipantFacts, TurnFacts } from '../evidence/facts.js';
import type { Observation } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { duration } from './text.js';

type Describe<Facts> = (facts: Facts) => string | undefined;

const answered = (what: string, ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : `${what} ${duration(ms)}`;

const turn: Describe<TurnFacts> = (facts) => {
  const relayed = facts.relayedChecks.find((check) => check.rttMs !== undefined);
  return relayed && `relay reaches ${relayed.candidate} in ${duration(relayed.rttMs as number)}`;
};

const ice: Describe<IceFacts> = (facts) => answered('answered in', facts.rttMs);

const firstFrame = (participant: ParticipantFacts | undefined) => participant?.received.firstFrameMs;

const describe: { [P in keyof FactsByProbe]?: Describe<FactsByProbe[P]> } = {
  vantage: (facts) => facts.addresses.join(', ') || 'nothing but the loopback',
  dns: (facts) => facts.addresses.join(', '),
  tls: (facts) =>
    [facts.protocol, facts.chain[0] && `certificate until ${facts.chain[0].validTo.slice(0, 10)}`]
      .filter((part) => part !== undefined)
      .join(', '),
  signal: (facts) => facts.join && `livekit-server ${facts.join.serverVersion}`,
  nat: ({ destinations }) => {
    const seen = new Set(destinations.flatMap(({ mapped }) => mapped ?? []));
    return seen.size > 0 ? `seen as ${[...seen].join(', ')}` : undefined;
  },
  'ice-udp': ice,
  'ice-tcp': ice,
  'turn-udp': turn,
  'turn-tcp': turn,
  'turn-tls': turn,
  peer: (facts) => answered('echo after', facts.totalMs),
  browser: (facts) => [facts.name, facts.version].filter(Boolean).join(' '),
  call: ({ exercise, caller, callee, data }) =>
    data
      ? messages(data)
      : `${exercise === 'reconnect' ? 'back' : `by ${ways(caller?.selected)}`} after ${duration(caller?.tookMs ?? 0)}, ${duration(Math.max(caller?.pictureGapMs ?? 0, callee?.pictureGapMs ?? 0))} without picture`,
  kubernetes: ({ namespace, media }) => {
    const external = media.flatMap(({ addresses }) => addresses);
    return `namespace ${namespace}${external.length > 0 ? `, media at ${external.join(', ')}` : ''}`;
  },
  media: (facts) => answered('first frames after', slowest(firstFrame(facts.caller), firstFrame(facts.callee))),
};

const ways = (pairs: CallFacts['before'] = []): string =>
  [...new Set(pairs.map(({ local }) => (local.relayProtocol ? `turn-${local.relayProtocol}` : local.protocol)))].join(
    ', ',
  );

function messages({ caller, callee }: NonNullable<CallFacts['data']>): string {
  const of = (kind: 'reliable' | 'lossy'): string =>
    `${caller[kind].received + callee[kind].received} of ${caller[kind].sent + callee[kind].sent} ${kind}`;
  return `${of('reliable')} and ${of('lossy')} messages came`;
}

/** In milliseconds: the later of two, absent if either is. */
export function slowest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

/** On one line, printable, without the observation's id. What is not `ok` says why. */
export function keyFact(observation: Observation): string {
  if (observation.state === 'unreached') return `waited for ${printable(observation.waitedFor ?? 'something')}`;
  if (observation.state !== 'ok') return printable(observation.failure?.message ?? observation.state);
  return printable(okFact(observation) ?? 'ok');
}

function okFact({ probe, facts }: Observation): string | undefined {
  const words = describe[probe as keyof FactsByProbe] as ((facts: unknown) => string | undefined) | undefined;
  try {
    return words?.(facts) || undefined;
  } catch {
    // A saved run may come from a version whose facts had another shape.
    return undefined;
  }
}
