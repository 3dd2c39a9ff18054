import { resolve } from 'node:path';
import { diffRuns, isOfDeployment } from '../../diagnosis/changes/index.js';
import { moment } from '../../diagnosis/words.js';
import { ConfigurationError } from '../../environment/environment.js';
import { loadRun } from '../../evidence/load.js';
import type { Change, Run } from '../../evidence/run.js';
import { printable } from '../../evidence/text.js';
import { renderChanges } from '../../reporters/changes.js';
import type { DiffOptions } from '../commands/diff.js';
import type { Context } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { keptIn } from '../kept.js';

/** Two runs of the same, and what they are called. */
interface Pair {
  readonly before: Run;
  readonly after: Run;
  readonly called: string;
  readonly changes: readonly Change[];
}

/** Returns the exit code. Throws `RunDocumentError`, `ConfigurationError`. */
export async function diff(files: readonly string[], options: DiffOptions, context: Context): Promise<number> {
  const { history } = options;
  const pairs = history === undefined ? await named(files, context) : await kept(history, files, context);
  const changes = pairs.flatMap((pair) => pair.changes);
  if (options.json) context.out.write(`${JSON.stringify({ compared: pairs.map(described), changes }, null, 2)}\n`);
  else {
    for (const { before, after, called } of pairs) {
      context.progress.write(`${called}: ${moment(before.startedAt)} → ${moment(after.startedAt)}\n`);
    }
    if (changes.length === 0) context.progress.write('Nothing has changed.\n');
    const environments = pairs.flatMap(({ after, before }) => [...after.environments, ...before.environments]);
    context.out.write(renderChanges(changes, environments, context.out));
  }
  return options.exitCode && changes.some(isOfDeployment) ? exitCodes.fail : exitCodes.pass;
}

const described = ({ before, after, called }: Pair): object => ({
  runs: called,
  before: before.startedAt,
  after: after.startedAt,
});

async function named(files: readonly string[], { cwd }: Context): Promise<Pair[]> {
  const [first, second, ...others] = files;
  if (first === undefined || second === undefined || others.length > 0) {
    throw new ConfigurationError(
      'diff compares two runs: name an earlier and a later file, or a folder with --history',
    );
  }
  const [before, after] = await Promise.all([
    loadRun(resolve(cwd, first), first),
    loadRun(resolve(cwd, second), second),
  ]);
  return [{ before, after, called: `${first} → ${second}`, changes: diffRuns(before, after) }];
}

/** For each environment its last good run, and the newest one or that of a file. */
async function kept(folder: string, files: readonly string[], context: Context): Promise<Pair[]> {
  const { cwd, progress } = context;
  const history = keptIn(folder, context);
  const [file, ...others] = files;
  if (others.length > 0) throw new ConfigurationError('with --history, diff takes one run at most: the later one');
  const given = file === undefined ? undefined : await loadRun(resolve(cwd, file), file);
  const names = given?.environments.map(({ name }) => name) ?? (await history.environments());
  if (names.length === 0) throw new ConfigurationError(`--history: no run is kept in ${folder}`);
  const pairs: Pair[] = [];
  for (const name of names) {
    const after = given ?? (await history.newest(name));
    const depth = after?.environments.find((environment) => environment.name === name)?.asked.depth;
    const before = after && (await keptIn(folder, context, depth).lastGood(name, after.startedAt));
    if (!before) {
      progress.write(`${printable(name)}: no earlier run that passed is kept in ${folder}\n`);
      continue;
    }
    const one = { ...after, environments: after.environments.filter((environment) => environment.name === name) };
    // Where it was checked from is another thing for each of these pairs.
    const changes = diffRuns(before, one).map((change) => ({ environment: name, ...change }));
    pairs.push({ before, after: one, called: `${printable(name)}, last good run → ${file ?? 'newest run'}`, changes });
  }
  return pairs;
}
