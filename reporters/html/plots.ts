/** How media came over time: small plots, one for each figure, both participants in each. */
import type { MediaSeries, ParticipantFacts } from '../../evidence/facts.js';
import { html, type Markup } from '../markup.js';
import { duration } from '../text.js';

const figures = [
  ['kbit/s', 'kbits'],
  ['lost packets', 'lost'],
  ['frames', 'frames'],
  ['jitter, ms', 'jitterMs'],
] as const satisfies readonly (readonly [string, keyof MediaSeries])[];

/** In units of a plot, which is stretched to the width that there is. */
const [width, height] = [100, 30];

/** Undefined where nothing was measured for long enough. */
export function plotsOf(ends: readonly (ParticipantFacts | undefined)[]): Markup | undefined {
  const series = ends.map((end) => end?.received?.measured?.series);
  const untilMs = Math.max(0, ...series.map((one) => one?.atMs.at(-1) ?? 0));
  if (untilMs === 0) return undefined;
  return html`<div class="plots">${figures.map(([label, key]) => {
    const most = Math.max(0, ...series.flatMap((one) => one?.[key] ?? []));
    const lines = series.map(
      (one, i) => one && html`<polyline class="end${i}" points="${points(one, key, untilMs, most || 1)}"/>`,
    );
    return html`<figure><figcaption><span>${label}</span><span>up to ${most}</span></figcaption><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label} over ${duration(untilMs)}, up to ${most}">${lines}</svg></figure>`;
  })}<p class="legend"><span><i class="end0"></i>caller</span><span><i class="end1"></i>callee</span><span>over ${duration(untilMs)}</span></p></div>`;
}

function points(series: MediaSeries, key: keyof MediaSeries, untilMs: number, most: number): string {
  const at = (value: number, whole: number, length: number): number => Math.round((value / whole) * length * 10) / 10;
  return series.atMs
    .map((ms, i) => `${at(ms, untilMs, width)},${height - 1 - at(Math.max(0, series[key][i] ?? 0), most, height - 2)}`)
    .join(' ');
}
