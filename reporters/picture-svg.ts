/** Draws the ways of media (`picture.ts`) as SVG: wide for a page, tall for a telephone. */
import { html, type Markup } from './markup.js';
import type { Tone } from './path-proofs.js';
import type { Box, Gate, Link, Picture, Way } from './picture.js';
import { cut } from './text.js';

export type Layout = 'wide' | 'tall';

/** Colours come from outside: `--ink`, `--faint`, `--line`, `--box`, `--good`, `--bad`, `--unsure`. */
export const pictureStyle = `
.picture{display:block;width:100%;height:auto;font:12px system-ui,sans-serif}
.picture .box{fill:var(--box);stroke:var(--line)}
.picture .absent{stroke-dasharray:3 4;fill:none}
.picture .title{font-weight:650;font-size:13px;fill:var(--ink)}
.picture .line{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:var(--faint)}
.picture .name{font-weight:600;fill:var(--ink)}
.picture .note{fill:var(--faint);font-size:11px}
.picture .way{fill:none;stroke:var(--line);stroke-width:2}
.picture .spine{stroke:var(--faint)}
.picture .way.good{stroke:var(--good)}
.picture .way.bad{stroke:var(--bad);stroke-dasharray:5 4}
.picture .way.unsure{stroke:var(--unsure);stroke-dasharray:2 5}
.picture .way.unknown{stroke-dasharray:2 5}
.picture circle{fill:var(--paper);stroke-width:1.5}
.picture circle.good{stroke:var(--good)}.picture circle.bad{stroke:var(--bad)}.picture circle.unsure{stroke:var(--unsure)}
.picture .mark{font-size:11px;font-weight:700;stroke:none;text-anchor:middle}
.picture .mark.good{fill:var(--good)}.picture .mark.bad{fill:var(--bad)}.picture .mark.unsure{fill:var(--unsure)}
`;

const marks: Record<Tone, string> = { good: '✓', bad: '✗', unsure: '?' };

/** In units of the drawing. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Geometry {
  readonly width: number;
  readonly nearX: number;
  readonly gateX: number;
  readonly gateWidth: number;
  readonly farX: number;
}

const geometries: Record<Layout, Geometry> = {
  wide: { width: 1080, nearX: 346, gateX: 536, gateWidth: 290, farX: 902 },
  tall: { width: 340, nearX: 12, gateX: 104, gateWidth: 190, farX: 328 },
};
const perWay = 44;
const perLine = 16;
const gap = 14;
const padding = 12;
/** Of the font that lines are in. */
const characterWidth = 6.7;

/** `title` is what the picture is called where it cannot be seen. */
export function drawPicture(picture: Picture, layout: Layout, title: string): Markup {
  const { width, height, content } = drawn(picture, layout);
  return html`<svg class="picture ${layout}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${picture.words}">${content}</svg>`;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** What stands in an element of the class `picture`. */
  readonly content: Markup;
}

export function drawn(picture: Picture, layout: Layout): Drawing {
  const geometry = geometries[layout];
  const top = layout === 'tall' ? boxHeight(picture.vantage) + gap + boxHeight(picture.nat) + gap : 0;
  const gates = placed(picture.gates, geometry, top);
  const bottom = Math.max(top, ...gates.map(({ place }) => place.y + place.height));
  const ends = layout === 'wide' ? wideEnds(picture, bottom) : tallEnds(picture, bottom);
  const height = Math.max(bottom, ...ends.map(({ place }) => place.y + place.height)) + 1;
  const ways = gates.flatMap(({ gate, place, ys }) =>
    gate.ways.map((way, i) => drawWay(way, geometry, place, ys[i] ?? 0)),
  );
  const boxes = [...ends, ...gates.map(({ gate, place }) => ({ box: gate, place, present: true }))].map(drawBox);
  const content = html`${spines(picture, geometry, layout, gates, height)}${ways}${boxes}`;
  return { width: geometry.width, height, content };
}

interface PlacedGate {
  readonly gate: Gate;
  readonly place: Place;
  /** Of its ways, from top to bottom. */
  readonly ys: readonly number[];
}

interface PlacedBox {
  readonly box: Box;
  readonly place: Place;
  readonly present: boolean;
}

function boxHeight({ lines }: Box): number {
  return padding * 2 + 10 + lines.length * perLine;
}

