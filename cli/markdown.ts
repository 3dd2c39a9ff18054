/** Our own pages on a terminal. Only what they use: headings, paragraphs, lists, code, tables, links, emphasis. */
import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import { width } from '../reporters/text.js';

const widest = 100;

/** Code blocks and tables stay as they are, so that they can be copied; prose is filled to at most 100 columns. */
export function renderMarkdown(text: string, style: { columns: number; colour: boolean }): string {
  const colours = pc.createColors(style.colour);
  const columns = Math.min(widest, Math.max(40, style.columns));
  const out: string[] = [];
  const all = blocks(text);
  for (const [index, block] of all.entries()) {
    const [first = ''] = block;
    const heading = /^#+ +(.*)$/.exec(first);
    if (/^(```|~~~)/.test(first)) {
      out.push(...block.slice(1, -1).map((line) => `    ${colours.cyan(line)}`.trimEnd()));
    } else if (heading) {
      out.push(colours.bold(inline(heading[1] ?? '', colours)));
    } else if (first.startsWith('|')) {
      out.push(...table(block).map((line) => inline(line, colours)));
    } else {
      const marker = markerOf(block);
      const prose = block
        .map((line) => line.trim())
        .join(' ')
        .slice(marker.trimStart().length);
      const filled = fill(prose, columns - marker.length);
      out.push(...filled.map((line, i) => (i === 0 ? marker : ' '.repeat(marker.length)) + inline(line, colours)));
      if (marker !== '' && markerOf(all[index + 1]) !== '') continue;
    }
    out.push('');
  }
  return `${out.join('\n').trimEnd()}\n`;
}

/** Of a list item: `- ` or `1. `, with what it is indented by. */
function markerOf(block: string[] | undefined): string {
  return /^(\s*(?:[-*]|\d+\.) +)/.exec(block?.[0] ?? '')?.[1] ?? '';
}

/** The first sentence of prose, without its markup. */
export function firstSentence(text: string): string {
  const prose = blocks(text).find(([first = '']) => !/^(#|```|~~~|\||\s*$)/.test(first)) ?? [];
  const joined = inline(prose.join(' '), pc.createColors(false));
  return /^.*?[.:!?](?=\s|$)/.exec(joined)?.[0] ?? joined;
}

/** Lines that belong together: a heading, a code block with its fences, a table, a list item, a paragraph. */
function blocks(text: string): string[][] {
  const found: string[][] = [];
  let fence = '';
  let open: string[] | undefined;
  for (const line of text.replace(/<!--[\s\S]*?-->/g, '').split('\n')) {
    const mark = /^(```|~~~)/.exec(line)?.[0];
    if (fence !== '') {
      open?.push(line);
      if (mark === fence) {
        fence = '';
        open = undefined;
      }
    } else if (mark) {
      fence = mark;
      open = [line];
      found.push(open);
    } else if (line.trim() === '') {
      open = undefined;
    } else if (open && !/^(#|\s*([-*]|\d+\.) )/.test(line) && line.startsWith('|') === open[0]?.startsWith('|')) {
      open.push(line);
    } else {
      open = [line];
      found.push(open);
      if (line.startsWith('#')) open = undefined;
    }
  }
  return found;
}

/** Cells padded to their column, without the row of dashes. */
function table(lines: readonly string[]): string[] {
  const rows = lines
    .filter((line) => !/^\|[\s|:-]+\|?\s*$/.test(line))
    .map((line) =>
      line
        .replace(/^\||\|\s*$/g, '')
        .split('|')
        .map((cell) => cell.trim()),
    );
  const plain = (cell: string) => width(inline(cell, pc.createColors(false)));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => plain(row[i] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - plain(cell))))
      .join('   ')
      .trimEnd(),
  );
}

function fill(prose: string, columns: number): string[] {
  const plain = pc.createColors(false);
  const lines: string[] = [];
  // A link or a piece of code with spaces in it must not be torn, or its markup would be shown.
  for (const word of prose.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\*\*[^*]+\*\*|\S)+/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && width(inline(`${last} ${word}`, plain)) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function inline(text: string, colours: Colors): string {
  return text.replace(
    /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)]+)\)/g,
    (_, code?: string, strong?: string, label?: string, target?: string) => {
      if (code !== undefined) return colours.cyan(code);
      if (strong !== undefined) return colours.bold(strong);
      return target && /^https?:/.test(target) ? `${label} (${target})` : (label ?? '');
    },
  );
}
