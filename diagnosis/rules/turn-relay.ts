/** TURN answers, but refuses, or what it relays does not arrive. */
import type { Role, TurnError } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { splitAddress } from '../address.js';
import { destination, iceChecks, orWrongAddress, type TurnCheck, turnChecks, worked } from '../checks.js';
import { ids, joined, kindOf } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { at, list } from '../words.js';

interface RelayArgs {
  target: Role;
  addresses: string[];
  /** All of the same fault: one server often has several URLs. */
  urls: string[];
  /** Candidates of the server to which the relay was asked to send. */
  candidates: string[];
  error?: TurnError;
}

/** One finding for all URLs with the same fault. */
function relayFindings(evidence: Evidence, matches: (check: TurnCheck) => boolean, about: 'turn' | 'candidates') {
  const checks = turnChecks(evidence).filter((check) => !worked(check) && matches(check));
  const [first] = checks;
  if (!first) return [];
  const tried = checks.flatMap(({ facts }) => facts.relayedChecks.map(({ candidate }) => candidate));
  const offered = (joined(evidence)?.candidates ?? []).filter(({ protocol }) => protocol === 'udp');
  const candidates = [...new Set(tried.length > 0 ? tried : offered.map(({ address, port }) => at(address, port)))];
  const addresses =
    about === 'turn'
      ? checks.map(({ facts }) => facts.address)
      : candidates.map((candidate) => splitAddress(candidate).address);
  // A relay to a port that nobody reaches proves nothing about the relay.
  const direct = iceChecks(evidence, 'udp').filter((check) => worked(check) && candidates.includes(destination(check)));
  const alternatives =
    about === 'turn' || direct.length > 0
      ? []
      : [...orWrongAddress(evidence, addresses), ...(first.facts.error ? [] : [orFiltered(candidates)])];
  const args: RelayArgs = {
    target: 'turn',
    addresses: [...new Set(addresses)],
    urls: [...new Set(checks.map(({ facts }) => facts.url))],
    candidates,
    ...(first.facts.error && { error: first.facts.error }),
  };
  return [
    {
      args,
      evidence: ids(...checks, ...direct),
      severity: severityOf(evidence, ...checks.map((check) => check.probe)),
      alternatives,
    },
  ];
}

const orFiltered = (candidates: readonly string[]) => ({
  code: 'udp-filtered',
  separateBy: `Check UDP ${list(candidates) || 'to the media port'} without a relay: if that is silent too, the port itself is closed or filtered.`,
});

const code = (check: TurnCheck): number | undefined =>
  kindOf(check) === 'turn-error' ? check.facts.error?.code : undefined;

const urlsOf = ({ urls }: RelayArgs): string => list(urls.map((url) => `\`${url}\``));

/** RFC 8656 §7.2: 401 after a request that carried credentials; 441 for other ones than the allocation's. */
export const turnCredentialsRejected = rule<RelayArgs>({
  code: 'turn-credentials-rejected',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) => relayFindings(evidence, (check) => [401, 441].includes(code(check) ?? 0), 'turn'),
  prose: (args) => ({
    summary: `The TURN server ${urlsOf(args)} rejects the credentials that livekit-server hands out for it.`,
    cause: `It answered ${args.error?.code ?? 401} to an authenticated request: its shared secret (coturn: \`static-auth-secret\`) and \`rtc.turn_servers[].secret\` differ, or the user name of a static account is wrong.`,
    fix: 'Set `rtc.turn_servers[].secret` (or `username` and `credential`) to what the TURN server is configured with; for embedded TURN restart all pods so that they hold the same `keys`.',
  }),
});

/** RFC 8656 §9.2: 403 Forbidden for a peer address that policy denies. */
export const turnPeerDenied = rule<RelayArgs>({
  code: 'turn-peer-denied',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'media-address-private', 'media-address-wrong'],
  find: (evidence) => relayFindings(evidence, (check) => code(check) === 403, 'candidates'),
  prose: (args) => ({
    summary: `TURN (${urlsOf(args)}) refuses to relay to the media address ${list(args.addresses)}.`,
    cause: `It answered 403: its policy denies this peer, and since livekit-server 1.12 embedded TURN denies every private, loopback and link-local address unless it is allowed.`,
    fix: `Allow it with \`turn.allow_restricted_peer_cidrs: [${args.addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`).join(', ')}]\` and take it out of \`turn.deny_peer_cidrs\` (coturn: \`allowed-peer-ip\`, \`denied-peer-ip\`).`,
  }),
});

/** RFC 8656 §7.2: 486 Allocation Quota Reached, 508 Insufficient Capacity. */
export const turnQuotaExceeded = rule<RelayArgs>({
  code: 'turn-quota-exceeded',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) => relayFindings(evidence, (check) => [486, 508].includes(code(check) ?? 0), 'turn'),
  prose: (args) => ({
    summary: `The TURN server ${urlsOf(args)} has no room for another relay.`,
    cause:
      args.error?.code === 486
        ? 'It answered 486: the quota of allocations for this user is used up.'
        : 'It answered 508: it has no relay port left, so its range is too small or is used up.',
    fix: 'Widen the range `turn.relay_range_start` to `turn.relay_range_end` (coturn: `min-port`, `max-port`) or raise the quota (coturn: `user-quota`, `total-quota`).',
  }),
});

export const turnRelayRangeBlocked = rule<RelayArgs>({
  code: 'turn-relay-range-blocked',
  severity: 'error',
  explainedBy: [
    'dns-wrong-address',
    'media-address-private',
    'media-address-wrong',
    'media-address-silent',
    'udp-filtered',
    'udp-port-closed',
    'udp-not-offered',
  ],
  find: (evidence) => relayFindings(evidence, (check) => kindOf(check) === 'no-relayed-answer', 'candidates'),
  prose: (args) => ({
    summary: `TURN (${urlsOf(args)}) grants a relay, but what goes through it never reaches the media port${args.candidates.length > 0 ? ` ${list(args.candidates)}` : ''}.`,
    cause:
      'Allocation and permission succeed, and checks through the relay are not answered: a firewall stands between the relay ports of the TURN server and the UDP media port.',
    fix: `Allow UDP from the TURN server's relay ports (\`turn.relay_range_start\` to \`turn.relay_range_end\`, by default 30000 to 40000; coturn: \`min-port\` to \`max-port\`) to ${list(args.candidates) || 'the media port'} and back.`,
  }),
});
