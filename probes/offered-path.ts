/** Which paths there is any sense in trying with participants. */
import { isRelayed, pathOfUrl } from '../browser/page/candidates.js';
import type { Path } from '../evidence/run.js';
import type { Known } from './probe.js';

/**
 * False only once it is known that the server offers nothing of the kind; hardly any offers TURN over plain TCP. A path
 * that cannot be had where the environment runs stays, so that it ends as `unsupported` with the reason.
 */
export function mayBeOffered({ environment, shared }: Known, path: Path): boolean {
  if (environment.unsupportedPaths?.[path]) return true;
  if (isRelayed(path)) return shared.iceServers?.some(({ url }) => pathOfUrl(url) === path) ?? path !== 'turn-tcp';
  const { complete, candidates } = shared.iceSession ?? { complete: false, candidates: [] };
  return !complete || candidates.some(({ protocol }) => protocol === path);
}
