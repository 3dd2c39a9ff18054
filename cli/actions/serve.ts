import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { serve } from '../../serve/serve.js';
import type { Listen, ServeOptions } from '../commands/serve.js';
import { type Context, complain } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { unusable } from '../memory.js';
import { vantageName } from '../vantage.js';

/** Until somebody ends it, which is no fault: then the exit code is 0. Throws `ConfigurationError`. */
export async function keepServing(
  names: readonly string[],
  options: ServeOptions,
  listen: readonly Listen[],
  context: Context,
): Promise<number> {
  const { cwd, version, out, progress } = context;
  const { history, keep, config, project, verbose } = options;
  const vantage = vantageName(options.vantage, context);
  progress.write(`livekit-doctor ${version}\n`);
  // V8 would let the space for what is soon garbage grow from 2 to 32 MB, where results come all the time.
  setFlagsFromString('--semi-space-growth-factor=1');
  const reloads = new Set<() => void>();
  const interrupt = context.interruptible(
    () => progress.write('Stopping… (once more: at once)\n'),
    () => {
      for (const reload of reloads) reload();
    },
  );
  const log = (line: string): void => {
    if (listen.length > 0) for (const one of line.split('\n')) complain(context, `${now()} ${one}`);
    else out.write(`${now()} ${context.redactor.text(line)}\n`);
  };
  try {
    const directory = history === undefined ? undefined : await folder(resolve(cwd, history), history);
    await serve({
      wanted: { names, cwd, ...(config !== undefined && { config }), ...(project && { projects: project }) },
      listen,
      limits: { wire: options.atOnce, deep: options.browsers },
      ...(directory !== undefined && { keeping: { directory, keepMs: keep } }),
      version,
      ...(vantage !== undefined && { vantage }),
      log,
      ...(verbose && { verbose }),
      signal: interrupt.signal,
      onReload: (reload) => void reloads.add(reload),
    });
    return exitCodes.pass;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return exitCodes.pass;
  } finally {
    interrupt.dispose();
  }
}

const now = (): string => new Date().toISOString().slice(0, 19).concat('Z');

async function folder(path: string, shown: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return path;
  } catch (error) {
    throw unusable(shown, error as NodeJS.ErrnoException);
  }
}
