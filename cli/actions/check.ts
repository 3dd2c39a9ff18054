import { ConfigurationError, type Environment, secretsOf } from '../../environment/environment.js';
import { embedded } from '../../environment/load.js';
import { allPaths, type Exercise, exercises, type Path } from '../../evidence/run.js';
import { progress as progressReporter } from '../../reporters/progress.js';
import type { CheckOptions } from '../commands/check.js';
import { type Context, insideMark, untilInterrupted } from '../context.js';
import { load } from '../environments.js';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import { type Memory, openMemory } from '../memory.js';
import { openReports, type Reports } from '../reports.js';
import { vantageName } from '../vantage.js';
import { readWords } from '../words.js';

/** A TURN permission lives 5 minutes (RFC 8656 §9), and a credential of livekit-server's TURN as long. */
const longestLifetimeMs = 240_000;

/** Somebody who wants to know of more than a call's beginning. */
const longestMeasureMs = 600_000;

/** Returns the exit code. Throws `ConfigurationError`. */
export async function check(names: readonly string[], options: CheckOptions, context: Context): Promise<number> {
  const { env, progress: output } = context;
  const paths = options.path && readWords('path', options.path, allPaths);
  const tried = options.try && readWords('exercise', options.try, exercises);
  if (options.only?.includes('idle') && options.idle === undefined) {
    throw new ConfigurationError('the probe "idle" wants to know how long: add --idle, for example --idle 90s');
  }
  if (tried && options.depth !== 'media') throw new ConfigurationError('--try wants a call: use --depth media');
  if (options.exhaustive && options.depth === 'wire') {
    throw new ConfigurationError('--exhaustive wants participants: use --depth peer or media');
  }
  if (options.measure !== undefined && options.depth !== 'media') {
    throw new ConfigurationError('--measure wants a call: use --depth media');
  }
  if ((options.measure ?? 0) > longestMeasureMs) throw new ConfigurationError('--measure: at most 10m');
  if (options.only?.includes('call') && !tried) {
    throw new ConfigurationError('the probe "call" wants to know what to try: add --try reconnect, for example');
  }
  if (options.only?.includes('nat-binding') && options.natLifetime === undefined) {
    throw new ConfigurationError('the probe "nat-binding" wants to know how long: add --nat-lifetime 30s, for example');
  }
  if ((options.natLifetime ?? 0) > longestLifetimeMs) {
    throw new ConfigurationError(
      '--nat-lifetime: at most 4m, since what is let in from outside is let in for 5 minutes',
    );
  }
  const vantage = vantageName(options.vantage, context);
  const found = await load(names, options, context);
  const progress = progressReporter({ progress: output });
  const reports = await openReports(options, options.quiet ? [] : [{ name: 'progress', reporter: progress }], context);
  const memory = await openMemory(options, context);
  // Inside a namespace there is nothing but the embedded environment.
  if (found.every((one) => one === embedded)) {
    const { runInNamespace } = await import('../namespace.js');
    const code = env[insideMark] === undefined ? await runInNamespace(context) : undefined;
    if (code !== undefined) return code;
  }
  return untilInterrupted(
    context,
    () => progress.stop(),
    (signal) => checkAll(found, { ...options, vantage, paths, exercises: tried }, context, reports, memory, signal),
  );
}

async function checkAll(
  found: readonly (Environment | typeof embedded)[],
  options: Omit<CheckOptions, 'vantage'> & {
    vantage: string | undefined;
    paths: Path[] | undefined;
    exercises: Exercise[] | undefined;
  },
  context: Context,
  { reporter, exitCode }: Reports,
  memory: Memory,
  signal: AbortSignal,
): Promise<number> {
  const loading = Promise.all([import('../../run/run.js'), import('../../probes/index.js')]);
  const warm = loading.then(([{ warmUp }]) =>
    warmUp({ depth: options.depth, ...(options.only && { only: options.only }) }),
  );
  let server: Awaited<ReturnType<typeof startEmbedded>> | undefined;
  try {
    if (found.includes(embedded)) server = await startEmbedded(context, options);
    const [{ runChecks }, { probes }] = await loading;
    const only =
      options.only &&
      readWords(
        'probe',
        options.only,
        probes.map(({ name }) => name),
      );
    signal.throwIfAborted();
    const environments = found.map((one) => (one === embedded ? (server?.environment as Environment) : one));
    for (const secret of environments.flatMap(({ auth }) => secretsOf(auth))) context.redactor.add(secret);
    reporter.onStart(environments.map(({ name, url }) => ({ name, url: url.href })));
    const run = await runChecks({
      environments,
      depth: options.depth,
      ...(options.paths && { paths: options.paths }),
      ...(only && { only }),
      ...(options.idle !== undefined && { idleMs: options.idle }),
      ...(options.natLifetime !== undefined && { natLifetimeMs: options.natLifetime }),
      ...(options.exercises && { exercises: options.exercises }),
      ...(options.measure !== undefined && { measureMs: options.measure }),
      ...(options.exhaustive && { exhaustive: true as const }),
      ...(options.confirm && {
        repeats: (one) => exitCodeOf({ environments: [one] }, options.failOn) !== exitCodes.pass,
      }),
      vantage: options.vantage,
      version: context.version,
      signal,
      events: reporter,
    });
    await reporter.onEnd(await memory.compare(run));
    if (!options.quiet && run.environments.some(({ confirmation }) => confirmation)) sayWhere(options, context);
    return exitCode(run, options.failOn, memory.failed());
  } finally {
    const coolDown = await warm;
    await Promise.all([server?.stop(), coolDown()]);
  }
}

/** Where to find both runs of what was checked twice. */
function sayWhere({ history, save }: Pick<CheckOptions, 'history' | 'save'>, { progress }: Context): void {
  const place = history ?? save;
  const where = place === undefined ? 'in the run document: --save FILE, or --history FOLDER' : `kept in ${place}`;
  progress.write(`Both runs of what was checked twice are ${where}.\n`);
}

async function startEmbedded({ progress }: Context, { quiet }: Pick<CheckOptions, 'quiet'>) {
  const { startEmbedded: start } = await import('../../fixtures/embedded/embedded.js');
  if (!quiet) progress.write('Starting the embedded LiveKit…\n');
  return start();
}
