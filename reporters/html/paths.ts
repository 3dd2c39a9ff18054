/** Paths × layers of proof, of one environment or of one that was looked at from several places. */
import { allPaths, layers } from '../../evidence/run.js';
import { html, type Markup } from '../markup.js';
import { type Cell, cellOf, claimOf, reasonsOf, shownLayers, shownPaths } from '../path-proofs.js';
import { column, type Entry, tableOf } from './view.js';

const layerWords = {
  reach: 'an authenticated check was answered',
  peer: 'two participants in Node exchanged data',
  media: 'two browsers saw and heard each other',
} as const;

export function pathsOf({ environment, called }: Entry): Markup | undefined {
  const asked = shownLayers(environment);
  if (asked.length === 0) return undefined;
  const rows = shownPaths(environment).map((path) => {
    const claim = claimOf(environment, path);
    return html`<tr><th scope="row">${path}${claim && html` <span class="claim">${claim}</span>`}</th>${asked.map((layer) => td(cellOf(environment, path, layer)))}</tr>`;
  });
  const reasons = reasonsOf(environment);
  const columns = asked.map((layer) => html`<th scope="col" title="${layerWords[layer]}">${layer}</th>`);
  return html`${tableOf(`Paths of ${called}`, [column('path'), columns], rows)}${reasons.length > 0 && html`<ul class="reasons">${reasons.map((reason) => html`<li>– ${reason}</li>`)}</ul>`}`;
}

const td = ({ text, tone }: Cell): Markup => html`<td class="${tone ?? ''}">${text}</td>`;

/** One column for each vantage, one row for each path: how it was reached, unless a deeper proof failed. */
export function sideBySide(entries: readonly Entry[]): Markup {
  const paths = allPaths.filter((path) => entries.some(({ environment }) => environment.paths[path]));
  const cellFor = ({ environment }: Entry, path: (typeof paths)[number]): Cell => {
    const cells = layers.map((layer) => cellOf(environment, path, layer)).filter(({ text }) => text !== '');
    return cells.find(({ tone }) => tone === 'bad') ?? cells[0] ?? { text: '–' };
  };
  const columns = entries.map(({ run, id }) => html`<th scope="col"><a href="#${id}">${run.vantage.name}</a></th>`);
  const rows = paths.map(
    (path) => html`<tr><th scope="row">${path}</th>${entries.map((entry) => td(cellFor(entry, path)))}</tr>`,
  );
  return tableOf(`Paths of ${entries[0]?.environment.name}, from each vantage`, [column('path'), columns], rows);
}
