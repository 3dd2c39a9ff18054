/** The environment that a contestant is given, in a file of its own. */
import type { Environment } from '../../environment/environment.js';
import { loadEnvironments } from '../../environment/load.js';

type WithKey = Environment & { readonly auth: Extract<Environment['auth'], { readonly apiKey: string }> };

/** Throws where the first environment of `config` has no API key. */
export async function environmentWithKey(config: string): Promise<WithKey> {
  const [environment] = await loadEnvironments({ arguments: [], config, cwd: process.cwd(), env: process.env });
  if (!environment || typeof environment === 'string' || !('apiKey' in environment.auth)) {
    throw new Error('the environment has no API key');
  }
  return { ...environment, auth: environment.auth };
}
