/** What is wrong, why, what to change, and what it rests on. */
import type { Finding } from '../../evidence/run.js';
import { hiddenBy, loud, stateMarks } from '../findings.js';
import { keyFact } from '../key-fact.js';
import { html, type Markup, prose } from '../markup.js';
import { type Entry, stateTones } from './view.js';

const severities = {
  error: { mark: '✗', tone: 'bad' },
  warning: { mark: '!', tone: 'unsure' },
  info: { mark: 'i', tone: 'note' },
} as const;

export function findingsOf(entry: Entry): Markup {
  const { findings } = entry.environment;
  const notes = findings.filter(({ severity }) => severity === 'info');
  return html`${loud(findings).map((finding) => card(finding, entry))}${notes.map(
    ({ code, summary }) =>
      html`<p class="noted"><span class="badge note"><b aria-hidden="true">i</b> note</span> ${prose(summary)} <code class="code">${code}</code></p>`,
  )}`;
}

function card(finding: Finding, entry: Entry): Markup {
  const { mark, tone } = severities[finding.severity];
  const rows: [string, Markup[]][] = [
    ['Cause', [html`<p>${prose(finding.cause)}</p>`]],
    ['Fix', [html`<p class="fix">${prose(finding.fix)}</p>`]],
    ['Seen', seenBy(finding, entry)],
    [
      'Or',
      (finding.alternatives ?? []).map(
        ({ code, separateBy }) =>
          html`<p><code class="code">${code}</code>, which looks the same from here. ${prose(separateBy)}</p>`,
      ),
    ],
    ['Hides', hiddenBy(finding, entry.environment).map((text) => html`<p>${text}</p>`)],
  ];
  return html`<article class="card finding ${tone}"><header><span class="badge ${tone}"><b aria-hidden="true">${mark}</b> ${finding.severity}</span> <code class="code">${finding.code}</code></header><h3>${prose(finding.summary)}</h3><dl>${rows
    .filter(([, content]) => content.length > 0)
    .map(
      ([name, content]) => html`<dt>${name}</dt><dd>${content}</dd>`,
    )}</dl><p class="more">More: <code>livekit-doctor explain ${finding.code}</code></p></article>`;
}

/** The evidence, each with a way to its line among all that was observed. */
function seenBy({ evidence }: Finding, { environment: { observations }, id }: Entry): Markup[] {
  if (evidence.length === 0) return [];
  const lines = evidence.map((one) => {
    const at = observations.findIndex((observation) => observation.id === one);
    const observation = observations[at];
    if (!observation) return html`<li>${one}</li>`;
    const { state } = observation;
    return html`<li><b class="${stateTones[state]}" aria-hidden="true">${stateMarks[state]}</b> <a href="#${id}o${at}">${one}</a> ${keyFact(observation)}</li>`;
  });
  return [html`<ul class="seen">${lines}</ul>`];
}
