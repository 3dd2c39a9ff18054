/** What came of checking again at once, in words. */
import { aboutOf } from '../evidence/about.js';
import type { Confirmation, EnvironmentRun, Finding, Observation } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { ranked } from './findings.js';

/** In a sentence. */
const mostCodes = 3;
const outcomes: Record<Confirmation['outcome'], string> = {
  failing: 'Confirmed',
  flapping: 'Flapping',
  undecided: 'Not decided',
  passing: 'Passes',
};

export interface Unconfirmed {
  readonly finding: Finding;
  /** Which run has it. */
  readonly only: 'the first time' | 'the second time';
  /** What it rests on. */
  readonly observations: readonly Observation[];
}

/** `Flapping: it failed with udp-filtered at 03:17:05 UTC, and passed when it was checked again at once.` */
export function confirmationSentence({ confirmation }: EnvironmentRun): string | undefined {
  if (!confirmation) return undefined;
  const { outcome, first, second } = confirmation;
  const [before, after] = [said(first), said(second)];
  const again = before === after ? 'and again' : `and ${after}`;
  return `${outcomes[outcome]}: it ${before} at ${first.startedAt.slice(11, 19)} UTC, ${again} when it was checked again at once.`;
}

function said({ verdict, findings }: Pick<EnvironmentRun, 'verdict' | 'findings'>): string {
  const loud = ranked(findings).filter(({ severity }) => severity === (verdict === 'pass' ? 'warning' : 'error'));
  const codes = [...new Set(loud.map(({ code }) => printable(code)))];
  const more = codes.length > mostCodes ? ` and ${codes.length - mostCodes} more` : '';
  const named = codes.length === 0 ? '' : ` with ${codes.slice(0, mostCodes).join(', ')}${more}`;
  return `${{ pass: 'passed', fail: 'failed', inconclusive: 'was inconclusive' }[verdict]}${named}`;
}

/** What only one of both runs found, and that does not count; the worst first. */
export function unconfirmedOf({ confirmation, observations }: EnvironmentRun): Unconfirmed[] {
  if (!confirmation) return [];
  const { first, second, unconfirmed } = confirmation;
  return ranked(unconfirmed).map((finding) => {
    const isSecond = second.findings.some((one) => one.code === finding.code && aboutOf(one) === aboutOf(finding));
    return isSecond
      ? { finding, only: 'the second time', observations }
      : { finding, only: 'the first time', observations: first.observations };
  });
}
