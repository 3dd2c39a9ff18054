/** How it was over the runs that are kept: since when it is as it is now, each verdict, and what was measured each time. */
import { allPaths, type TrendRun, type Verdict } from '../../evidence/run.js';
import { type Content, html, type Markup } from '../markup.js';
import { count, duration } from '../text.js';
import { worstFirst } from '../trouble.js';
import { plotOf } from './line.js';
import { type Entry, moment, verdictMarks, verdictTones, verdictWords } from './view.js';

/** Runs one after another that ended alike. */
interface Streak {
  readonly runs: readonly TrendRun[];
  readonly from: TrendRun;
}

/** Before the present one. */
const mostStreaks = 5;
const past: Record<Verdict, string> = { pass: 'passed', fail: 'failed', inconclusive: 'was inconclusive' };
/** Of bars that are 10 high: by their height they can be told without colours. */
const heights: Record<Verdict, number> = { pass: 3, inconclusive: 6, fail: 10 };

export function trendOf({ environment: { trend = [] } }: Entry): Markup | undefined {
  if (trend.length < 2) return undefined;
  const streaks = streaksOf(trend);
  const earlier = streaks.slice(0, -1).reverse();
  const more = earlier.length - mostStreaks;
  return html`${lead(streaks, trend.length)}${bars(trend, streaks)}<div class="plots courses">${plots(trend)}</div>${
    earlier.length > 0 &&
    html`<ul class="streaks">${earlier
      .slice(0, mostStreaks)
      .map(
        ({ runs, from }) =>
          html`<li><b class="${verdictTones[from.verdict]}" aria-hidden="true">${verdictMarks[from.verdict]}</b> <span>${past[from.verdict]}${codesOf(from)} from ${moment(from.startedAt)} on, ${count(runs.length, 'run')}</span></li>`,
      )}${more > 0 && html`<li class="faint"><b>·</b> <span>and ${count(more, 'change')} before</span></li>`}</ul>`
  }`;
}

function streaksOf(trend: readonly TrendRun[]): Streak[] {
  const outcome = ({ verdict, codes }: TrendRun): string => [verdict, ...[...codes].sort()].join(' ');
  const starts = trend.flatMap((run, i) => {
    const before = trend[i - 1];
    return before && outcome(before) === outcome(run) ? [] : [i];
  });
  return starts.flatMap((start, i) => {
    const from = trend[start];
    return from ? [{ from, runs: trend.slice(start, starts[i + 1]) }] : [];
  });
}

function lead(streaks: readonly Streak[], all: number): Content {
  const now = streaks.at(-1);
  if (!now) return undefined;
  const { from, runs } = now;
  const { verdict, startedAt } = from;
  const since =
    streaks.length === 1
      ? html`in all ${all} runs that are kept, since ${moment(startedAt)}`
      : html`since <strong>${moment(startedAt)}</strong>, ${runs.length === 1 ? 'the last run' : `the last ${runs.length} runs`} of ${all}`;
  return html`<p><b class="${verdictTones[verdict]}" aria-hidden="true">${verdictMarks[verdict]}</b> ${capital(verdictWords[verdict])}${codesOf(from)} ${since}.</p>`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function codesOf({ codes }: TrendRun): Content {
  return codes.length > 0 && [' with ', codes.map((code, i) => html`${i > 0 && ', '}<code>${code}</code>`)];
}

function bars(trend: readonly TrendRun[], streaks: readonly Streak[]): Markup {
  const counts = worstFirst.flatMap((verdict) => {
    const number = trend.filter((run) => run.verdict === verdict).length;
    return number > 0 ? [{ verdict, said: `${number} ${past[verdict].replace('was ', '')}` }] : [];
  });
  const [first, last] = [trend[0], trend.at(-1)].map((run) => moment(run?.startedAt ?? ''));
  const label = `Verdicts of ${count(trend.length, 'run')} from ${first} to ${last}: ${counts.map(({ said }) => said).join(', ')}`;
  const paths = counts.map(({ verdict }) => {
    const high = heights[verdict];
    const each = trend.map((run, i) => (run.verdict === verdict ? `M${i} ${10 - high}h.76v${high}h-.76z` : ''));
    return html`<path class="${verdictTones[verdict]}" d="${each.join('')}"/>`;
  });
  let x = 0;
  const hits = streaks.map(({ from, runs }) => {
    const at = x;
    x += runs.length;
    const words = [from.verdict, ...from.codes].join(' ');
    return html`<rect x="${at}" width="${runs.length}" height="10"><title>${words}, ${count(runs.length, 'run')} from ${moment(from.startedAt)} on</title></rect>`;
  });
  const legend = counts.map(
    ({ verdict, said }) =>
      html`<span><b class="${verdictTones[verdict]}" aria-hidden="true">${verdictMarks[verdict]}</b> ${said}</span>`,
  );
  return html`<div class="course"><svg width="${trend.length * 14}" viewBox="0 0 ${trend.length} 10" preserveAspectRatio="none" role="img" aria-label="${label}">${paths}${hits}</svg><p class="legend"><span>${first} to ${last}</span>${legend}</p></div>`;
}

function plots(trend: readonly TrendRun[]): Markup[] {
  const figures: readonly (readonly [string, readonly (number | undefined)[]])[] = [
    ['whole run', trend.map(({ durationMs }) => durationMs)],
    ...allPaths.map((path) => [`round trip, ${path}`, trend.map(({ rttMs }) => rttMs[path])] as const),
  ];
  return figures.flatMap(([name, values]) => {
    const known = values.filter((value) => value !== undefined);
    if (known.length < 2) return [];
    const most = Math.max(...known);
    const now = values.at(-1);
    const said = `${now === undefined ? 'not now' : duration(now)}, up to ${duration(most)}`;
    const points = values.map((value, i) => ({
      across: (i + 0.5) / values.length,
      up: value === undefined ? undefined : value / (most || 1),
    }));
    return [plotOf(`${name} over ${count(values.length, 'run')}: ${said}`, [name, said], [['end0', points]])];
  });
}
