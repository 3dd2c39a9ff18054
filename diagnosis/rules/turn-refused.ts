/** TURN that answers, and gives no relay: credentials, quotas, and every other error response. */
import type { TurnError } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { type TurnCheck, turnChecks, worked } from '../checks.js';
import { ids, signalling } from '../look.js';
import { type Alternative, rule } from '../rule.js';
import { errorOf, type RelayArgs, relayFindings, urlsOf } from '../turn-answers.js';
import { list, moment } from '../words.js';
import { isDenied } from './turn-relay.js';

/**
 * RFC 8656 §7.2: 401 after a request that carried credentials; 441 for other ones than the allocation's. LiveKit's own
 * TURN (pion) says 400 instead of 401.
 */
function isRejected(check: TurnCheck): boolean {
  const { step, code } = errorOf(check) ?? {};
  if (step === 'channel' || check.facts.realm === undefined) return false;
  return code === 401 || code === 441 || (code === 400 && step === 'allocate');
}

const isFull = (error: TurnError | undefined): boolean => error?.code === 486 || error?.code === 508;

/** LiveKit's own; its credentials carry no time that could be read. */
const isEmbedded = ({ facts }: TurnCheck): boolean => facts.realm === 'livekit';

/** How long before they were used they expired, by the clock of livekit-server, or by ours where that is not known. */
function expiredForMs(evidence: Evidence, { facts: { credentialsExpireAt, usedAt } }: TurnCheck): number | undefined {
  if (!credentialsExpireAt || !usedAt) return undefined;
  const skewMs = signalling(evidence)?.facts.clockSkewMs ?? 0;
  return Date.parse(usedAt) + skewMs - Date.parse(credentialsExpireAt);
}

const isExpired = (evidence: Evidence, check: TurnCheck): boolean =>
  isRejected(check) && (expiredForMs(evidence, check) ?? 0) > 0;

const compareSecrets =
  "Compare `rtc.turn_servers[].secret` with the TURN server's (coturn: `static-auth-secret`): if they are the same, it is the time.";

interface ExpiredArgs extends RelayArgs {
  expiredAt: string;
  /** Minutes. */
  ago: number;
}

export const turnCredentialsExpired = rule<ExpiredArgs>({
  code: 'turn-credentials-expired',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) => {
    const clockKnown = signalling(evidence)?.facts.clockSkewMs !== undefined;
    return relayFindings(
      evidence,
      (check) => isExpired(evidence, check),
      'turn',
      () =>
        // Only our own clock says so.
        clockKnown ? [] : [{ code: 'turn-credentials-rejected', separateBy: compareSecrets }],
    ).map((found) => {
      const [check] = turnChecks(evidence).filter((one) => isExpired(evidence, one));
      const expiredAt = check?.facts.credentialsExpireAt ?? '';
      const ago = Math.max(1, Math.round(((check && expiredForMs(evidence, check)) ?? 0) / 60_000));
      const server = clockKnown ? ids(signalling(evidence)) : [];
      return { ...found, args: { ...found.args, expiredAt, ago }, evidence: [...found.evidence, ...server] };
    });
  },
  prose: (args) => ({
    summary: `The TURN credentials for ${urlsOf(args)} were ${args.ago} min past their expiry when livekit-server handed them out.`,
    cause: `Their user name says that they end at ${moment(args.expiredAt)}, and the TURN server answered ${args.error?.code ?? 401}: the time that they live is not positive, or the clock of livekit-server is behind.`,
    fix: 'Set `rtc.turn_servers[].ttl` to seconds that outlast a call (default 14400), and keep the clocks of livekit-server and of the TURN server right (`timedatectl`, chrony).',
  }),
});

const embeddedFix =
  'Give all pods the same `keys` and restart them (`kubectl rollout restart deployment/RELEASE-livekit-server`), and let the TURN load balancer lead to no pod of another release.';

