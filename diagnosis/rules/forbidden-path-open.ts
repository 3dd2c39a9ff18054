import type { Layer, Path } from '../../evidence/run.js';
import { layers } from '../../evidence/run.js';
import { destination, type IceCheck, iceChecks, type TurnCheck, turnChecks, worked } from '../checks.js';
import { ids } from '../look.js';
import { isAsked } from '../offered.js';
import { proofs } from '../paths.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface OpenArgs extends Args {
  path: Path;
  /** What the environment claims, and what was seen. */
  expected: 'forbidden';
  observed: 'works';
  /** What was proven of it. */
  layers: Layer[];
  /** `ip:port` of what answered; empty where only participants tried it. */
  destinations: string[];
}

const words: Record<Path, string> = {
  udp: 'UDP',
  tcp: 'TCP',
  'turn-udp': 'TURN over UDP',
  'turn-tcp': 'TURN over TCP',
  'turn-tls': 'TURN over TLS',
};

const proven: Record<Layer, string> = {
  reach: 'authenticated checks were answered',
  peer: 'a data channel between two participants echoed',
  media: 'two browser participants saw and heard each other',
};

export const forbiddenPathOpen = rule<OpenArgs>({
  code: 'forbidden-path-open',
  severity: 'error',
  explainedBy: [],
  find(evidence) {
    const forbidden = evidence.claims.paths?.forbidden ?? [];
    return forbidden
      .filter((path) => isAsked(evidence, path))
      .flatMap((path) => {
        const found = layers.map((layer) => ({
          layer,
          works: proofs(evidence.observations, path, layer).filter(worked),
        }));
        const open = found.filter(({ works }) => works.length > 0);
        if (open.length === 0) return [];
        const seen = open.flatMap(({ works }) => works);
        const checks: (IceCheck | TurnCheck)[] = [...iceChecks(evidence), ...turnChecks(evidence)];
        const destinations = checks.filter((check) => seen.some(({ id }) => id === check.id)).map(destination);
        return [
          {
            args: {
              path,
              expected: 'forbidden' as const,
              observed: 'works' as const,
              layers: open.map(({ layer }) => layer),
              destinations: [...new Set(destinations)],
            },
            evidence: ids(...seen),
          },
        ];
      });
  },
  prose: ({ path, layers: open, destinations }) => ({
    summary: `${words[path]} works from here${destinations.length > 0 ? ` (${list(destinations)} answers)` : ''}, though the environment forbids it (\`paths.forbidden\`).`,
    cause: `${list(open.map((layer) => proven[layer])).replace(/^./, (first) => first.toUpperCase())} by this way alone: the network of this machine lets out what it should not, or the run was made from another network than the claim is about.`,
    fix: `Block ${path === 'turn-tls' || path === 'tcp' || path === 'turn-tcp' ? 'TCP' : 'UDP'}${destinations.length > 0 ? ` to ${list(destinations)}` : ''} in the firewall between this network and the deployment; or, if it may work, move \`${path}\` from \`paths.forbidden\` to \`paths.optional\`.`,
  }),
});
