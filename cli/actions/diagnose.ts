import { resolve } from 'node:path';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun } from '../../evidence/load.js';
import type { Run } from '../../evidence/run.js';
import type { DiagnoseOptions } from '../commands/diagnose.js';
import type { Context } from '../context.js';
import { openReports } from '../reports.js';

/** Returns the exit code. Throws `RunDocumentError`, `ConfigurationError`. */
export async function diagnoseSaved(file: string, options: DiagnoseOptions, context: Context): Promise<number> {
  const { cwd } = context;
  const saved = await loadRun(resolve(cwd, file), file);
  const { reporter, exitCode } = await openReports(options, [], context);
  const run: Run = {
    ...saved,
    environments: saved.environments.map((environment) => ({ ...environment, ...diagnose(environment) })),
  };
  await reporter.onEnd(run);
  return exitCode(run, options.failOn);
}
