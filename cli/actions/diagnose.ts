import { resolve } from 'node:path';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun } from '../../evidence/load.js';
import type { Run } from '../../evidence/run.js';
import type { DiagnoseOptions } from '../commands/diagnose.js';
import type { Context } from '../context.js';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import { openReports } from '../reports.js';

/** Returns the exit code. Throws `RunDocumentError`, `ConfigurationError`. */
export async function diagnoseSaved(file: string, options: DiagnoseOptions, context: Context): Promise<number> {
  const { out, progress, cwd } = context;
  const saved = await loadRun(resolve(cwd, file), file);
  const { reporter, failed } = await openReports(options, [], { out, progress, cwd });
  const run: Run = {
    ...saved,
    environments: saved.environments.map((environment) => ({ ...environment, ...diagnose(environment) })),
  };
  await reporter.onEnd(run);
  const code = exitCodeOf(run, options.failOn);
  return code === exitCodes.pass && failed() ? exitCodes.usage : code;
}
