import type { Claims } from '../evidence/run.js';
import type { AuthEntry } from './auth-schema.js';
import { durationMs } from './duration.js';
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

/** Of what the schema let through. */
export function authOf({ apiKey, apiSecret, tokenEndpoint, headers, token }: AuthEntry): Auth {
  if (apiKey !== undefined && apiSecret !== undefined) return { apiKey, apiSecret };
  if (tokenEndpoint === undefined) return { token: token ?? '' };
  if (typeof tokenEndpoint === 'string') return { tokenEndpoint: new URL(tokenEndpoint), headers: headers ?? {} };
  const { url, method, body, headers: own = {}, token: tokenAt, serverUrl: serverUrlAt } = tokenEndpoint;
  return {
    tokenEndpoint: new URL(url),
    headers: own,
    ...(method && { method }),
    ...(body !== undefined && { body }),
    ...(tokenAt !== undefined && { tokenAt }),
    ...(serverUrlAt !== undefined && { serverUrlAt }),
  };
}

/** What should hold for tokens that are not minted here; undefined where nothing is claimed. */
export function tokenClaims({ tokenEndpoint, maxTtl, mayGrant }: AuthEntry): Claims['token'] {
  const within = typeof tokenEndpoint === 'object' ? tokenEndpoint.answerWithin : undefined;
  const maxTtlMs = durationMs(maxTtl ?? '');
  const answerWithinMs = durationMs(within ?? '');
  const claimed = {
    ...(maxTtlMs !== undefined && { maxTtlMs }),
    ...(mayGrant && { mayGrant }),
    ...(answerWithinMs !== undefined && { answerWithinMs }),
  };
  return Object.keys(claimed).length > 0 ? claimed : undefined;
}
