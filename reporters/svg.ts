/** The ways of media alone, as one picture that any browser, wiki or mail shows: environments below each other. */
import type { Run } from '../evidence/run.js';
import { dark, filledIn, light } from './colours.js';
import { type Entry, entriesOf, sentenceOf, verdictMarks, verdictTones } from './html/view.js';
import { html, Markup } from './markup.js';
import { pictureOf } from './picture.js';
import { drawn, pictureStyle } from './picture-svg.js';
import type { ReporterFactory } from './reporter.js';
import { width as columns, wrap } from './text.js';
import { fewEnvironments, isHealthy } from './trouble.js';

export const svg: ReporterFactory = ({ out }) => ({
  onEnd: (run) => out.write(renderSvg([run])),
  onRuns: (runs) => out.write(renderSvg(runs)),
});

const margin = 24;
const width = 1080 + 2 * margin;
/** Of a sentence that fits its width. */
const mostColumns = 150;
const lineHeight = 19;

const style = `
.ground{fill:var(--paper)}
.called{font:650 18px system-ui,sans-serif;fill:var(--ink)}
.said{font:13.5px system-ui,sans-serif;fill:var(--faint)}
.good{fill:var(--good)}.bad{fill:var(--bad)}.unsure{fill:var(--unsure)}
${pictureStyle}`;

/** Of many environments those that are healthy are only named. */
export function renderSvg(runs: readonly Run[]): string {
  const entries = entriesOf(runs);
  const folds = entries.length > fewEnvironments;
  let y = margin;
  const parts = entries.map((entry) => {
    const part = partOf(entry, y, folds && isHealthy(entry.environment));
    y += part.height;
    return part;
  });
  const title = entries.map(({ called, environment }) => `${called}: ${environment.verdict}`).join(', ');
  const said = parts.flatMap(({ words }) => words).join(' ');
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img" aria-labelledby="title said">
<title id="title">${title || 'There is nothing in this run'}</title>
<desc id="said">${said}</desc>
<style>${new Markup(`${filledIn(style, light)}@media (prefers-color-scheme:dark){${filledIn(style, dark)}}`)}</style>
<rect class="ground" width="100%" height="100%"/>
${parts.map(({ content }) => html`${content}\n`)}</svg>
`.toString();
}

interface Part {
  readonly content: Markup;
  readonly height: number;
  /** The same for who does not see it. */
  readonly words: string;
}

function partOf({ environment, run, called }: Entry, top: number, isFolded: boolean): Part {
  const { verdict } = environment;
  const head = html`<text class="called" x="${margin}" y="${top + 18}"><tspan class="${verdictTones[verdict]}">${verdictMarks[verdict]} ${verdict}</tspan> ${called}</text>`;
  if (isFolded) return { content: head, height: 34, words: `${called}: ${verdict}.` };
  const sentence = sentenceOf(environment).replaceAll('`', '');
  const lines = wrap(sentence, mostColumns).filter((line) => columns(line) > 0);
  const picture = pictureOf(environment, run.vantage);
  const { height, content } = drawn(picture, 'wide');
  const from = top + 18 + lines.length * lineHeight + 16;
  const text = lines.map(
    (line, i) => html`<text class="said" x="${margin}" y="${top + 20 + (i + 1) * lineHeight}">${line}</text>`,
  );
  return {
    content: html`${head}${text}<g class="picture" transform="translate(${margin} ${from})">${content}</g>`,
    height: from - top + height + margin * 1.5,
    words: `${called}: ${verdict}. ${sentence} ${picture.words}.`,
  };
}
