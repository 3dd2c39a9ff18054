/** livekit-server is another one than the claimed: its version, its region. */
import satisfies from 'semver/functions/satisfies.js';
import { ids, joined, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';

interface UnexpectedArgs extends Args {
  expected: string;
  /** As the join response says it; empty where it says nothing. */
  observed: string;
}

export const serverVersionUnexpected = rule<UnexpectedArgs>({
  code: 'server-version-unexpected',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const expected = evidence.claims.server?.version;
    const observed = joined(evidence)?.serverVersion;
    if (expected === undefined || observed === undefined) return [];
    if (satisfies(observed, expected, { includePrerelease: true, loose: true })) return [];
    return [{ args: { expected, observed }, evidence: ids(signalling(evidence)) }];
  },
  prose: ({ expected, observed }) => ({
    summary: `livekit-server ${observed ? `is of version ${observed}` : 'does not say its version'}, and the environment claims ${expected}.`,
    cause: `The version that the join response names is not within \`server.version: "${expected}"\`: livekit-server was upgraded or rolled back, some of its nodes were, or the URL leads to another deployment.`,
    fix: `Deploy a version within ${expected} (Helm: \`image.tag\`), or set \`server.version\` to a range that has ${observed || 'the version in use'}.`,
  }),
});

export const serverRegionUnexpected = rule<UnexpectedArgs>({
  code: 'server-region-unexpected',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const expected = evidence.claims.server?.region;
    const observed = joined(evidence)?.region;
    if (expected === undefined || observed === undefined || observed === expected) return [];
    return [{ args: { expected, observed }, evidence: ids(signalling(evidence)) }];
  },
  prose: ({ expected, observed }) => ({
    summary: `livekit-server is ${observed ? `in the region ${observed}` : 'in no region that it knows of'}, and the environment claims ${expected}.`,
    cause: `The join response names ${observed ? `\`${observed}\`` : 'no region'}, and \`server.region\` claims \`${expected}\`: the node's configuration was changed, or the name leads people to a node elsewhere.`,
    fix: `Set \`region: ${expected}\` in livekit-server's configuration, or have the name lead to the nodes of that region; or set \`server.region${observed ? `: ${observed}` : ''}\` in the environment if that is how it should be.`,
  }),
});
