import { type Auth, ConfigurationError } from './environment.js';
import type { Variables } from './interpolate.js';

/**
 * What the variables say that LiveKit's own CLI reads too, and `LIVEKIT_TOKEN`. Throws a `ConfigurationError` that
 * names the variables which are missing and begins with `who`, a clause like `staging has no auth`.
 */
export function credentialsFromVariables(variables: Variables, who: string): Auth {
  const { LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret, LIVEKIT_TOKEN: token } = variables;
  if (apiKey && apiSecret) return { apiKey, apiSecret };
  if (token && !apiKey && !apiSecret) return { token };
  const missing = [!apiKey && 'LIVEKIT_API_KEY', !apiSecret && 'LIVEKIT_API_SECRET'].filter(Boolean);
  const otherwise = missing.length === 2 ? ' (or LIVEKIT_TOKEN)' : '';
  throw new ConfigurationError(
    `${who}, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set${otherwise}`,
  );
}
