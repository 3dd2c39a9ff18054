/** The page at `/`: every check with its verdict, since when, how it went lately, and its last report. */
import { createHash } from 'node:crypto';
import type { Verdict } from '../evidence/run.js';
import { style as reportStyle } from '../reporters/html/style.js';
import { moment, sentenceOf, verdictMarks, verdictTones } from '../reporters/html/view.js';
import { html, Markup, prose } from '../reporters/markup.js';
import { count, duration, period } from '../reporters/text.js';
import { worstFirst } from '../reporters/trouble.js';
import type { Exporter } from './answers.js';
import { settledRun } from './metrics.js';
import type { Point, State } from './rounds.js';

const style = `${reportStyle}
.checks{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:6px 22px;overflow-x:auto}
.checks table{width:100%}
.checks td{white-space:normal;overflow-wrap:break-word}
.checks .verdict,.checks [data-name=depth],.checks [data-name=since]{white-space:nowrap}
.checks .mono{overflow-wrap:anywhere}
@media (max-width:820px){
.checks{padding:2px 16px}
.checks table,.checks tbody{display:block}
.checks thead{display:none}
.checks tr{display:grid;grid-template-columns:6.2em 1fr;gap:3px 12px;padding:12px 0}
.checks td,.checks th{display:block;border:0;padding:0}
.checks td:empty{display:none}
.checks td[data-name]{grid-column:1/-1}
.checks td[data-name]::before{content:attr(data-name) " ";color:var(--faint)}
.checks td[data-name] br:first-of-type{display:none}
.checks td[data-name] .claim{margin-left:.4em}
}
.trend{display:block;width:240px;height:22px}
.trend .good{fill:var(--good);opacity:.75}.trend .bad{fill:var(--bad)}.trend .unsure{fill:var(--unsure)}
main{padding-bottom:26px}
`;

const hash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
export const statusPolicy = `default-src 'none'; style-src ${hash}; base-uri 'none'; form-action 'none'`;

const refreshSeconds = 30;

export function statusPageOf({ rounds, version }: Pick<Exporter, 'rounds' | 'version'>): string {
  const states = [...rounds.states].sort((a, b) => rank(a) - rank(b));
  const verdict = worst(states);
  const of = (wanted: Verdict): number => states.filter(({ last }) => last?.settled.verdict === wanted).length;
  const waiting = states.filter(({ last }) => !last).length;
  const title = verdict ? `${verdictMarks[verdict]} livekit-doctor` : 'livekit-doctor';
  const facts = [
    `${of('pass')} of ${count(states.length, 'check')} pass`,
    of('fail') > 0 && `${of('fail')} fail`,
    of('inconclusive') > 0 && `${of('inconclusive')} inconclusive`,
    waiting > 0 && `${waiting} not made yet`,
  ].filter((fact) => fact !== false);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="${refreshSeconds}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header class="top"><p class="brand">livekit-doctor <span>${version}</span></p><h1>${facts.join(', ')}</h1><p class="meta"><span>${moment(new Date().toISOString())}</span><a href="metrics">metrics</a></p></header>
<main><section class="checks"><table><thead><tr>${['', 'environment', 'depth', 'since', 'last check', 'lately', 'report'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${states.map(rowOf)}</tbody></table></section></main>
<footer><p>This page loads nothing from anywhere and asks anew every ${refreshSeconds} s.</p></footer>
</body>
</html>
`.toString();
}

function rank({ last }: State): number {
  return last ? worstFirst.indexOf(last.settled.verdict) : worstFirst.length - 0.5;
}

const worst = (states: readonly State[]): Verdict | undefined =>
  worstFirst.find((verdict) => states.some(({ last }) => last?.settled.verdict === verdict));

function rowOf(state: State): Markup {
  const { environment, depth, last, trend } = state;
  const name = html`<th scope="row">${environment.name}<br><span class="claim mono">${environment.url}</span></th><td data-name="depth">${depth}<br><span class="claim">every ${period(state.periodMs)}</span></td>`;
  if (!last)
    return html`<tr><td class="verdict faint">·</td>${name}<td></td><td class="faint" data-name="last check">not made yet</td><td></td><td></td></tr>`;
  const { verdict } = last.settled;
  const told = settledRun(state)?.environments[0];
  const link = (format: string): string =>
    `report?${new URLSearchParams({ environment: environment.name, depth, ...(format === 'json' && { format }) })}`;
  return html`<tr><td class="verdict ${verdictTones[verdict]}"><b aria-hidden="true">${verdictMarks[verdict]}</b> ${verdict}</td>${name}<td data-name="since">${moment(last.since)}</td><td data-name="last check">${moment(last.run.startedAt)}, ${duration(told?.durationMs ?? 0)}${verdict !== 'pass' && told && html`<br><span class="claim">${prose(sentenceOf(told))}</span>`}${last.settled.flapped && html`<br><span class="claim">It failed, and passed at once when it was repeated.</span>`}</td><td data-name="lately">${trendOf(trend)}</td><td data-name=""><a href="${link('html')}">report</a> <a href="${link('json')}">JSON</a></td></tr>`;
}

const width = 120;
const height = 22;

/** A bar for each check, its height the time it took. */
function trendOf(trend: readonly Point[]): Markup {
  const longest = Math.max(1, ...trend.map(({ durationMs }) => durationMs));
  const bars = trend.map(({ verdict, flapped, durationMs, startedAt }, i) => {
    const tall = Math.max(3, Math.round((durationMs / longest) * height));
    const words = `${moment(startedAt)}: ${verdict}${flapped ? ', after it had failed' : ''}, ${duration(durationMs)}`;
    return html`<rect class="${flapped ? 'unsure' : verdictTones[verdict]}" x="${width - trend.length + i}" y="${height - tall}" width="0.8" height="${tall}"><title>${words}</title></rect>`;
  });
  const bad = trend.filter(({ verdict, flapped }) => verdict !== 'pass' || flapped).length;
  const told = `${count(trend.length, 'check')}, ${bad === 0 ? 'all passed' : `${bad} did not pass at once`}`;
  return html`<svg class="trend" role="img" aria-label="${told}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${bars}</svg>`;
}
