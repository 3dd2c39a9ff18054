/** `--history` of what only reads: the folder in which `check --history` keeps runs. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../environment/environment.js';
import type { Depth } from '../evidence/run.js';
import { type History, readHistory } from '../run/history.js';
import type { Context } from './context.js';

/** Runs of any depth, unless one is wanted. Throws a `ConfigurationError` where there is no such folder. */
export function keptIn(folder: string, { cwd }: Context, depth?: Depth): History {
  const directory = resolve(cwd, folder);
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw new ConfigurationError(`--history: there is no folder ${folder}`);
  return readHistory(directory, depth && { depth });
}
