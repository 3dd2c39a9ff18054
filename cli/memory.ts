/** `--history` and `--baseline`: earlier runs that a check is compared with, and the folder in which it is kept. */
import { resolve } from 'node:path';
import { ConfigurationError } from '../environment/environment.js';
import type { Depth, Run } from '../evidence/run.js';
import { type Context, complain } from './context.js';

export interface Memory {
  /**
   * Keeps the run, both where it was repeated, and returns it with its course over the kept ones, and with what changed since an earlier one where
   * something is wrong that was not.
   */
  compare(run: Run): Promise<Run>;
  /** Whether it could not be kept. */
  failed(): boolean;
}

export interface MemoryRequest {
  /** A folder. */
  readonly history?: string;
  /** How long runs are kept there, in milliseconds. */
  readonly keep?: number;
  readonly depth: Depth;
  /** A run document. Beats the last good run of the folder. */
  readonly baseline?: string;
}

/**
 * Throws a `ConfigurationError` for a folder that cannot be written to, and a `RunDocumentError` for a baseline that
 * cannot be read: before a run, not after.
 */
export async function openMemory(request: MemoryRequest, context: Context): Promise<Memory> {
  if (request.history === undefined && request.baseline === undefined) {
    return { compare: async (run) => run, failed: () => false };
  }
  const [{ loadRun }, { openHistory }, { withChanges }, { withTrend }, { apart }] = await Promise.all([
    import('../evidence/load.js'),
    import('../run/history.js'),
    import('../run/since.js'),
    import('../run/trend.js'),
    import('../run/repeated.js'),
  ]);
  /** What was repeated is kept as the two runs that were made; of everything else what is told of it. */
  const keptOf = (run: Run, told: Run): Run[] =>
    apart(run).map((one) => ({
      ...one,
      environments: one.environments.map(
        (made) => told.environments.find(({ name, confirmation }) => name === made.name && !confirmation) ?? made,
      ),
    }));
  const { history: folder, baseline: file, depth, keep: keepMs } = request;
  const limits = { depth, ...(keepMs !== undefined && { keepMs }) };
  const baseline = file === undefined ? undefined : await loadRun(resolve(context.cwd, file), file);
  const history =
    folder === undefined ? undefined : await open(openHistory(resolve(context.cwd, folder), limits), folder);
  const lastGood = async (name: string): Promise<Run | undefined> => {
    try {
      return await history?.lastGood(name);
    } catch (error) {
      complain(context, `the last good run of ${name} is of no use: ${(error as Error).message}`);
      return undefined;
    }
  };
  let failed = false;
  return {
    async compare(run) {
      const compared = baseline
        ? await withChanges(run, 'baseline', () => baseline)
        : await withChanges(run, 'last-good', lastGood);
      const told = history ? await withTrend(compared, history.trend) : compared;
      try {
        for (const one of keptOf(run, told)) await history?.keep(one);
      } catch (error) {
        failed = true;
        complain(context, `the run could not be kept in ${folder}: ${(error as Error).message}`);
      }
      return told;
    },
    failed: () => failed,
  };
}

async function open<T>(opening: Promise<T>, folder: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw unusable(folder, error as NodeJS.ErrnoException);
  }
}

/** Why runs cannot be kept in a folder. */
export function unusable(folder: string, { code }: NodeJS.ErrnoException): ConfigurationError {
  const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is not a folder' : `it cannot be written to (${code})`;
  return new ConfigurationError(`--history ${folder}: ${why}`);
}
