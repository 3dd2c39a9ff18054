/** The environments that a command line means. */
import { type ConfigurationPlace, usualFile } from '../environment/discover.js';
import type { Environment } from '../environment/environment.js';
import { type embedded, loadEnvironments } from '../environment/load.js';
import { type Context, insideMark } from './context.js';

export interface Wanted {
  readonly config?: string;
  readonly project?: string[];
}

/** Says which file is read where the user could take it for another. Throws `ConfigurationError`. */
export function load(
  names: readonly string[],
  { config, project }: Wanted,
  { cwd, env, progress }: Context,
  onFile?: (place: ConfigurationPlace) => void,
): Promise<(Environment | typeof embedded)[]> {
  return loadEnvironments({
    arguments: names,
    cwd,
    env,
    ...(project && { projects: project }),
    ...(config !== undefined && { config }),
    onFile: (place) => {
      if (place.shown !== usualFile && env[insideMark] === undefined) progress.write(`Reading ${place.shown}\n`);
      onFile?.(place);
    },
  });
}
