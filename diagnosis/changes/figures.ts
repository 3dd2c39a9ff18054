/** Round trips, the time to the first picture, and loss: only where they differ by more than the same deployment does. */
import type { ParticipantFacts } from '../../evidence/facts.js';
import { allPaths, type Evidence, type Path } from '../../evidence/run.js';
import { iceChecks } from '../checks.js';
import { look } from '../look.js';
import { natDestinations } from '../nat.js';
import { atLeastShare } from '../share.js';
import type { ChangeKind, Compare, Difference } from './change.js';

/** By how much two of the same deployment may differ: by both. */
interface Noise {
  readonly ms: number;
  /** Of the shorter. */
  readonly share: number;
}

/**
 * The shortest of many is compared, since waiting only adds. Below 20 ms another route within the same provider does as
 * much, and so does Wi-Fi; and half of a long way is more than its jitter.
 */
const ofRoundTrips: Noise = { ms: 20, share: 0.5 };
/** A browser's times depend on how busy this machine is: a busy one showed the same deployment after 0.8 and after 2.4 s. */
const ofCalls: Noise = { ms: 2000, share: 1 };
/** Beside what so few packets leave open. */
const ofLoss = 0.01;

export const figures: Compare = (before, after) => {
  const compare = (kind: ChangeKind, what: string, of: (evidence: Evidence) => Time | undefined, noise: Noise) =>
    longer(kind, what, of(before), of(after), noise);
  return [
    ...(['media', 'signalling', 'TURN'] as const).flatMap((what) =>
      compare('round-trip', what, (evidence) => shortest(evidence, roundTrips[what](evidence)), ofRoundTrips),
    ),
    ...allPaths.flatMap((path) => compare('first-picture', path, (evidence) => firstPicture(evidence, path), ofCalls)),
    ...allPaths.flatMap((path) => loss(path, lost(before, path), lost(after, path))),
  ];
};

interface Time {
  readonly ms: number;
  /** Of it, so much may be this machine's own doing. */
  readonly oursMs: number;
}

/** How late this machine was at most: what was seen once may have been then. */
const lagMs = (evidence: Evidence): number => look(evidence, 'load')[0]?.facts.lagMostMs ?? 0;

/** So many of the same length are no accident of this machine. */
const enough = 3;

function shortest(evidence: Evidence, times: readonly (number | undefined)[]): Time | undefined {
  // The same to a hundredth of a millisecond is the same connection, told by two probes.
  const known = [...new Set(times.filter((ms) => ms !== undefined))].sort((a, b) => a - b);
  const [ms, last] = [known[0], known[enough - 1]];
  if (ms === undefined) return undefined;
  const agree = last !== undefined && last - ms <= within(ofRoundTrips, ms);
  return { ms, oursMs: agree ? 0 : lagMs(evidence) };
}

const within = ({ ms, share }: Noise, shorter: number): number => Math.max(ms, share * shorter);

function longer(
  kind: ChangeKind,
  what: string,
  was: Time | undefined,
  is: Time | undefined,
  noise: Noise,
): Difference[] {
  if (!was || !is) return [];
  const [shorter, other] = is.ms > was.ms ? [was, is] : [is, was];
  if (other.ms - other.oursMs - shorter.ms <= within(noise, shorter.ms)) return [];
  const effect = other === is ? 'worse' : 'better';
  return [{ about: 'deployment', kind, what, before: Math.round(was.ms), after: Math.round(is.ms), effect }];
}

const roundTrips: Record<'media' | 'signalling' | 'TURN', (evidence: Evidence) => (number | undefined)[]> = {
  media: (evidence) => [
    ...iceChecks(evidence)
      .filter(({ facts }) => facts.origin === 'advertised')
      .flatMap(({ facts }) => [facts.rttMs, facts.connectMs]),
    ...asked(evidence, 'media'),
    ...(['udp', 'tcp'] as const).flatMap((path) => ends(evidence, path).map(({ rtt }) => rtt?.leastMs)),
    ...look(evidence, 'peer')
      .filter(({ facts, state }) => state === 'ok' && (facts.path === 'udp' || facts.path === 'tcp'))
      .flatMap(({ facts }) => Object.values(facts.selected ?? {}).flat())
      .map(({ rttMs }) => rttMs),
  ],
  signalling: (evidence) => [
    ...look(evidence, 'tls').flatMap(({ facts }) => (facts.role === 'signal' ? [facts.connectMs] : [])),
    ...look(evidence, 'address').map(({ facts }) => facts.connectMs),
  ],
  TURN: (evidence) => [
    ...look(evidence, 'tls').flatMap(({ facts }) => (facts.role === 'turn' ? [facts.connectMs] : [])),
    ...(['turn-tcp', 'turn-tls'] as const).flatMap((probe) =>
      look(evidence, probe).map(({ facts }) => facts.connectMs),
    ),
    ...asked(evidence, 'turn'),
  ],
};

const asked = ({ observations }: Evidence, kind: 'media' | 'turn'): (number | undefined)[] =>
  natDestinations(observations)
    .filter((one) => one.kind === kind)
    .map(({ rttMs }) => rttMs);

/** Of a call between two Chromiums. */
function ends(evidence: Evidence, path: Path): ParticipantFacts[] {
  const call = look(evidence, 'media').find(({ id, state }) => id === `media:${path}` && state === 'ok');
  return [call?.facts.caller, call?.facts.callee].filter((end) => end !== undefined);
}

/** The later of both. */
function firstPicture(evidence: Evidence, path: Path): Time | undefined {
  const times = ends(evidence, path).flatMap(({ received }) => received.firstFrameMs ?? []);
  return times.length === 2 ? { ms: Math.max(...times), oursMs: lagMs(evidence) } : undefined;
}

interface Lost {
  readonly lost: number;
  readonly all: number;
  readonly events: number;
}

/** Both ways together. */
function lost(evidence: Evidence, path: Path): Lost | undefined {
  const measured = ends(evidence, path).flatMap(({ received }) => received.measured ?? []);
  if (measured.length === 0) return undefined;
  const sum = (of: (one: (typeof measured)[number]) => number): number =>
    measured.reduce((all, one) => all + of(one), 0);
  const packets = sum(({ packetsLost }) => packetsLost);
  return {
    lost: packets,
    all: packets + sum(({ packetsReceived }) => packetsReceived),
    events: sum(({ lossEvents }) => lossEvents),
  };
}

const shareOf = ({ lost, all }: Lost): number => (all > 0 ? lost / all : 0);

/** Where more is surely lost than was seen to be lost before, or the other way round. In percent. */
function loss(what: Path, was: Lost | undefined, is: Lost | undefined): Difference[] {
  if (!was || !is) return [];
  const surely = (more: Lost, less: Lost): boolean =>
    atLeastShare(more.lost, more.all, more.events) > shareOf(less) + ofLoss;
  const effect = surely(is, was) ? 'worse' : surely(was, is) ? 'better' : undefined;
  if (!effect) return [];
  const percent = (one: Lost): number => Math.round(shareOf(one) * 1000) / 10;
  return [{ about: 'deployment', kind: 'loss', what, before: percent(was), after: percent(is), effect }];
}
