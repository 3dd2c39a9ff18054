/** From `--reporter`, `--json` and `--save` to one reporter. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ConfigurationError } from '../environment/environment.js';
import { didYouMean } from '../environment/nearest.js';
import { sweepAbandoned, writeAtomically } from '../evidence/files.js';
import type { Run } from '../evidence/run.js';
import { reporters } from '../reporters/index.js';
import { type Hooks, multiplex, type Named } from '../reporters/multiplex.js';
import type { Reporter, ReporterFactory } from '../reporters/reporter.js';
import type { Context } from './context.js';
import { exitCodeOf, exitCodes, type FailOn } from './exit-code.js';
import { bufferOutput, fileOutput } from './output.js';

/** The options of every command that ends in a run. */
export interface ReportFlags {
  /** `NAME` or `NAME=FILE`. */
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  /** A file for the run document. */
  readonly save?: string;
  /** Of the console. */
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface ReportRequest extends ReportFlags {
  /** Nothing goes to standard output that was not asked for. */
  readonly onlyAsked?: boolean;
}

export interface Reports {
  readonly reporter: Hooks;
  /** Our own, or that by which the readers of standard output go. What could not be written is no pass. */
  exitCode(run: Run, failOn: FailOn | 'never', otherwiseFailed?: boolean): number;
}

interface Wanted {
  readonly name: string;
  readonly file?: string;
}

/**
 * `always` are reporters beside those that were asked for, told first. Throws a `ConfigurationError` for a name that
 * does not exist, for two reports at one place, and for a file that surely cannot be written: before a run, not after.
 */
export async function openReports(
  request: ReportRequest,
  always: readonly Named[],
  { out, progress, cwd, env }: Pick<Context, 'out' | 'progress' | 'cwd' | 'env'>,
): Promise<Reports> {
  const wanted = wantedReports(request);
  const detail = request.quiet ? 'quiet' : request.verbose ? 'verbose' : 'usual';
  let failed = false;
  let exitCode: Reporter['exitCode'];
  const made = await Promise.all(
    wanted.map(async ({ name, file }): Promise<Named> => {
      const registered = Object.hasOwn(reporters, name) ? reporters[name] : undefined;
      if (!registered) {
        const known = Object.keys(reporters);
        throw new ConfigurationError(
          `there is no reporter "${name}"${didYouMean(name, known) || ';'} there are: ${known.join(', ')}`,
        );
      }
      if (registered.sent && file !== undefined) {
        throw new ConfigurationError(`the report ${name} is sent, not written: it takes no file`);
      }
      const factory = named(name, await registered.load());
      if (file === undefined) {
        const reporter = factory({ out: registered.beside ? progress : out, progress, env, detail });
        exitCode ??= reporter.exitCode;
        return { name, reporter };
      }
      const path = resolve(cwd, file);
      await refuseUnwritable(path, file);
      if (registered.streams) {
        return { name: `${name}=${file}`, reporter: factory({ out: fileOutput(path), progress, env, detail }) };
      }
      await sweepAbandoned(dirname(path), (one) => one === basename(path)).catch(() => {});
      const buffer = bufferOutput();
      const reporter = factory({ out: buffer, progress, env, detail });
      return { name: `${name}=${file}`, reporter: written(reporter, path, buffer) };
    }),
  );
  const reporter = multiplex([...always, ...made], (name, error) => {
    failed = true;
    progress.write(`livekit-doctor: the report ${name} could not be made: ${(error as Error).message}\n`);
  });
  return {
    reporter,
    exitCode(run, failOn, otherwiseFailed = false) {
      const code = exitCode?.(run) ?? (failOn === 'never' ? exitCodes.pass : exitCodeOf(run, failOn));
      return code === exitCodes.pass && (failed || otherwiseFailed) ? exitCodes.usage : code;
    },
  };
}

/** What a reporter cannot work with is told before a run, too. */
function named(name: string, factory: ReporterFactory): ReporterFactory {
  return (options) => {
    try {
      return factory(options);
    } catch (error) {
      throw new ConfigurationError(`the report ${name} cannot be made: ${(error as Error).message}`);
    }
  };
}

/** Something always goes to standard output: the console's report where nothing else does. */
function wantedReports({ reporter = [], json, save, onlyAsked }: ReportRequest): Wanted[] {
  const wanted: Wanted[] = reporter.map((text) => {
    const at = text.indexOf('=');
    return at < 0 ? { name: text } : { name: text.slice(0, at), file: text.slice(at + 1) };
  });
  if (json) wanted.push({ name: 'json' });
  const isOut = ({ name, file }: Wanted): boolean => {
    const { beside, sent } = reporters[name] ?? {};
    return file === undefined && !beside && !sent;
  };
  if (!(onlyAsked && wanted.length > 0) && !wanted.some(isOut)) wanted.push({ name: 'console' });
  if (save !== undefined) wanted.push({ name: 'json', file: save });

  const places = wanted.filter((one) => one.file !== undefined || isOut(one)).map(({ file }) => file);
  if (places.includes('')) throw new ConfigurationError('a report needs a file name after "="');
  const twice = places.findIndex((place, i) => places.indexOf(place) !== i);
  if (twice >= 0) {
    const place = places[twice];
    const where = place === undefined ? 'standard output: give all but one a file, NAME=FILE' : place;
    throw new ConfigurationError(`two reports cannot both go to ${where}`);
  }
  return wanted;
}

function written(reporter: Reporter, path: string, buffer: { text(): string }): Reporter {
  const { onRuns } = reporter;
  return {
    ...reporter,
    async onEnd(run) {
      await reporter.onEnd?.(run);
      await writeAtomically(path, buffer.text());
    },
    ...(onRuns && {
      async onRuns(runs) {
        await onRuns(runs);
        await writeAtomically(path, buffer.text());
      },
    }),
  };
}

/** Throws a `ConfigurationError` for a place at which no file can be. */
export async function refuseUnwritable(path: string, shown: string): Promise<void> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isDirectory) throw new ConfigurationError(`${shown} cannot be written: it is a directory`);
  try {
    await access(dirname(path), constants.W_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'its directory does not exist' : 'its directory may not be written to';
    throw new ConfigurationError(`${shown} cannot be written: ${why}`);
  }
}
