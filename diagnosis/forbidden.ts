/** Paths that must not work from this vantage (`paths.forbidden`), and what that means for the rules. */
import type { Evidence, Observation, Path } from '../evidence/run.js';
import { isForbidden, offeredPaths } from './offered.js';

const turnPaths: readonly Path[] = ['turn-udp', 'turn-tcp', 'turn-tls'];

/** Whose observation it is: of `ice-udp:…`, `turn-tls:…`, `peer:udp`, `media:udp:firefox`. */
function pathOf({ probe, id }: Observation): string | undefined {
  if (probe === 'peer' || probe === 'media') return id.split(':')[1];
  return probe.replace(/^ice-/, '');
}

/**
 * The evidence without what did not work of forbidden paths: that is as it should be, so no rule has anything to explain.
 * What worked of them stays.
 */
export function withoutForbidden(evidence: Evidence): Evidence {
  const { forbidden = [] } = evidence.claims.paths ?? {};
  if (forbidden.length === 0) return evidence;
  const offered = offeredPaths(evidence);
  const noTurn = turnPaths.every((path) => isForbidden(evidence, path) || !offered.has(path));
  const asItShouldBe = (one: Observation): boolean => {
    const { probe, state, facts } = one;
    if (facts.role === 'turn' && state === 'failed') {
      return probe === 'tls' ? isForbidden(evidence, 'turn-tls') : probe === 'dns' && noTurn;
    }
    if (!forbidden.some((path) => path === pathOf(one))) return false;
    const elsewhere = facts.origin !== undefined && facts.origin !== 'advertised';
    return state !== 'ok' || elsewhere;
  };
  return { ...evidence, observations: evidence.observations.filter((one) => !asItShouldBe(one)) };
}
