/** TURN is handed out by another name than the claimed one. */
import { isIP } from 'node:net';
import type { Evidence } from '../../evidence/run.js';
import { turnChecks, worked } from '../checks.js';
import { ids, look, signalling } from '../look.js';
import { handedOut, isUnusedTurnHost, severityOf, turnPath } from '../offered.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface HostArgs {
  target: 'turn';
  addresses: string[];
  /** What `turn.host` claims, and the names that the server hands out. */
  expected: string;
  observed: string[];
  urls: string[];
}

const code = (words: readonly string[]): string => list(words.map((one) => `\`${one}\``));

/** The name differs; with what was seen behind the one that is handed out. */
function renamed(evidence: Evidence) {
  const expected = evidence.claims.turn?.host;
  // TURN over UDP of livekit-server's own is handed out by its address.
  const named = handedOut(evidence).filter(({ host }) => isIP(host) === 0);
  if (!expected || !isUnusedTurnHost(evidence, expected) || isIP(expected)) return [];
  const observed = [...new Set(named.map(({ host }) => host))];
  const checks = turnChecks(evidence).filter(({ facts }) => observed.includes(facts.host));
  const before = [...look(evidence, 'dns'), ...look(evidence, 'tls')].filter(
    ({ facts, state }) => state === 'failed' && observed.includes('host' in facts ? facts.host : facts.name),
  );
  const working = checks.filter(worked);
  const broken = [...before, ...checks.filter((check) => !worked(check))];
  const works = working.length > 0 || broken.length === 0;
  const seen = works ? working : broken;
  const args: HostArgs = {
    target: 'turn',
    addresses: [...new Set((works ? working : checks).map(({ facts }) => facts.address))],
    expected,
    observed,
    urls: named.map(({ url }) => url),
  };
  const paths = named.flatMap(({ url }) => turnPath(url) ?? []);
  return [{ args, works, paths, evidence: ids(signalling(evidence), ...seen) }];
}

/** Whatever is wrong behind the name follows from the name. */
export const turnHostWrong = rule<HostArgs>({
  code: 'turn-host-wrong',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    renamed(evidence).flatMap(({ works, paths, ...found }) =>
      works ? [] : [{ ...found, severity: severityOf(evidence, ...paths) }],
    ),
  prose: ({ expected, observed, urls }) => ({
    summary: `The server hands out TURN at ${code(observed)}, which does not work, instead of the claimed \`${expected}\`.`,
    cause: `The join response has ${code(urls)}, from \`turn.domain\` (or \`rtc.turn_servers\`), and \`turn.host\` claims another name: it was changed, and its record, its certificate or its load balancer did not follow.`,
    fix: `Set \`turn.domain: ${expected}\` again; or make the DNS record of ${code(observed)}, put the name into the TURN certificate, and claim \`turn.host: ${observed[0]}\`.`,
  }),
});

export const turnHostDrift = rule<HostArgs>({
  code: 'turn-host-drift',
  severity: 'warning',
  explainedBy: ['vantage-offline'],
  find: (evidence) =>
    renamed(evidence).flatMap(({ works, args, evidence: seen }) => (works ? [{ args, evidence: seen }] : [])),
  prose: ({ expected, observed, urls }) => ({
    summary: `The server hands out TURN at ${code(observed)} instead of the claimed \`${expected}\`.`,
    cause: `The join response has ${code(urls)}, from \`turn.domain\` (or \`rtc.turn_servers\`), and \`turn.host\` claims another name: it was changed, and the environment was not told.`,
    fix: `Set \`turn.host: ${observed[0]}\` in the environment if that is how it should be; otherwise set \`turn.domain: ${expected}\`.`,
  }),
});
