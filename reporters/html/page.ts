/** The page around the environments: verdict and cause first, then one line for each environment, then each of them. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { EnvironmentRun, Run, Verdict } from '../../evidence/run.js';
import { renderRun } from '../console.js';
import { html, Markup, prose } from '../markup.js';
import { cellOf, claimOf, shownLayers, shownPaths } from '../path-proofs.js';
import { count, duration } from '../text.js';
import { isHealthy } from '../trouble.js';
import { environmentOf } from './environment.js';
import { sideBySide } from './paths.js';
import { script } from './script.js';
import { style } from './style.js';
import { type Entry, entriesOf, moment, sentenceOf, verdictMarks, verdictTones, verdictWords } from './view.js';

/** So many of the troubled ones are open from the start. */
const mostOpen = 5;
/** From so many on there is something to look for. */
const manyEntries = 7;

/** One document, which loads nothing and asks nobody. */
export function pageOf(runs: readonly Run[]): string {
  const entries = entriesOf(runs);
  const troubled = entries.filter(({ environment }) => !isHealthy(environment));
  const opened = troubled.slice(0, mostOpen);
  const alone = entries.length === 1;
  const sections = entries.map((entry, i) =>
    environmentOf(entry, i, alone ? 'alone' : opened.includes(entry) ? 'open' : 'folded'),
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="livekit-doctor ${runs[0]?.tool.version}">
<title>${titleOf(entries)}</title>
<style>${raw(style)}</style>
</head>
<body>
<header class="top"><p class="brand">livekit-doctor <span>${runs[0]?.tool.version}</span></p>${headOf(entries)}${!alone && html`<p class="meta">${facts(runs).map((fact) => html`<span>${fact}</span>`)}</p>`}</header>
<main>${entries.length > 1 && overviewOf(entries)}${comparisonsOf(entries)}${sections}</main>
<footer><p>Made by livekit-doctor ${runs[0]?.tool.version}. This file loads nothing from anywhere; secrets were taken out before it was written.</p></footer>
<div id="said" role="status" aria-live="polite"></div>
<script type="application/octet-stream" id="evidence">${packed(entries.map(evidenceOf))}</script>
<script>${raw(script)}</script>
</body>
</html>
`;
  return page.toString();
}

const raw = (text: string): Markup => new Markup(text);
/** As JSON it would be half of the file. */
const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString('base64');
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
export const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'`;

const worst = (entries: readonly Entry[]): Verdict => entries[0]?.environment.verdict ?? 'inconclusive';

function titleOf(entries: readonly Entry[]): string {
  const [first] = entries;
  if (!first) return 'livekit-doctor';
  const mark = verdictMarks[worst(entries)];
  return entries.length === 1 ? `${mark} ${first.called}` : `${mark} ${headline(entries)}`;
}

function headline(entries: readonly Entry[]): string {
  const of = (verdict: Verdict): number => entries.filter(({ environment }) => environment.verdict === verdict).length;
  const verdict = worst(entries);
  const same = new Set(entries.map(({ environment }) => environment.name)).size === 1;
  const things = same ? 'vantage' : 'environment';
  if (of(verdict) === entries.length) return `All ${count(entries.length, things)} ${plural(verdict)}`;
  const words = of(verdict) === 1 ? verdictWords[verdict] : plural(verdict);
  return `${of(verdict)} of ${count(entries.length, things)} ${words}`;
}

const plural = (verdict: Verdict): string =>
  ({ pass: 'pass', fail: 'fail', inconclusive: 'are inconclusive' })[verdict];

function headOf(entries: readonly Entry[]): Markup {
  const [first] = entries;
  if (!first) return html`<h1>There is nothing in this run</h1>`;
  const verdict = worst(entries);
  const badge = html`<span class="seal ${verdictTones[verdict]}" aria-hidden="true">${verdictMarks[verdict]}</span>`;
  const title = entries.length === 1 ? `${first.called} ${verdictWords[verdict]}` : headline(entries);
  const causes = [
    ...new Set(
      entries
        .filter(({ environment }) => environment.verdict === verdict)
        .map(({ environment }) => sentenceOf(environment)),
    ),
  ];
  const [cause = '', ...others] = causes;
  return html`<div class="head">${badge}<div><h1>${title}</h1><p class="lead">${prose(cause)}${verdict !== 'pass' && others.length > 0 && html` <span class="faint">And ${count(others.length, 'other cause')}.</span>`}</p></div></div>`;
}

function facts(runs: readonly Run[]): string[] {
  const [first] = runs;
  if (!first) return [];
  if (runs.length > 1)
    return [
      `${runs.length} runs`,
      `from ${[...new Set(runs.map(({ vantage }) => vantage.name))].join(', ')}`,
      moment(first.startedAt),
    ];
  return [moment(first.startedAt), `from ${first.vantage.name}`, `took ${duration(first.durationMs)}`];
}

function overviewOf(entries: readonly Entry[]): Markup {
  const find =
    entries.length >= manyEntries &&
    html`<label class="find">Find <input type="search" id="find" autocomplete="off" placeholder="name, code, verdict"></label>`;
  return html`<nav aria-label="Environments" class="overview">${find}<ul>${entries.map(
    ({ environment, id, called }) => {
      const tone = verdictTones[environment.verdict];
      const warned = environment.verdict === 'pass' && !isHealthy(environment);
      return html`<li data-for="${id}"><a href="#${id}"><b class="${tone}" aria-label="${environment.verdict}">${verdictMarks[environment.verdict]}</b> <strong>${called}</strong>${warned && html` <span class="claim">with a warning</span>`}</a><span class="chips">${chips(environment)}</span><span class="sentence">${prose(sentenceOf(environment))}</span></li>`;
    },
  )}</ul></nav>`;
}

function chips(environment: EnvironmentRun): Markup[] {
  const layers = shownLayers(environment);
  return shownPaths(environment).flatMap((path) => {
    const cells = layers.map((layer) => cellOf(environment, path, layer)).filter(({ text }) => text !== '');
    const cell = cells.find(({ tone }) => tone === 'bad') ?? cells.find(({ tone }) => tone === 'unsure') ?? cells[0];
    if (!cell) return [];
    // Nobody misses what nobody wants.
    const tone = cell.tone === 'unsure' && claimOf(environment, path) ? 'faint' : cell.tone;
    return [html`<span class="chip ${tone}">${cell.text.slice(0, 1)} ${path}</span>`];
  });
}

/** Environments that were looked at from several places. */
function comparisonsOf(entries: readonly Entry[]): Markup[] {
  const names = [...new Set(entries.map(({ environment }) => environment.name))];
  return names.flatMap((name) => {
    const ours = entries.filter(({ environment }) => environment.name === name);
    return ours.length > 1
      ? [html`<section class="comparison"><h2>${name}, side by side</h2>${sideBySide(ours)}</section>`]
      : [];
  });
}

/** What is shown only once somebody opens it, so that a page of many environments is there at once. */
function evidenceOf({ run, environment }: Entry): object {
  const about = `livekit-doctor ${run.tool.version}, ${moment(run.startedAt)}, from ${run.vantage.name} (${run.vantage.os}), NAT mapping ${run.vantage.natMapping}`;
  const text = renderRun({ ...run, environments: [environment] }, { columns: 100, colour: false });
  return { report: `${about}\n\n${text}`, observations: environment.observations.map(withoutPictures) };
}

/** They stand in the page already. */
function withoutPictures(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner) =>
    typeof inner === 'string' && inner.startsWith('data:image/') ? '(shown under Calls)' : inner,
  );
}
