/** `call`: a usual call, with every path to choose from, that is cut or moved while it goes on, or carries messages. */
import { boundsOf } from '../browser/page/bounds.js';
import { type Exchange, stages } from '../browser/participants.js';
import { seen } from '../evidence/facts.js';
import { type Exercise, exercises } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { trusted } from './allowed-address.js';
import { callOutcome } from './call-outcome.js';
import { exchangeOf, stageWithinMs } from './media.js';
import type { Known, Outcome, Pending, Probe, Target, Tools, Waiting } from './probe.js';
import { mediaRoundTripMs } from './round-trip.js';
import { withoutTokens } from './tokens.js';

interface CallTarget extends Target {
  readonly exercise: Exercise;
  readonly roundTripMs?: number;
}

/** livekit-client tries to come back for about 40 s. */
const exerciseMs: Record<Exercise, number> = {
  data: 5000,
  reconnect: 20_000,
  'fallback-tcp': 30_000,
  'fallback-tls': 30_000,
  outage: 60_000,
};
const answerMs = 8000;

/** One after the other: each measures pauses of some milliseconds, on a machine that media keeps busy. */
function targets(known: Known): (CallTarget | Pending)[] | Waiting {
  const asked = exercises.filter((one) => known.asked.exercises?.includes(one));
  if (asked.length === 0) return [];
  const browser = known.observations.get('browser');
  if (!browser) return { waitingFor: 'browser' };
  if (browser.state !== 'ok') return asked.map((one) => ({ id: `call:${one}`, waitingFor: 'browser' }));
  const met = seen(known.observations.values(), 'media');
  if (!met.some(({ state }) => state === 'ok')) {
    return asked.map((one) => ({ id: `call:${one}`, waitingFor: met[0]?.id ?? 'media' }));
  }
  const done = asked.filter((one) => known.observations.has(`call:${one}`));
  return asked.slice(0, done.length + 1).map((exercise) => ({
    id: `call:${exercise}`,
    exercise,
    roundTripMs: mediaRoundTripMs(known),
  }));
}

async function callExchange({ exercise, roundTripMs }: CallTarget, tools: Tools): Promise<Exchange> {
  const { known, redactor, signal } = tools;
  const exchange = await exchangeOf({ id: '', path: 'udp', roundTripMs }, known, redactor, signal);
  const relays = (['turn-udp', 'turn-tcp', 'turn-tls'] as const).flatMap((probe) =>
    seen(known.observations.values(), probe).filter(({ state }) => state === 'ok'),
  );
  return {
    ...exchange,
    path: 'any',
    bounds: { ...boundsOf(trusted(known)), turnUrls: relays.map(({ facts }) => facts.url) },
    deadlineMs: stageWithinMs(roundTripMs),
    afterwards: { exercise, deadlineMs: exerciseMs[exercise] },
  };
}

async function observe(target: CallTarget, tools: Tools): Promise<Outcome> {
  const { exercise } = target;
  const { browser } = tools.known.shared;
  if (!browser) return { state: 'unreached', facts: { exercise }, waitedFor: 'browser' };
  const made = await callExchange(target, tools).catch((error: unknown) => withoutTokens(error, { exercise }));
  if ('state' in made) return made;
  const startMs = tools.now();
  try {
    return callOutcome(exercise, await browser.exchange(made, tools.signal), startMs);
  } catch (error) {
    // Ours, not the deployment's: nothing is known of the call.
    const failure = { kind: 'crash', message: printable((error as Error).message, 300) };
    return { state: 'unsupported', facts: { exercise }, failure };
  }
}

export const call: Probe<CallTarget> = {
  name: 'call',
  depth: 'media',
  deadlineMs: ({ exercise, roundTripMs }) => stages * stageWithinMs(roundTripMs) + exerciseMs[exercise] + answerMs,
  targets,
  observe,
};
