/** The findings of several vantages as one: who sees each, who denies it, and whose fault it is. */
import { aboutOf } from '../../evidence/about.js';
import type { Finding, Quorum, SeenFrom, Severity } from '../../evidence/run.js';
import { idAt } from '../../evidence/vantages.js';
import { told } from './prose.js';
import { decide } from './quorum.js';
import type { Ruling } from './rule.js';
import { vantageRules } from './rules/index.js';
import { nameOf, type Suspect, type View, viewOf } from './view.js';
import { denies } from './vote.js';

export interface Judged {
  readonly finding: Finding & { readonly seenFrom: SeenFrom };
  readonly seers: readonly View[];
}

const worst: readonly Severity[] = ['error', 'warning', 'info'];

/** The views once more, without what the others exclude. */
export function withoutRuledOut(views: readonly View[]): View[] {
  return views.map((view) => {
    const others = views.filter((one) => one !== view);
    const ruledOut = vantageRules.flatMap((rule) => rule.rulesOut?.(view, others) ?? []);
    if (ruledOut.length === 0) return view;
    return { ...viewOf(view.vantage, view.environment, new Set(ruledOut)), inside: view.inside };
  });
}

interface Resolved {
  readonly view: View;
  readonly suspect: Suspect;
  /** Of another vantage's finding, which it is in truth. */
  readonly as?: string;
}

function resolveAll(views: readonly View[]): Resolved[] {
  const all = views.flatMap((view) =>
    view.suspects.map((suspect): Resolved => {
      const others = views.filter((one) => one !== view);
      const [as] = vantageRules.flatMap((rule) => rule.resolves?.(suspect, view, others) ?? []);
      return { view, suspect, ...(as !== undefined && { as }) };
    }),
  );
  // One of two that point at each other, or at what points further, cannot be told.
  const final = (code: string): boolean => all.some(({ suspect, as }) => suspect.finding.code === code && !as);
  return all.map((one) => (one.as !== undefined && final(one.as) ? one : { view: one.view, suspect: one.suspect }));
}

/** `because`: the root of what is no finding of its own. */
export interface Verdicts {
  readonly judged: readonly Judged[];
  readonly resolved: readonly { readonly code: string; readonly because: string }[];
}

export function judgeFindings(views: readonly View[], quorum: Quorum): Verdicts {
  const all = resolveAll(views);
  const key = ({ suspect: { finding } }: Resolved): string => `${finding.code} ${aboutOf(finding)}`;
  const own = all.filter(({ as }) => as === undefined);
  const keys = [...new Set(own.map(key))];
  const judged = keys.map((one) => {
    const same = own.filter((other) => key(other) === one);
    const code = same[0]?.suspect.finding.code;
    return judgeOne([...same, ...all.filter(({ as }) => as === code)], views, quorum);
  });
  const ranked = [...judged].sort((a, b) => rank(a) - rank(b));
  const resolved = all.flatMap(({ suspect, as }) => (as ? [{ code: suspect.finding.code, because: as }] : []));
  return { judged: ranked, resolved };
}

/** What is the deployment's before what is not, errors before warnings. */
const rank = ({ finding: { severity } }: Judged): number => worst.indexOf(severity);

function judgeOne(holders: readonly Resolved[], views: readonly View[], quorum: Quorum): Judged {
  const [first] = holders;
  if (!first) throw new Error("a finding is somebody's");
  const { finding } = first.suspect;
  const { alternatives, ...bare } = finding;
  const seers = views.filter((view) => holders.some((one) => one.view === view));
  const others = views.filter((view) => !seers.includes(view));
  const denying = others.filter((view) => holders.some((one) => denies(view, one.suspect.finding, one.view)));
  const decided = holders.some(({ suspect: { doubt } }) => doubt === undefined);
  const [ruled] = vantageRules.flatMap(({ judge, because }) => {
    const ruling = judge?.(finding, seers, others);
    return ruling ? [{ ...ruling, because }] : [];
  });
  const { blames, because, ...ruling } = ruled ?? byVotes(first.suspect, decided, seers, denying, quorum);
  // What another vantage has told apart is no alternative any more.
  const toldApart = ruled !== undefined || denying.length > 0 || holders.some(({ as }) => as !== undefined);
  const seenFrom: SeenFrom = {
    sees: seers.map(nameOf),
    denies: denying.map(nameOf),
    abstains: others.filter((view) => !denying.includes(view)).map(nameOf),
    blames,
    because,
  };
  const severities = holders.map(({ suspect }) => suspect.finding.severity);
  const severity = worst.find((one) => severities.includes(one)) ?? finding.severity;
  return {
    seers,
    finding: {
      ...bare,
      severity: blames === 'vantage' && severity === 'error' ? 'warning' : severity,
      ...told(finding, seenFrom, ruling),
      evidence: holders.flatMap(({ suspect, view }) => suspect.finding.evidence.map((id) => idAt(id, nameOf(view)))),
      ...(alternatives && !toldApart && { alternatives }),
      seenFrom,
    },
  };
}

interface Voted extends Partial<Pick<Ruling, 'why' | 'fix'>> {
  readonly blames: SeenFrom['blames'];
  readonly because: string;
}

function byVotes(
  { doubt }: Suspect,
  decided: boolean,
  seers: readonly View[],
  denying: readonly View[],
  quorum: Quorum,
): Voted {
  // Its own evidence says so.
  if (doubt === 'vantage') return { blames: 'vantage', because: 'own-evidence' };
  const blames = decide(seers.length, denying.length, quorum);
  // Silence that has no positive control anywhere proves nothing, however often it is heard.
  return { blames: blames === 'deployment' && !decided ? 'undecided' : blames, because: 'quorum' };
}
