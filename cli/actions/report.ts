import { resolve } from 'node:path';
import { loadRun } from '../../evidence/load.js';
import type { Run } from '../../evidence/run.js';
import type { Hooks } from '../../reporters/multiplex.js';
import { withTrend } from '../../run/trend.js';
import type { ReportOptions } from '../commands/report.js';
import type { Context } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { keptIn } from '../kept.js';
import { openReports } from '../reports.js';

/**
 * Returns the exit code: 0 whatever the verdict was, as long as all is written, unless the format has codes of its own.
 * Throws `RunDocumentError`, `ConfigurationError`.
 */
export async function report(files: readonly string[], options: ReportOptions, context: Context): Promise<number> {
  const { cwd } = context;
  const saved = await Promise.all(files.map((file) => loadRun(resolve(cwd, file), file)));
  const { history } = options;
  const runs =
    history === undefined
      ? saved
      : await Promise.all(
          saved.map((run) => withTrend(run, (name, depth) => keptIn(history, context, depth).trend(name))),
        );
  const reports = await openReports({ ...options, onlyAsked: true }, [], context);
  const { reporter } = reports;
  const [run, ...others] = runs;
  if (!run) return exitCodes.usage;
  if (others.length === 0) await replay(run, reporter);
  else await reporter.onRuns(runs);
  return reports.exitCode(run, 'never');
}

/** A reporter that writes as things happen writes them in their order. */
async function replay(run: Run, reporter: Hooks): Promise<void> {
  reporter.onStart(run.environments.map(({ name, url }) => ({ name, url })));
  const seen = run.environments.flatMap(({ name, observations }) =>
    observations.map((observation) => ({ name, observation })),
  );
  seen.sort((a, b) => a.observation.endMs - b.observation.endMs);
  for (const { name, observation } of seen) reporter.onObservation(name, observation);
  for (const environment of run.environments) reporter.onEnvironment(environment);
  await reporter.onEnd(run);
}
