/** Where the configuration file is. */
import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { ConfigurationError } from './environment.js';

export const usualFile = 'livekit-doctor.yaml';

export interface ConfigurationPlace {
  readonly path: string;
  /** How messages call it: as the user wrote it, or relative to `cwd`. */
  readonly shown: string;
}

/**
 * The file that was asked for, else the first `livekit-doctor.yaml` from `cwd` upwards; undefined: there is none. Throws
 * a `ConfigurationError` where the one that was asked for is not there, and where the one above is somebody else's.
 */
export function findConfiguration(cwd: string, config?: string): ConfigurationPlace | undefined {
  if (config !== undefined) {
    const path = resolve(cwd, config);
    if (!existsSync(path)) throw new ConfigurationError(`${config}: there is no such file`);
    return { path, shown: config };
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, usualFile);
    if (existsSync(path)) {
      const shown = relative(cwd, path);
      if (shown !== usualFile) refuseStrangers(path, shown, cwd);
      return { path, shown };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whoever may write to `/tmp` could have our variables sent to a server of their own. */
function refuseStrangers(path: string, shown: string, cwd: string): void {
  const owner = statSync(path).uid;
  const trusted = [userInfo().uid, 0, statSync(cwd).uid];
  if (trusted.includes(owner)) return;
  throw new ConfigurationError(`${shown} belongs to another user, and is only read if you say so: --config ${shown}`);
}
