/** Many environments on a screen that has not a line for each: counts, then those with trouble, then the slowest. */
import type { Colors } from 'picocolors/types.js';
import type { Verdict } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { matters, type Stages, sentence } from './stages.js';
import { cut, duration } from './text.js';
import { verdictMarks, verdictPaints, worstFirst } from './trouble.js';

export interface Followed {
  readonly stages: Stages;
  done?: { readonly verdict: Verdict; readonly durationMs: number };
}

export type Crowd = ReadonlyMap<string, Followed>;

/** At most `rows` lines, none longer than `columns`: one for each environment where that is enough. */
export function crowdLines(crowd: Crowd, nowMs: number, rows: number, columns: number, colours: Colors): string[] {
  const line = ([name, one]: [string, Followed]): string => lineOf(name, one, nowMs, columns, colours);
  if (crowd.size <= rows) return [...crowd].map(line);
  const wanted = [...crowd]
    .filter(([, { done }]) => done?.verdict !== 'pass')
    .sort(([, a], [, b]) => rank(a) - rank(b));
  const most = Math.max(0, rows - 1);
  const shown = wanted.length <= most ? wanted : wanted.slice(0, Math.max(0, most - 1));
  const left = wanted.length - shown.length;
  const more = left > 0 && most > 0 ? [cut(`  and ${left} more`, columns)] : [];
  return [cut(counts(crowd, nowMs), columns), ...shown.map(line), ...more];
}

function counts(crowd: Crowd, nowMs: number): string {
  const all = [...crowd.values()];
  const ended = worstFirst.flatMap((verdict) => {
    const number = all.filter(({ done }) => done?.verdict === verdict).length;
    return number > 0 ? [`${verdictMarks[verdict]} ${number} ${verdict}`] : [];
  });
  const begun = all.filter(({ done, stages }) => !done && stages.size > 0).length;
  const still = all.filter(({ done, stages }) => !done && stages.size === 0).length;
  const open = [...(begun > 0 ? [`… ${begun} under way`] : []), ...(still > 0 ? [`${still} to come`] : [])];
  return [...ended, ...open, duration(nowMs)].join('  ');
}

/** To sort by: what failed, what was not decided, where something failed so far, then what waits the longest. */
function rank({ done, stages }: Followed): number {
  if (done) return worstFirst.indexOf(done.verdict) - worstFirst.length - 1;
  if (troubleOf(stages)) return -1;
  const since = [...stages.values()].flatMap(({ looking }) => [...looking.values()]);
  return since.length > 0 ? Math.min(...since) : Number.MAX_VALUE;
}

const troubleOf = (stages: Stages) =>
  [...stages.values()].flatMap(({ seen }) => seen).find((one) => one.state === 'failed' && matters(one));

function lineOf(name: string, { stages, done }: Followed, nowMs: number, columns: number, colours: Colors): string {
  const mark = done ? colours[verdictPaints[done.verdict]](verdictMarks[done.verdict]) : colours.cyan('…');
  const trouble = !done && troubleOf(stages);
  const current = [...stages].filter(([, { looking }]) => looking.size > 0).map(([stage]) => stage);
  const words = done
    ? `${done.verdict} in ${duration(done.durationMs)}`
    : [current.join(', '), duration(nowMs), trouble ? `✗ ${sentence(trouble)}` : ''].filter(Boolean).join('  ');
  return `${mark} ${cut(`${printable(name)}  ${words}`, columns - 2)}`;
}
