/** An environment as text, for another process. It holds secrets. */
import type { Environment } from '../environment/environment.js';

export const packed = (environment: Environment): string => JSON.stringify(environment);

/** URLs are texts in JSON. */
export function unpacked(text: string): Environment {
  const { url, auth, ...others } = JSON.parse(text) as Environment;
  const ready = 'tokenEndpoint' in auth ? { ...auth, tokenEndpoint: new URL(auth.tokenEndpoint) } : auth;
  return { ...others, url: new URL(url), auth: ready };
}
