/** What has changed since an earlier run, where something is wrong that was not then. */
import { effectMarks, told } from '../changes.js';
import { html, type Markup } from '../markup.js';
import type { Entry } from './view.js';

const tones = { worse: 'bad', better: 'good', neutral: 'faint' } as const;

export function sinceOf({ environment: { since }, run }: Entry): Markup | undefined {
  if (!since) return undefined;
  const { when, changes } = told(since, run.startedAt);
  return html`<section class="card since"><h3>Since ${when}</h3>${
    changes.length === 0
      ? html`<p>Nothing has changed that could be seen, but for what was found.</p>`
      : html`<ul>${changes.map(({ effect, text }) => html`<li><b class="${tones[effect]}" aria-label="${effect}">${effectMarks[effect]}</b> <span>${text}</span></li>`)}</ul>`
  }</section>`;
}
