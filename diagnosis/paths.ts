/** The table of paths × layers: what was proven of each way for media. */
import type { Evidence, Layer, Observation, Path, PathResult, State } from '../evidence/run.js';
import { allPaths, depths, layers } from '../evidence/run.js';
import { ownId } from '../evidence/vantages.js';
import { isAsked, isForbidden, offeredPaths, requiredPaths } from './offered.js';

/** The probe that proves `reach` of a path. */
const reachProbes = {
  udp: 'ice-udp',
  tcp: 'ice-tcp',
  'turn-udp': 'turn-udp',
  'turn-tcp': 'turn-tcp',
  'turn-tls': 'turn-tls',
} as const satisfies Record<Path, string>;

/** A limit of libwebrtc in Node: no TURN over TCP or TLS (FACTS: a private CA fails, a refusal raises no event). */
const withoutPeer: readonly Path[] = ['turn-tcp', 'turn-tls'];

const neededDepth = { reach: 'wire', peer: 'peer', media: 'media' } as const;

/** A path that was not asked for is absent, and so is a layer. */
export function judgePaths(evidence: Evidence): Partial<Record<Path, PathResult>> {
  const required = requiredPaths(evidence);
  const offered = offeredPaths(evidence);
  const result: Partial<Record<Path, PathResult>> = {};
  for (const path of allPaths) {
    if (!isAsked(evidence, path)) continue;
    // Hardly any deployment has TURN over plain TCP, so it is only shown where it means something.
    if (path === 'turn-tcp' && !offered.has(path) && !required.has(path) && !isForbidden(evidence, path)) continue;
    const states = layers.flatMap((layer) => {
      const state = layerState(evidence, path, layer);
      return state ? [[layer, state] as const] : [];
    });
    const forbidden = isForbidden(evidence, path) && { forbidden: true as const };
    result[path] = { required: required.has(path), ...forbidden, ...Object.fromEntries(states) };
  }
  return result;
}

/** The observations that prove this layer of this path, or fail to: addresses tried in place of others are not. */
export function proofs(observations: readonly Observation[], path: Path, layer: Layer): Observation[] {
  // With several browsers, each is to prove it: `media:udp:firefox`.
  if (layer !== 'reach') {
    const proof = `${layer}:${path}`;
    return observations.filter((one) => ownId(one) === proof || ownId(one).startsWith(`${proof}:`));
  }
  return observations.filter(
    ({ probe, facts }) => probe === reachProbes[path] && (facts.origin === undefined || facts.origin === 'advertised'),
  );
}

function layerState(evidence: Evidence, path: Path, layer: Layer): State | undefined {
  if (layer === 'peer' && withoutPeer.includes(path)) return undefined;
  const { depth, only } = evidence.asked;
  if (depths.indexOf(depth) < depths.indexOf(neededDepth[layer])) return undefined;
  if (only && !only.includes(layer === 'reach' ? reachProbes[path] : layer)) return undefined;
  const states = proofs(evidence.observations, path, layer).map(({ state }) => state);
  // One address that answers is enough; but in every browser that is asked for people must see each other.
  const order =
    layer === 'media' ? (['failed', 'ok', 'unsupported'] as const) : (['ok', 'failed', 'unsupported'] as const);
  const found = order.find((state) => states.includes(state));
  if (found) return found;
  // The browser layer does not look at TURN over TCP before somebody offers it.
  return states.length === 0 && layer === 'media' && path === 'turn-tcp' ? undefined : 'unreached';
}
