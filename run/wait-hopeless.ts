/** What does not heal however long a deployment is waited for. */
import type { Environment } from '../environment/environment.js';
import { type EnvironmentRun, layers } from '../evidence/run.js';

/** What this machine lacks, by the kind of failure: a browser, WebRTC for Node, a port of its own. */
const ours = new Set(['browser-missing', 'browser-launch', 'library', 'vantage']);
/** What a token says of itself, which is not made anew where somebody else has made it. */
const inToken = new Set(['token-time-invalid', 'token-grant-missing']);

/**
 * Whether there is nothing left that the deployment could bring about. A key that the server does not know, or a secret
 * that is another one, heals when its pods are rolled; names, certificates, addresses and ports are being made.
 */
export function neverHeals({ auth }: Environment, { verdict, findings, paths, observations }: EnvironmentRun): boolean {
  if ('token' in auth && findings.some(({ code, severity }) => severity === 'error' && inToken.has(code))) return true;
  if (verdict !== 'inconclusive') return false;
  const required = Object.values(paths).filter((path) => path.required);
  const open = required.flatMap((path) => layers.map((layer) => path[layer] ?? 'ok').filter((state) => state !== 'ok'));
  const unsupported = observations.filter(({ state }) => state === 'unsupported');
  return (
    open.length > 0 &&
    open.every((state) => state === 'unsupported') &&
    unsupported.every(({ failure }) => ours.has(failure?.kind ?? ''))
  );
}
