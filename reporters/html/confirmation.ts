/** What came of checking again at once, and what does not count for it. */
import { confirmationSentence, unconfirmedOf } from '../confirmation.js';
import { html, type Markup, prose } from '../markup.js';
import type { Entry } from './view.js';

export function confirmationOf({ environment }: Entry): Markup | undefined {
  const sentence = confirmationSentence(environment);
  if (sentence === undefined) return undefined;
  const unconfirmed = unconfirmedOf(environment).map(
    ({ finding, only }) =>
      html`<li><b class="unsure" aria-hidden="true">~</b> <span><code class="code">${finding.code}</code>, only ${only}: ${prose(finding.summary)}</span></li>`,
  );
  return html`<section class="card since"><h3>Checked twice</h3><p>${prose(sentence)}</p>${unconfirmed.length > 0 && html`<ul>${unconfirmed}</ul>`}</section>`;
}
