/** One environment: its picture, what is wrong, then everything that was seen. */
import { type Content, html, type Markup, prose } from '../markup.js';
import { pictureOf } from '../picture.js';
import { drawPicture } from '../picture-svg.js';
import { duration } from '../text.js';
import { callsOf } from './calls.js';
import { candidatesOf } from './candidates.js';
import { certificatesOf } from './certificates.js';
import { confirmationOf } from './confirmation.js';
import { findingsOf } from './findings.js';
import { pathsOf } from './paths.js';
import { sinceOf } from './since.js';
import { trendOf } from './trend.js';
import { vantagesOf } from './vantages.js';
import { type Entry, moment, sentenceOf, verdictMarks, verdictTones } from './view.js';
import { waterfallOf } from './waterfall.js';

export type Frame = 'alone' | 'open' | 'folded';

/** `index`: which of the reports to copy is its own. `alone`: the page is about nothing else, and has said its verdict. */
export function environmentOf(entry: Entry, index: number, frame: Frame): Markup {
  const { environment, run, id, called } = entry;
  const { verdict, url, durationMs, findings } = environment;
  const meta = html`<p class="meta"><span class="mono">${url}</span><span>from ${run.vantage.name}, ${run.vantage.os}</span><span>${moment(run.startedAt)}</span><span>took ${duration(durationMs)}</span><button type="button" data-copy="${index}">Copy as bug report</button></p>`;
  const body = partsOf(entry);
  if (frame === 'alone') {
    return html`<section class="environment alone" id="${id}"><h2 class="unseen">${called}</h2>${meta}${body}</section>`;
  }
  const tone = verdictTones[verdict];
  const words = [called, url, verdict, ...findings.map(({ code }) => code)].join(' ').toLowerCase();
  return html`<details class="environment" id="${id}"${frame === 'open' && html` open`} data-words="${words}"><summary><span class="badge ${tone}"><b aria-hidden="true">${verdictMarks[verdict]}</b> ${verdict}</span><h2>${called}</h2><span class="sentence">${prose(sentenceOf(environment))}</span></summary>${meta}${body}</details>`;
}

function partsOf(entry: Entry): Content {
  const { environment, run, called } = entry;
  return [
    shown('From each vantage', () => vantagesOf(entry)),
    shown('The ways of media', () => {
      if (environment.vantages) return undefined;
      const picture = pictureOf(environment, run.vantage);
      return html`<figure class="ways">${drawPicture(picture, 'wide', called)}${drawPicture(picture, 'tall', called)}</figure>`;
    }),
    environment.findings.length > 0 && shown('', () => findingsOf(entry)),
    shown('', () => confirmationOf(entry)),
    shown('', () => sinceOf(entry)),
    shown('Over time', () => trendOf(entry)),
    shown('Paths', () => pathsOf(entry)),
    shown('Calls', () => callsOf(entry)),
    shown('Every step', () => waterfallOf(entry)),
    shown('Candidates', () => candidatesOf(entry)),
    shown('Certificates', () => certificatesOf(entry)),
  ];
}

/** Facts of another shape, from another version, cost their part and not the report. */
function shown(title: string, content: () => Markup | undefined): Content {
  let inner: Markup | undefined;
  try {
    inner = content();
  } catch {
    inner = html`<p class="faint">This part cannot be shown: the run comes from a version with other facts.</p>`;
  }
  if (!inner) return undefined;
  return title === '' ? inner : html`<section><h3>${title}</h3>${inner}</section>`;
}
