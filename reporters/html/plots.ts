/** How media came over time: small plots, one for each figure, both participants in each. */
import type { MediaSeries, ParticipantFacts } from '../../evidence/facts.js';
import { html, type Markup } from '../markup.js';
import { duration } from '../text.js';
import { plotOf } from './line.js';

const figures = [
  ['kbit/s', 'kbits', 'atMs'],
  ['lost packets', 'lost', 'atMs'],
  ['frames', 'frames', 'atMs'],
  ['jitter, ms', 'jitterMs', 'atMs'],
  ['round trip, ms', 'rttMs', 'rttAtMs'],
] as const satisfies readonly (readonly [string, keyof MediaSeries, keyof MediaSeries])[];

/** Undefined where nothing was measured for long enough. */
export function plotsOf(ends: readonly (ParticipantFacts | undefined)[]): Markup | undefined {
  const series = ends.map((end) => end?.received?.measured?.series);
  const untilMs = Math.max(0, ...series.map((one) => one?.atMs.at(-1) ?? 0));
  if (untilMs === 0) return undefined;
  const plots = figures.map(([label, key, times]) => {
    const values = series.flatMap((one) => one?.[key] ?? []);
    if (values.length === 0) return undefined;
    const most = Math.max(0, ...values);
    const lines = series.map((one, i) => {
      const points = one?.[times]?.map((ms, at) => ({ across: ms / untilMs, up: (one[key]?.[at] ?? 0) / (most || 1) }));
      return [`end${i}`, points ?? []] as const;
    });
    return plotOf(`${label} over ${duration(untilMs)}, up to ${most}`, [label, `up to ${most}`], lines);
  });
  return html`<div class="plots">${plots}<p class="legend"><span><i class="end0"></i>caller</span><span><i class="end1"></i>callee</span><span>over ${duration(untilMs)}</span></p></div>`;
}
