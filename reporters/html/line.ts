/** Lines of small plots, which are stretched to the width that there is. */
import { html, type Markup } from '../markup.js';

/** In units of a plot. */
const [width, height] = [100, 30];

/** `across` from 0 to 1; `up` too, undefined where nothing is known. */
export interface Point {
  readonly across: number;
  readonly up: number | undefined;
}

/** `lines`: a class and the points of each. `label` is said where the plot cannot be seen. */
export function plotOf(
  label: string,
  [left, right]: readonly [string, string],
  lines: readonly (readonly [string, readonly Point[]])[],
): Markup {
  return html`<figure><figcaption><span>${left}</span><span>${right}</span></figcaption><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${lines.map(
    ([name, points]) => html`<path class="${name}" d="${lineOf(points)}"/>`,
  )}</svg></figure>`;
}

/** Broken where nothing is known; what stands alone is a dot. */
function lineOf(points: readonly Point[]): string {
  const known = (i: number): boolean => points[i]?.up !== undefined;
  return points
    .map(({ across, up }, i) => {
      if (up === undefined) return '';
      const at = `${tenth(across * width)} ${tenth(height - 1 - Math.max(0, up) * (height - 2))}`;
      if (known(i - 1)) return `L${at}`;
      return known(i + 1) ? `M${at}` : `M${at}h0`;
    })
    .join('');
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
