/** Of what is drawn, light and dark: good, bad and unsure differ for the colour-blind too (and marks stand beside them). */
type Colours = Readonly<Record<string, string>>;

export const light: Colours = {
  paper: '#fff',
  ground: '#f5f6f8',
  box: '#f8f9fb',
  ink: '#171b22',
  faint: '#59626f',
  line: '#dfe3e9',
  link: '#1d57b8',
  good: '#00755a',
  bad: '#b83300',
  unsure: '#855400',
  note: '#3f5f96',
  'good-wash': '#e6f4ef',
  'bad-wash': '#fdeee7',
  'unsure-wash': '#fbf2df',
  'note-wash': '#edf2fa',
  bar: '#3a6fd0',
  bar2: '#93b4ee',
  code: '#eef1f5',
};

export const dark: Colours = {
  paper: '#171a20',
  ground: '#0f1116',
  box: '#1d2129',
  ink: '#e8ebf0',
  faint: '#a0a9b6',
  line: '#303641',
  link: '#8db4ff',
  good: '#4ecba1',
  bad: '#ff9166',
  unsure: '#f2bc57',
  note: '#9dbcf2',
  'good-wash': '#12291f',
  'bad-wash': '#331a10',
  'unsure-wash': '#2e2410',
  'note-wash': '#182238',
  bar: '#6f9df5',
  bar2: '#3f5c94',
  code: '#242933',
};

/** As custom properties, `--ink:#171b22;…`. */
export const properties = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');

/** A style in which `var(--ink)` stands, with the colour itself: not all that draws SVG knows custom properties. */
export const filledIn = (style: string, colours: Colours): string =>
  style.replace(/var\(--([\w-]+)\)/g, (property, name: string) => colours[name] ?? property);