function placed(gates: readonly Gate[], { gateX, gateWidth }: Geometry, top: number): PlacedGate[] {
  let y = top;
  return gates.map((gate) => {
    const height = Math.max(boxHeight(gate), gate.ways.length * perWay);
    const place = { x: gateX, y, width: gateWidth, height };
    const step = height / gate.ways.length;
    const ys = gate.ways.map((_, i) => place.y + step * (i + 0.5));
    y += height + gap;
    return { gate, place, ys };
  });
}

/** The vantage and the NAT stand left of all ways, the SFU right of them. */
function wideEnds({ vantage, nat, sfu }: Picture, bottom: number): PlacedBox[] {
  const at = (box: Box, x: number, width: number, present = true): PlacedBox => {
    const height = Math.max(boxHeight(box), bottom);
    return { box, place: { x, y: 0, width, height }, present };
  };
  return [at(vantage, 1, 160), at(nat, 192, 154, nat.present), at(sfu, 902, 177, sfu.reached)];
}

function tallEnds({ vantage, nat, sfu }: Picture, bottom: number): PlacedBox[] {
  const at = (box: Box, y: number, present = true): PlacedBox => ({
    box,
    place: { x: 1, y, width: 338, height: boxHeight(box) },
    present,
  });
  return [at(vantage, 1), at(nat, boxHeight(vantage) + gap, nat.present), at(sfu, bottom + gap, sfu.reached)];
}

/** What leads to where the ways begin, and from where they end. */
function spines(
  { vantage }: Picture,
  { nearX, farX }: Geometry,
  layout: Layout,
  gates: readonly PlacedGate[],
  height: number,
): Markup {
  if (layout === 'wide') return html`<path class="way spine" d="M161 ${round(height / 2)}H192"/>`;
  const ys = gates.flatMap((gate) => gate.ys);
  const [first, last] = [ys[0] ?? 0, ys.at(-1) ?? 0];
  const below = Math.max(...gates.map(({ place }) => place.y + place.height)) + gap;
  const between = boxHeight(vantage);
  const from = (gates[0]?.place.y ?? 0) - gap;
  return html`<path class="way spine" d="M170 ${between}V${between + gap}M${nearX} ${from}V${round(last)}M${farX} ${round(first)}V${below}"/>`;
}

function drawWay({ name, note, near, far }: Way, { nearX, gateX, farX }: Geometry, place: Place, y: number): Markup {
  const said = near.tone === 'bad' ? undefined : near.text;
  const right = place.x + place.width;
  const both = [said, note].filter(Boolean).join(' · ');
  const beside = both.length * characterWidth < gateX - nearX ? both : (note ?? said);
  return html`${drawLink(near, nearX, gateX, y)}<text class="name" x="${nearX + 8}" y="${round(y - 7)}">${name}</text>${beside && html`<text class="note" x="${nearX + 8}" y="${round(y + 16)}">${beside}</text>`}${drawLink(far, right, farX, y)}`;
}

function drawLink({ tone }: Link, from: number, to: number, y: number): Markup {
  const line = html`<path class="way ${tone ?? 'unknown'}" d="M${from} ${round(y)}H${to}"/>`;
  if (!tone) return line;
  const length = to - from;
  const x = length > 100 ? to - 24 : length > 80 ? to - 12 : (from + to) / 2;
  return html`${line}<circle class="${tone}" cx="${x}" cy="${round(y)}" r="9"/><text class="mark ${tone}" x="${x}" y="${round(y + 4)}">${marks[tone]}</text>`;
}

function drawBox({ box: { title, lines }, place: { x, y, width, height }, present }: PlacedBox): Markup {
  const most = Math.floor((width - padding * 2) / characterWidth);
  // In the middle of its height, where it is higher than its text.
  const top = y + (height - (10 + lines.length * perLine)) / 2 + 10;
  return html`<g><rect class="box${present ? '' : ' absent'}" x="${x}" y="${round(y + 0.5)}" width="${width}" height="${round(height - 1)}" rx="8"/><text class="title" x="${x + padding}" y="${round(top)}">${cut(title, most)}</text>${lines.map(
    (line, i) =>
      html`<text class="line" x="${x + padding}" y="${round(top + (i + 1) * perLine)}">${line.length > most && html`<title>${line}</title>`}${cut(line, most)}</text>`,
  )}</g>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
