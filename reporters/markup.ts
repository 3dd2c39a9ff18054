/** HTML and SVG as tagged templates: whatever is put in is escaped, unless it was made by `html` itself. */
import { withoutControls } from '../evidence/text.js';

/** A class, so that nothing in a run document, which may have any shape, can pass for markup. */
export class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

export type Content = Markup | string | number | boolean | null | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for attributes in quotes. */
function escaped(text: string): string {
  return withoutControls(text).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Lists are joined; what is absent or a boolean is nothing. Attributes must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => (i === 0 ? part : rendered(values[i - 1]) + part)).join(''));
}

/** Facts may have another shape than their types say, in a run of another version. */
function rendered(value: unknown): string {
  if (value instanceof Markup) return value.toString();
  if (Array.isArray(value)) return value.map(rendered).join('');
  if (typeof value === 'string') return escaped(value);
  return typeof value === 'number' ? String(value) : '';
}

/** Prose of ours, in which backticks mark what is to be typed. */
export function prose(text: string): Markup {
  const parts = text.split('`');
  // An odd one is none.
  if (parts.length % 2 === 0) return html`${text}`;
  return html`${parts.map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}
