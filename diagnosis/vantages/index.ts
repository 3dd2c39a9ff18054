/** One verdict from many vantages: pure, from runs to a run, so what is merged can be taken apart and merged anew. */
import type { EnvironmentRun, EnvironmentView, Quorum, Run } from '../../evidence/run.js';
import { depths, schemaVersion } from '../../evidence/run.js';
import { observationsAt, runsOf } from '../../evidence/vantages.js';
import { judge } from '../verdict.js';
import { judgeFindings, withoutRuledOut } from './judged.js';
import { newestOf } from './newest.js';
import { mergePaths } from './paths.js';
import { nameOf, type View, viewOf, withSides } from './view.js';

export { newestOf } from './newest.js';

/**
 * Environments are matched by their names, and a vantage counts once for each, with its newest run. Every run is judged
 * anew. `version`: of this livekit-doctor. Throws where there is no run at all.
 */
export function mergeRuns(all: readonly Run[], quorum: Quorum, version: string): Run {
  const { runs } = newestOf(all.flatMap(runsOf));
  const [first] = runs;
  if (!first) throw new Error('there is no run to merge');
  const names = [...new Set(runs.flatMap(({ environments }) => environments.map(({ name }) => name)))];
  const begin = Math.min(...runs.map(({ startedAt }) => Date.parse(startedAt)));
  const end = Math.max(...runs.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs));
  const vantages = [...new Set(runs.map(({ vantage }) => vantage.name))].length;
  return {
    schemaVersion,
    tool: { name: 'livekit-doctor', version },
    startedAt: new Date(begin).toISOString(),
    durationMs: end - begin,
    vantage: {
      name: vantages === 1 ? first.vantage.name : `${vantages} vantages`,
      os: 'merged',
      addresses: [],
      mapped: {},
      natMapping: 'unknown',
    },
    environments: names.map((name) => mergeEnvironment(viewsOf(name, runs), quorum)),
    vantages: runs.map(({ vantage, startedAt, durationMs, tool }) => ({
      ...vantage,
      startedAt,
      durationMs,
      version: tool.version,
    })),
    quorum,
  };
}

/** A merged run, judged anew by the same quorum. */
export const remerge = (run: Run): Run => mergeRuns([run], run.quorum ?? 'majority', run.tool.version);

function viewsOf(name: string, runs: readonly Run[]): View[] {
  return runs.flatMap(({ vantage, environments }) =>
    environments.filter((one) => one.name === name).map((environment) => viewOf(vantage, environment)),
  );
}

function mergeEnvironment(judgedAlone: readonly View[], quorum: Quorum): EnvironmentRun {
  const views = withoutRuledOut(withSides(judgedAlone));
  const { judged, resolved } = judgeFindings(views, quorum);
  const paths = mergePaths(views, judged, quorum);
  const findings = judged.map(({ finding }) => finding);
  const standing = findings
    .filter(({ seenFrom }) => seenFrom.blames !== 'vantage')
    .map(({ severity, seenFrom }) => ({ severity, doubtful: seenFrom.blames === 'undecided' }));
  const all = views.map(({ environment }) => environment);
  const [deepest] = [...all].sort((a, b) => depths.indexOf(b.asked.depth) - depths.indexOf(a.asked.depth));
  if (!deepest) throw new Error('an environment is seen by somebody');
  const hidden = [...all.flatMap(({ suppressed }) => suppressed), ...resolved];
  return {
    name: deepest.name,
    url: deepest.url,
    verdict: judge(standing, paths),
    durationMs: Math.max(...all.map(({ durationMs }) => durationMs)),
    claims: deepest.claims,
    asked: deepest.asked,
    paths,
    findings,
    suppressed: [...new Map(hidden.map((one) => [`${one.code} ${one.because}`, one])).values()],
    observations: views.flatMap((view) => observationsAt(nameOf(view), view.environment.observations)),
    vantages: judgedAlone.map(asView),
  };
}

/** As it was seen from there alone. */
function asView({ vantage, environment }: View): EnvironmentView {
  const { url, verdict, durationMs, claims, asked, paths, findings, suppressed, confirmation } = environment;
  const repeated = confirmation && { confirmation };
  return { vantage: vantage.name, url, verdict, durationMs, claims, asked, paths, findings, suppressed, ...repeated };
}
