/** Changes between two runs as text: problems first, what is about the vantage and the check itself apart. */
import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Change, EnvironmentRun, Since } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { Style } from './console.js';
import { count, wrap } from './text.js';

export const effectMarks: Record<Change['effect'], string> = { worse: '✗', neutral: '·', better: '✓' };
const paints = { worse: 'red', better: 'green' } as const;
const widest = 100;

/** The whole of `diff`: one block for each environment in which something changed. Nothing where nothing did. */
export function renderChanges(
  changes: readonly Change[],
  environments: readonly Pick<EnvironmentRun, 'name' | 'url'>[],
  style: Style,
): string {
  const colours = pc.createColors(style.colour);
  const columns = Math.min(widest, style.columns);
  const names = [...new Set(changes.flatMap(({ environment }) => environment ?? []))];
  const blocks = names.map((name) => {
    const ours = changes.filter(({ environment }) => environment === name);
    const url = environments.find((environment) => environment.name === name)?.url;
    const heading = [colours.bold(printable(name)), ...(url === undefined ? [] : [colours.dim(printable(url))])];
    return {
      worse: ours.some(({ effect }) => effect === 'worse'),
      lines: [heading.join('  '), ...lines(ours, columns, colours)],
    };
  });
  const general = changes.filter(({ environment }) => environment === undefined);
  const apart =
    general.length > 0 ? [[colours.bold('where and by what it was checked'), ...lines(general, columns, colours)]] : [];
  const sorted = [...blocks.filter(({ worse }) => worse), ...blocks.filter(({ worse }) => !worse)];
  return [...sorted.map(({ lines }) => lines), ...apart].map((block) => `${block.join('\n')}\n`).join('\n');
}

/** What `check` says beside a finding that was not there in an earlier run. `at` is when this run began, ISO 8601. */
export function sinceText({ since }: EnvironmentRun, at: string, columns: number, colours: Colors): string[] {
  if (!since) return [];
  const { when, changes } = told(since, at);
  if (changes.length === 0) {
    return wrap(`Since ${when} nothing has changed that could be seen, but for what was found.`, columns);
  }
  return [colours.bold(`since ${when}`), ...lines(changes, columns, colours)];
}

/** Since when, `the last good run (2 days ago)`, and what has changed beside what was found, in the order to show it. */
export function told(since: Since, at: string): { readonly when: string; readonly changes: readonly Change[] } {
  const when = `${since.run === 'baseline' ? 'the baseline' : 'the last good run'} (${ago(since.startedAt, at)})`;
  // The findings themselves stand above.
  const changes = since.changes.filter(
    ({ kind, effect }) => kind !== 'verdict' && (kind !== 'finding' || effect === 'better'),
  );
  return { when, changes: apartLast(changes) };
}

function lines(changes: readonly Change[], columns: number, colours: Colors): string[] {
  return apartLast(changes).flatMap(({ effect, text }) => {
    const paint = effect === 'neutral' ? colours.dim : colours[paints[effect]];
    return wrap(text, columns - 4).map((line, i) => `  ${i === 0 ? paint(effectMarks[effect]) : ' '} ${line}`);
  });
}

/** What is about who looked, and how, at the end. */
function apartLast(changes: readonly Change[]): Change[] {
  return [...changes.filter((change) => !isApart(change)), ...changes.filter(isApart)];
}

const isApart = ({ about }: Change): boolean => about === 'vantage' || about === 'check';

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** `2 days ago`. Both ISO 8601. */
function ago(then: string, now: string): string {
  const passedMs = Date.parse(now) - Date.parse(then);
  const unit = units.find(([, ms]) => passedMs >= ms);
  return unit ? `${count(Math.floor(passedMs / unit[1]), unit[0])} ago` : 'just now';
}
