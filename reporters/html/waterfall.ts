/** Everything that was observed, in its order in time; each line opens to its raw evidence. */
import type { Observation } from '../../evidence/run.js';
import { stateMarks } from '../findings.js';
import { keyFact } from '../key-fact.js';
import { html, type Markup } from '../markup.js';
import { duration } from '../text.js';
import { type Entry, stateTones } from './view.js';

/** What waits on purpose, so that all others would be too short to see beside it. */
const long = new Set(['idle', 'nat-binding', 'load', 'call']);
/** Lines of the grid, at most. */
const mostTicks = 6;

export function waterfallOf({ environment: { observations }, id }: Entry): Markup {
  const lines = observations.map((observation, at) => ({ observation, at }));
  const ordered = lines.sort((a, b) => rank(a.observation) - rank(b.observation));
  const begin = Math.min(...observations.map(({ startMs }) => startMs));
  const quick = observations.filter(({ probe }) => !long.has(probe));
  const end = Math.max(begin + 1, ...(quick.length > 0 ? quick : observations).map(({ endMs }) => endMs));
  const share = (ms: number): number => Math.min(100, Math.max(0, ((ms - begin) / (end - begin)) * 100));
  const ticks = ticksOf(end - begin);
  const axis = html`<div class="axis" aria-hidden="true"><span></span><svg height="16">${ticks.map(
    (ms) => html`<text x="${percent(share(begin + ms))}" y="11">${ms === 0 ? '0' : duration(ms)}</text>`,
  )}</svg><span></span></div>`;
  const grid = html`<svg class="grid" aria-hidden="true">${ticks.map((ms) => {
    const x = percent(share(begin + ms));
    return html`<line x1="${x}" x2="${x}" y1="0" y2="100%"/>`;
  })}</svg>`;
  return html`<div class="waterfall">${axis}${grid}${ordered.map(({ observation, at }) =>
    line(observation, `${id}o${at}`, share, end),
  )}</div>`;
}

/** How busy the machine was is about all of it. */
const rank = ({ probe, startMs }: Observation): number => (probe === 'load' ? Number.POSITIVE_INFINITY : startMs);

function line(observation: Observation, id: string, share: (ms: number) => number, end: number): Markup {
  const { state, startMs, endMs, steps = [] } = observation;
  const bar = (from: number, to: number, name: string, title: string) => {
    const x = share(from);
    const width = Math.max(0.3, share(to) - x);
    return html`<rect class="${name}" x="${percent(Math.min(x, 99.7))}" width="${percent(width)}"><title>${title}</title></rect>`;
  };
  const took = Math.max(0, endMs - startMs);
  const bars = [
    bar(startMs, endMs, 'whole', duration(took)),
    ...steps.map((step) =>
      bar(step.startMs, step.endMs, 'step', `${step.name} ${duration(Math.max(0, step.endMs - step.startMs))}`),
    ),
    endMs > end && html`<text x="100%" y="12">→</text>`,
  ];
  const looked = state === 'ok' || state === 'failed';
  return html`<details class="look" id="${id}"><summary><span class="what"><b class="${stateTones[state]}" aria-label="${state}">${stateMarks[state]}</b> ${observation.id}</span><svg class="bars ${stateTones[state]}" aria-hidden="true">${looked && observation.probe !== 'load' && bars}</svg><span class="took">${looked ? duration(took) : state}</span></summary><p>${keyFact(observation)}</p></details>`;
}

/** In milliseconds, from 0 on, at most `mostTicks`. */
function ticksOf(most: number): number[] {
  const raw = most / mostTicks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

const percent = (value: number): string => `${Math.round(value * 100) / 100}%`;