export const turnCredentialsRejected = rule<RelayArgs & { embedded: boolean }>({
  code: 'turn-credentials-rejected',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) =>
    relayFindings(
      evidence,
      (check) => isRejected(check) && !isExpired(evidence, check),
      'turn',
      ([check]): Alternative[] => {
        if (!check || isEmbedded(check)) return [];
        const refused = check.facts.error?.code === 400;
        return [
          ...(check.facts.credentialsExpireAt
            ? [
                {
                  code: 'turn-credentials-expired',
                  separateBy: `Compare the clock of the TURN server (\`date -u\` there) with ${moment(check.facts.credentialsExpireAt)}, when these credentials end.`,
                },
              ]
            : []),
          ...(refused
            ? [
                {
                  code: 'turn-request-refused',
                  separateBy:
                    'Look into the log of the TURN server: 400 means other credentials to some servers, and a malformed request to others.',
                },
              ]
            : []),
        ];
      },
    ).map((found) => {
      const checks = turnChecks(evidence).filter(({ id }) => found.evidence.includes(id));
      return { ...found, args: { ...found.args, embedded: checks.some(isEmbedded) } };
    }),
  prose: (args) => ({
    summary: `The TURN server ${urlsOf(args)} rejects the credentials that livekit-server hands out for it.`,
    cause: args.embedded
      ? `It answered ${args.error?.code ?? 400} to an authenticated request: it is LiveKit's own TURN, but of a server with other \`keys\` than the one that handed the credentials out, as when keys were rotated and not all pods were restarted.`
      : `It answered ${args.error?.code ?? 401} to an authenticated request: its shared secret (coturn: \`static-auth-secret\`) and \`rtc.turn_servers[].secret\` differ, or the user name of a static account is wrong.`,
    fix: args.embedded
      ? embeddedFix
      : 'Set `rtc.turn_servers[].secret` (or `username` and `credential`) to what the TURN server is configured with.',
  }),
});

/** RFC 8656 §7.2: 486 Allocation Quota Reached, 508 Insufficient Capacity. */
export const turnQuotaExceeded = rule<RelayArgs>({
  code: 'turn-quota-exceeded',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) => relayFindings(evidence, (check) => isFull(errorOf(check)), 'turn'),
  prose: (args) => ({
    summary: `The TURN server ${urlsOf(args)} has no room for another relay.`,
    cause:
      args.error?.code === 486
        ? 'It answered 486: the quota of allocations for this user is used up.'
        : 'It answered 508: it has no relay port left, so its range is too small or is used up.',
    fix: 'Widen the range `turn.relay_range_start` to `turn.relay_range_end` (coturn: `min-port`, `max-port`) or raise the quota (coturn: `user-quota`, `total-quota`).',
  }),
});

const affinity =
  'Let a client stay with one server (Service: `sessionAffinity: ClientIP`; load balancer: hash by source address), or give each TURN server an address of its own.';

/** Cause and fix by code (RFC 8489 §14.8, RFC 8656 §19.9). */
const refusals: Readonly<Record<number, readonly [cause: string, fix: string]>> = {
  300: ['it sends its clients to another server', 'Hand out the address of that server (`rtc.turn_servers[].host`).'],
  400: [
    'it speaks STUN and calls the request a bad one, which is what a server for STUN alone does',
    'Switch relaying on at that server (coturn: remove `stun-only`), or take it out of `rtc.turn_servers`.',
  ],
  403: [
    'it forbids this client to relay at all',
    'Allow the networks of your participants at the TURN server (coturn: `allowed-peer-ip`, no `denied-peer-ip` for clients).',
  ],
  437: [
    'the request reached a server that knows nothing of the allocation, so several servers stand behind this address',
    affinity,
  ],
  438: [
    'each nonce was stale at once, so the requests reached several servers in turns that do not know the nonces of each other',
    affinity,
  ],
  440: [
    'it has no relay address of the family (IPv4 or IPv6) that the media address has',
    'Give it an address of that family to relay from (`rtc.node_ip` and `turn.bind_addresses`; coturn: `relay-ip`).',
  ],
  442: ['it does not relay UDP', 'Allow it to (coturn: remove `no-udp-relay`).'],
  443: [
    'the relay has an address of another family (IPv4 or IPv6) than the media',
    'Give the TURN server a relay address of the family of `rtc.node_ip` (coturn: `relay-ip`).',
  ],
  500: ['something went wrong inside it', 'Look into its log at that moment, and restart it.'],
};

/** Every error response that has no code of its own. */
export const turnRequestRefused = rule<RelayArgs>({
  code: 'turn-request-refused',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const isOther = (check: TurnCheck): boolean =>
      errorOf(check) !== undefined && !isRejected(check) && !isFull(errorOf(check)) && !isDenied(check);
    const codes = new Set(
      turnChecks(evidence).flatMap((one) => (!worked(one) && isOther(one) ? [errorOf(one)?.code] : [])),
    );
    return [...codes].flatMap((code) =>
      relayFindings(evidence, (check) => isOther(check) && errorOf(check)?.code === code, 'turn'),
    );
  },
  prose(args) {
    const { step = 'allocate', code = 0, reason = '' } = args.error ?? {};
    const [cause, fix] = refusals[code] ?? ['no more than that is known', 'Look into its log at that moment for why.'];
    const request = {
      allocate: 'Allocate',
      permission: 'CreatePermission',
      channel: 'ChannelBind',
      refresh: 'Refresh',
    };
    return {
      summary: `The TURN server ${urlsOf(args)} refuses a request: ${list([`${code} ${reason}`.trim()])}.`,
      cause: `It answered ${code} to ${request[step]}: ${cause}.`,
      fix,
    };
  },
});
