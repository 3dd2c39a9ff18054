/** A merged run, vantage by vantage: a table, and the picture of the ways from each. */
import { runsOf } from '../../evidence/vantages.js';
import { html, type Markup } from '../markup.js';
import { shownPaths } from '../path-proofs.js';
import { pictureOf } from '../picture.js';
import { drawPicture } from '../picture-svg.js';
import { vantageLines } from '../vantages.js';
import { column, type Entry, tableOf, verdictMarks, verdictTones } from './view.js';

export function vantagesOf({ environment, run, called }: Entry): Markup | undefined {
  const lines = vantageLines(environment);
  if (lines.length === 0) return undefined;
  const columns = ['vantage', 'alone', ...shownPaths(environment), 'disagrees on'].map(column);
  const rows = lines.map(
    ({ vantage, verdict, cells, disagrees }) =>
      html`<tr><th scope="row">${vantage}</th><td class="${verdictTones[verdict]}">${verdictMarks[verdict]} ${verdict}</td>${cells.map(({ text, tone }) => html`<td class="${tone ?? ''}">${text}</td>`)}<td>${disagrees.join(', ')}</td></tr>`,
  );
  const pictures = runsOf({ ...run, environments: [environment] }).flatMap(({ vantage, environments: [own] }) => {
    if (!own) return [];
    const name = `${called} from ${vantage.name}`;
    const picture = pictureOf(own, vantage);
    return [
      html`<details class="way"><summary>The ways of media from ${vantage.name}</summary><figure class="ways">${drawPicture(picture, 'wide', name)}${drawPicture(picture, 'tall', name)}</figure></details>`,
    ];
  });
  return html`${tableOf(`Paths of ${called}, from each vantage`, columns, rows)}${pictures}`;
}
