/** Which of the kept runs are forgotten: pure. A check every half minute keeps what tells something, and few of the rest. */
import type { Verdict } from '../evidence/run.js';

/** As the name of its file says it. */
export interface Kept {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly verdict: Verdict;
}

export interface Keep {
  /** Older ones are forgotten, the last good one never. */
  readonly keepMs: number;
  readonly nowMs: number;
}

/** The newest ones are all kept: an hour of checks each half minute, three months of nights. */
const mostWhole = 100;
/** Of those that pass, one of an hour for a week, then one of a day. */
const hourlyMs = 7 * 86_400_000;
const [hourMs, dayMs] = [3_600_000, 86_400_000];
/** Whatever they say: some 10 MB of checks on the wire, 100 MB of calls. */
const most = 1000;

/** Of the runs of one environment at one depth, oldest first. */
export function forgotten<T extends Kept>(runs: readonly T[], { keepMs, nowMs }: Keep): T[] {
  const lastGood = runs.findLastIndex(({ verdict }) => verdict === 'pass');
  const told = new Set<number>();
  const rest = runs.filter((run, i) => {
    if (i === lastGood) return true;
    const ageMs = nowMs - Date.parse(run.startedAt);
    if (ageMs > keepMs) return false;
    if (i >= runs.length - mostWhole || run.verdict !== 'pass') return true;
    // The last one before something changed, and the first one after it.
    if ([runs[i - 1], runs[i + 1]].some((beside) => beside && beside.verdict !== 'pass')) return true;
    const lengthMs = ageMs > hourlyMs ? dayMs : hourMs;
    const stretch = Math.floor(Date.parse(run.startedAt) / lengthMs) * lengthMs;
    const isFirst = !told.has(stretch);
    told.add(stretch);
    return isFirst;
  });
  const good = runs[lastGood];
  const kept = new Set(rest.slice(-most));
  if (good) kept.add(good);
  return runs.filter((run) => !kept.has(run));
}
