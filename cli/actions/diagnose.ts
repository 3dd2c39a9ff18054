import { resolve } from 'node:path';
import { remerge } from '../../diagnosis/vantages/index.js';
import { loadRun } from '../../evidence/load.js';
import { rejudged } from '../../run/repeated.js';
import type { DiagnoseOptions } from '../commands/diagnose.js';
import type { Context } from '../context.js';
import { openReports } from '../reports.js';

/** Returns the exit code. Throws `RunDocumentError`, `ConfigurationError`. */
export async function diagnoseSaved(file: string, options: DiagnoseOptions, context: Context): Promise<number> {
  const { cwd } = context;
  const saved = await loadRun(resolve(cwd, file), file);
  const { reporter, exitCode } = await openReports(options, [], context);
  // Of a merged run each vantage is judged by itself, and then all of them together.
  const run = saved.vantages ? remerge(saved) : { ...saved, environments: saved.environments.map(rejudged) };
  await reporter.onEnd(run);
  return exitCode(run, options.failOn);
}
