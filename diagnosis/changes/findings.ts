/** The verdict, and the errors and warnings that came and went. A note asks for nothing to be done, so it is no change. */
import { aboutOf } from '../../evidence/about.js';
import type { EnvironmentRun, Finding, Verdict } from '../../evidence/run.js';
import type { Difference } from './change.js';

const rank: Record<Verdict, number> = { pass: 0, inconclusive: 1, fail: 2 };

export function findings(before: EnvironmentRun, after: EnvironmentRun): Difference[] {
  const [was, is] = [byKey(before), byKey(after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])];
  return [...verdict(before.verdict, after.verdict), ...keys.flatMap((key) => finding(was.get(key), is.get(key)))];
}

function verdict(was: Verdict, is: Verdict): Difference[] {
  if (was === is) return [];
  const effect = rank[is] > rank[was] ? 'worse' : 'better';
  return [{ about: 'finding', kind: 'verdict', what: 'verdict', before: was, after: is, effect }];
}

/** What it is about stands in its arguments; the rest of them (times, ports, counts) may be new each time. */
function byKey({ findings }: EnvironmentRun): Map<string, Finding> {
  const loud = findings.filter(({ severity }) => severity !== 'info');
  return new Map(loud.map((one) => [JSON.stringify([one.code, aboutOf(one), one.args.addresses]), one]));
}

function finding(was: Finding | undefined, is: Finding | undefined): Difference[] {
  const what = (is ?? was)?.code ?? '';
  if (was?.severity === is?.severity) return [];
  const effect = was?.severity === 'error' || !is ? 'better' : 'worse';
  return [
    {
      about: 'finding',
      kind: 'finding',
      what,
      ...(was && { before: { severity: was.severity, summary: was.summary } }),
      ...(is && { after: { severity: is.severity, summary: is.summary } }),
      effect,
    },
  ];
}
