/** What the place is called that a run is made from: the flag, else the variable, else the machine's own name. */
import { ConfigurationError } from '../environment/environment.js';
import { printable } from '../evidence/text.js';
import type { Context } from './context.js';

const mostCharacters = 100;

/** Undefined: as the machine is called. Throws a `ConfigurationError` for what no report could show. */
export function vantageName(flag: string | undefined, { env }: Pick<Context, 'env'>): string | undefined {
  const name = flag ?? (env.LIVEKIT_DOCTOR_VANTAGE || undefined);
  if (name === undefined) return undefined;
  const source = flag === undefined ? 'LIVEKIT_DOCTOR_VANTAGE' : '--vantage';
  if (name.trim() === '') throw new ConfigurationError(`${source}: expected a name, like office or eu-west-1`);
  if (name.length > mostCharacters) throw new ConfigurationError(`${source}: at most ${mostCharacters} characters`);
  if (printable(name) !== name) throw new ConfigurationError(`${source}: a name has no control characters`);
  return name;
}
