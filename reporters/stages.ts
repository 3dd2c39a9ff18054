/** What is known, while a run goes on, of each stage of one environment. */
import type { Colors } from 'picocolors/types.js';
import type { Observation } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { keyFact } from './key-fact.js';
import { cut, duration, padTo } from './text.js';

const stageOfProbe: Readonly<Record<string, string>> = {
  vantage: 'vantage',
  dns: 'names',
  tls: 'TLS',
  address: 'signalling',
  signal: 'signalling',
  'ice-udp': 'ICE',
  'ice-tcp': 'ICE',
  'turn-udp': 'TURN',
  'turn-tcp': 'TURN',
  'turn-tls': 'TURN',
  browser: 'media',
};
const nameColumns = 12;

export interface Stage {
  /** Ids that are being looked at, with the time in milliseconds when that began. */
  readonly looking: Map<string, number>;
  readonly seen: Observation[];
}

/** In the order in which they began. */
export type Stages = Map<string, Stage>;

/** A probe without a stage of its own in the table above is one. */
export function stageOf(stages: Stages, probe: string): Stage {
  const name = stageOfProbe[probe] ?? probe;
  const stage = stages.get(name) ?? { looking: new Map(), seen: [] };
  stages.set(name, stage);
  return stage;
}

/** One line for each stage, none longer than `columns`, so that a terminal does not wrap what will be rewritten. */
export function renderStages(stages: Stages, nowMs: number, columns: number, colours: Colors): string[] {
  return [...stages].map(([name, stage]) => {
    const { mark, paint, words } = stageWords(stage, nowMs, colours);
    const label = padTo(cut(printable(name), nameColumns - 2), nameColumns);
    return `${paint(mark)} ${label}${cut(words, Math.max(0, columns - nameColumns - 2))}`;
  });
}

function stageWords({ looking, seen }: Stage, nowMs: number, colours: Colors) {
  const ok = seen.filter(({ state }) => state === 'ok');
  const trouble = seen.filter((observation) => observation.state !== 'ok' && matters(observation));
  if (looking.size > 0) {
    const [id, since] = [...looking][0] as [string, number];
    const others = looking.size > 1 ? ` and ${looking.size - 1} more` : '';
    const known = trouble[0] ? `  ${sentence(trouble[0])}` : '';
    return { mark: '…', paint: colours.cyan, words: `${printable(id)}${others}  ${duration(nowMs - since)}${known}` };
  }
  const worst =
    trouble.find(({ state }) => state === 'failed') ?? trouble[0] ?? (ok.length === 0 ? seen[0] : undefined);
  if (worst) {
    const words = [worst, ...trouble.filter((other) => other !== worst)].map(sentence).join('; ');
    const failed = worst.state === 'failed';
    return { mark: failed ? '✗' : '–', paint: failed ? colours.red : colours.yellow, words };
  }
  const took = Math.max(...seen.map(({ endMs }) => endMs)) - Math.min(...seen.map(({ startMs }) => startMs));
  return { mark: '✓', paint: colours.green, words: `${duration(Math.max(0, took))}  ${ok.map(sentence).join('; ')}` };
}

export function sentence(observation: Observation): string {
  return `${printable(observation.id)}: ${keyFact(observation)}`;
}

/**
 * Whether somebody who follows the run wants to read this. Not: what only waited, which its cause explains, and that
 * nothing answers at an address that the server never offered.
 */
export function matters(observation: Observation): boolean {
  if (observation.state === 'unreached') return false;
  return !(observation.state === 'failed' && 'insteadOf' in observation.facts);
}
