/** What two participants' reports of an interrupted call come to. Pure. */
import type { PartReport } from '../browser/exchange.js';
import { pathOfPair } from '../browser/page/candidates.js';
import type { BySide } from '../browser/participants.js';
import type { CallFacts, DataFacts, Recovery, SelectedPair } from '../evidence/facts.js';
import type { Exercise, Failure, Step } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { number, pairsOf } from './media-outcome.js';
import type { Outcome } from './probe.js';

const sides = ['caller', 'callee'] as const;

export function callOutcome(exercise: Exercise, reports: BySide<PartReport>, startMs: number): Outcome {
  const facts = factsOf(exercise, reports);
  const failure = failureOf(exercise, reports, facts);
  const common = { facts: { ...facts }, steps: stepsOf(facts, startMs) };
  return failure ? { state: 'failed', ...common, failure } : { state: 'ok', ...common };
}

/** The ways that these pairs go: `udp`, `turn-tls`. */
function waysOf(pairs: readonly SelectedPair[] | undefined): string[] {
  return [...new Set((pairs ?? []).map(({ local }) => pathOfPair(local) ?? 'an unknown way'))];
}

function failureOf(exercise: Exercise, reports: BySide<PartReport>, facts: CallFacts): Failure | undefined {
  for (const side of sides) {
    const { phase, error } = reports[side];
    if (phase !== 'done') {
      const message = `the ${side} did not get as far as to be seen and heard (${phase}${error ? `: ${printable(error)}` : ''})`;
      return { kind: 'no-call', message };
    }
  }
  if (exercise === 'data') return dataFailure(facts.data);
  for (const side of sides) {
    const recovery = facts[side];
    if (!recovery) return { kind: 'no-answer', message: `the ${side} did not say how it went` };
    if (!recovery.began) return { kind: 'no-outage', message: 'nothing interrupted the call' };
    if (!recovery.recovered && exercise === 'reconnect' && recovery.reconnectedMs === undefined && side === 'caller') {
      const message = `the caller's signalling did not come back within ${Math.round(recovery.tookMs / 1000)} s`;
      return { kind: 'not-recovered', message };
    }
    if (!recovery.recovered) {
      const why = recovery.error ? ` (${recovery.error})` : '';
      const message = `the ${side} did not see and hear the other again within ${Math.round(recovery.tookMs / 1000)} s${why}`;
      return { kind: 'not-recovered', message };
    }
  }
  const wanted = ({ 'fallback-tcp': ['tcp'], 'fallback-tls': ['turn-tls'] } as Record<string, string[]>)[exercise];
  const ways = waysOf(facts.caller?.selected);
  if (wanted && !ways.every((way) => wanted.includes(way))) {
    return {
      kind: 'wrong-path',
      message: `the call was to go by ${wanted.join()}, and goes by ${ways.join() || 'nothing'}`,
    };
  }
  return undefined;
}

/** Messages that may be lost are allowed to; a tenth of them and more shows that something drops them. */
function dataFailure(data: CallFacts['data']): Failure | undefined {
  for (const side of sides) {
    const { reliable, lossy } = data?.[side] ?? {};
    if (!reliable || !lossy) return { kind: 'no-answer', message: `the ${side} did not say what messages came` };
    if (reliable.received < reliable.sent) {
      const message = `${reliable.received} of ${reliable.sent} reliable messages came to the ${side}`;
      return { kind: 'data-lost', message };
    }
  }
  return undefined;
}

function factsOf(exercise: Exercise, { caller, callee }: BySide<PartReport>): CallFacts {
  return {
    exercise,
    before: pairsOf(caller.selected),
    ...(caller.recovery && { caller: recoveryOf(caller.recovery) }),
    ...(callee.recovery && { callee: recoveryOf(callee.recovery) }),
    ...(caller.data && callee.data && { data: { caller: dataOf(caller.data), callee: dataOf(callee.data) } }),
  };
}

function recoveryOf({
  began,
  recovered,
  tookMs,
  reconnectedMs,
  pictureGapMs,
  voiceGapMs,
  selected,
  error,
}: Recovery): Recovery {
  return {
    began: began === true,
    recovered: recovered === true,
    tookMs: number(tookMs),
    ...(reconnectedMs !== undefined && { reconnectedMs: number(reconnectedMs) }),
    pictureGapMs: number(pictureGapMs),
    voiceGapMs: number(voiceGapMs),
    selected: pairsOf(selected),
    ...(error && { error: printable(error) }),
  };
}

function dataOf({ reliable, lossy }: DataFacts): DataFacts {
  const one = ({ sent, received, latencyMs }: DataFacts['lossy']): DataFacts['lossy'] => ({
    sent: number(sent),
    received: number(received),
    ...(latencyMs !== undefined && { latencyMs: number(latencyMs) }),
  });
  return { reliable: one(reliable), lossy: one(lossy) };
}

function stepsOf({ caller }: CallFacts, startMs: number): Step[] {
  return caller ? [{ name: 'recover', startMs, endMs: startMs + caller.tookMs }] : [];
}
