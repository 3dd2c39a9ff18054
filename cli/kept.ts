/** `--history` of what only reads: the folder in which `check --history` keeps runs. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../environment/environment.js';
import { type History, readHistory } from '../run/history.js';
import type { Context } from './context.js';

/** Throws a `ConfigurationError` where there is no such folder. */
export function keptIn(folder: string, { cwd }: Context): History {
  const directory = resolve(cwd, folder);
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw new ConfigurationError(`--history: there is no folder ${folder}`);
  return readHistory(directory);
}
