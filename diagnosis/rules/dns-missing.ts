/** Names that do not lead to an address. */
import type { Role, Seen } from '../../evidence/facts.js';
import type { Evidence, Path } from '../../evidence/run.js';
import { joined, signalling } from '../look.js';
import { names, resolversOf } from '../names.js';
import { isUnusedTurnHost, severityOf, turnPath } from '../offered.js';
import { type Alternative, rule } from '../rule.js';
import { list } from '../words.js';

interface NameArgs {
  target: Role;
  name: string;
  resolvers: string[];
  /** The claimed address. */
  expected?: string;
}

/** Paths that need a TURN host: by its name in the join response, else any that TURN can serve. */
function pathsOf(evidence: Evidence, host: string): Path[] {
  const urls = signalling(evidence)?.facts.join?.iceServers.map(({ url }) => url) ?? [];
  const paths = urls.filter((url) => url.toLowerCase().includes(`:${host}`)).map(turnPath);
  const found = paths.filter((path) => path !== undefined);
  return found.length > 0 ? found : ['turn-tls'];
}

/** Nobody knows what the server hands out. */
function orOtherName({ claims }: Evidence, name: string): Alternative[] {
  const claimed = claims.turn?.host;
  const code = claimed === undefined || claimed === name ? 'turn-host-drift' : 'turn-host-wrong';
  const separateBy = `Look at the TURN URLs of a join response: they say whether \`${name}\` is the name that \`turn.domain\` has now.`;
  return [{ code, separateBy }];
}

function nameFindings(evidence: Evidence, all: readonly Seen<'dns'>[]) {
  const found = all.filter(({ facts: { role, name } }) => role === 'signal' || !isUnusedTurnHost(evidence, name));
  return found.map(({ id, facts }) => {
    const { name, role } = facts;
    const expected = role === 'signal' ? evidence.claims.dns?.signal : evidence.claims.turn?.address;
    return {
      args: {
        target: role,
        name,
        resolvers: resolversOf(facts.answers),
        ...(expected && { expected }),
      },
      evidence: [id],
      severity: role === 'signal' ? ('error' as const) : severityOf(evidence, ...pathsOf(evidence, name)),
    };
  });
}

const recordFor = ({ name, expected, target }: NameArgs): string =>
  `an A (or AAAA) record for \`${name}\` that points at ${
    expected ?? (target === 'signal' ? "the ingress load balancer's address" : "the TURN load balancer's address")
  }`;

export const dnsNameMissing = rule<NameArgs>({
  code: 'dns-name-missing',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    nameFindings(
      evidence,
      names(evidence, 'missing').filter(({ facts }) => facts.role === 'signal'),
    ),
  prose: (args) => ({
    summary: `The name \`${args.name}\` does not exist, so nobody can reach the signalling.`,
    cause: `DNS answered NXDOMAIN (asked: ${list(args.resolvers)}): the record was never made, was removed, or is misspelt in the URL.`,
    fix: `Create ${recordFor(args)}, or correct the host in the URL.`,
  }),
});

export const turnNameMissing = rule<NameArgs>({
  code: 'turn-name-missing',
  severity: 'error',
  explainedBy: ['vantage-offline', 'turn-host-wrong'],
  find: (evidence) =>
    nameFindings(
      evidence,
      names(evidence, 'missing').filter(({ facts }) => facts.role === 'turn'),
    ).map((found) => ({ ...found, alternatives: joined(evidence) ? [] : orOtherName(evidence, found.args.name) })),
  prose: (args) => ({
    summary: `The TURN host \`${args.name}\`, which the server hands out to every participant, does not exist in DNS.`,
    cause: `DNS answered NXDOMAIN for it (asked: ${list(args.resolvers)}), while the signalling host resolves.`,
    fix: `Create ${recordFor(args)}, or set \`turn.domain\` to the name that exists.`,
  }),
});

export const dnsNoAddress = rule<NameArgs>({
  code: 'dns-no-address',
  severity: 'error',
  explainedBy: ['vantage-offline', 'turn-host-wrong'],
  find: (evidence) => nameFindings(evidence, names(evidence, 'no-address')),
  prose: (args) => ({
    summary: `The name \`${args.name}\` exists, but it has no address.`,
    cause: `DNS answered NOERROR with neither an A nor an AAAA record (asked: ${list(args.resolvers)}).`,
    fix: `Create ${recordFor(args)}; other records of the name do not lead anywhere.`,
  }),
});

export const dnsServerFailure = rule<NameArgs>({
  code: 'dns-server-failure',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) => nameFindings(evidence, names(evidence, 'failure')),
  prose: (args) => ({
    summary: `DNS fails for \`${args.name}\`: the resolvers answer with an error instead of an address.`,
    cause: `${list(args.resolvers)} answered with an error such as SERVFAIL or REFUSED: the zone's own servers are broken, unreachable or badly signed.`,
    fix: `Repair the zone of \`${args.name}\` at its name servers (\`dig +trace ${args.name}\` shows where it breaks).`,
  }),
});

export const dnsDnssecInvalid = rule<NameArgs>({
  code: 'dns-dnssec-invalid',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) => nameFindings(evidence, names(evidence, 'invalid')),
  prose: (args) => ({
    summary: `Resolvers that check DNSSEC refuse the address of \`${args.name}\`, because its signature is not valid.`,
    cause: `${list(args.resolvers)} answered SERVFAIL, but gave an answer to a question with checking disabled (CD=1): the RRSIG has expired or does not fit, or the DS record at the parent is of an old key.`,
    fix: `Sign the zone of \`${args.name}\` again, or set the DS record at the registrar to the key in use (\`delv ${args.name}\` says what does not fit).`,
  }),
});
