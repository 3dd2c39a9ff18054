/** What a token allows that somebody else minted. It works all the same, so these warn. */
import type { Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, look } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list, moment, quoted, span } from '../words.js';

/** What the bearer can do: livekit-server's `pkg/service/auth.go` and the services that ask it. */
const powers: Record<string, string> = {
  roomAdmin: 'mute and remove the others in its room, and send for agents',
  roomCreate: 'create and delete every room',
  roomList: 'see the names of all rooms',
  roomRecord: 'record and stream every room',
  ingressAdmin: 'feed streams into every room',
  hidden: 'listen without being seen',
  recorder: 'pass for the recorder',
  agent: 'register as an agent for every room',
  sipAdmin: 'change the telephone trunks',
  sipCall: 'make telephone calls at your cost',
  anyRoom: 'enter every room by naming it (`roomJoin` without `room`)',
};

/** The one of the environment, if it was not minted here and is a JWT. */
function foreign(evidence: Evidence): Seen<'token'> | undefined {
  return look(evidence, 'token')[0];
}

/** Where it was minted, for prose. */
type Origin = Pick<Seen<'token'>['facts'], 'source'>;
const theToken = ({ source }: Origin): string =>
  source === 'endpoint' ? 'The token that the token endpoint gives' : 'The token in the environment';
const minter = ({ source }: Origin): string => (source === 'endpoint' ? 'the token endpoint' : 'whoever mints it');

interface GrantsArgs extends Args, Origin {
  grants: string[];
  /** What the environment says that is meant. */
  mayGrant: string[];
}

export const tokenGrantsTooWide = rule<GrantsArgs>({
  code: 'token-grants-too-wide',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const token = foreign(evidence);
    const claims = token?.facts.claims;
    if (!token || !claims) return [];
    const mayGrant = evidence.claims.token?.mayGrant ?? [];
    const anyRoom = claims.joins && claims.room === undefined;
    const grants = [...claims.grants.filter((name) => !mayGrant.includes(name)), ...(anyRoom ? ['anyRoom'] : [])];
    if (grants.length === 0) return [];
    return [{ args: { source: token.facts.source, grants, mayGrant }, evidence: ids(token) }];
  },
  prose: (args) => {
    const named = args.grants.filter((name) => name !== 'anyRoom').map(codeOf);
    const also = args.mayGrant.length > 0 ? ` beyond the ${list(args.mayGrant.map(codeOf))} that is meant` : '';
    const without = [
      ...(named.length > 0 ? [`leave ${list(named)} out of the token of a participant`] : []),
      ...(args.grants.includes('anyRoom') ? ['name the `room` that it is for'] : []),
    ];
    const meant = named.length > 0 ? '; do the rest on your own server, or list what is meant in `auth.mayGrant`' : '';
    return {
      summary: `${theToken(args)} allows more than taking part in one room${named.length > 0 ? `: ${list(named)}` : ''}.`,
      cause: `Whoever has it can ${list(args.grants.map((name) => powers[name] ?? codeOf(name)))}${also}, and every participant has it in the browser.`,
      fix: `Have ${minter(args)} ${list(without)}: \`{ roomJoin: true, room: "…" }\` is all that it takes${meant}.`,
    };
  },
});

function codeOf(grant: string): string {
  const sip = /^sip(\w)(\w+)$/.exec(grant);
  return sip ? `\`sip.${sip[1]?.toLowerCase()}${sip[2]}\`` : `\`${grant}\``;
}

/** LiveKit's SDKs mint for 6 h where nobody says how long; a minute is for clocks that differ. */
const usualMaxTtlMs = 6 * 3_600_000;
const toleranceMs = 60_000;

interface LifetimeArgs extends Args, Origin {
  /** Absent: for ever. */
  livesMs?: number;
  expiresAt?: string;
  maxTtlMs: number;
  claimed: boolean;
}

export const tokenLifetimeTooLong = rule<LifetimeArgs>({
  code: 'token-lifetime-too-long',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const token = foreign(evidence);
    const claims = token?.facts.claims;
    if (!token || !claims) return [];
    const claimed = evidence.claims.token?.maxTtlMs;
    const maxTtlMs = claimed ?? usualMaxTtlMs;
    const { livesS, expiresAtS = 0 } = claims;
    if (livesS !== undefined && livesS * 1000 <= maxTtlMs + toleranceMs) return [];
    // No calendar goes further (ECMA-262, time values).
    const expiresAt =
      livesS === undefined || expiresAtS > 8.64e12 ? undefined : new Date(expiresAtS * 1000).toISOString();
    const args = {
      source: token.facts.source,
      ...(livesS !== undefined && { livesMs: livesS * 1000 }),
      ...(expiresAt !== undefined && { expiresAt }),
      maxTtlMs,
      claimed: claimed !== undefined,
    };
    return [{ args, evidence: ids(token) }];
  },
  prose: (args) => ({
    summary:
      args.livesMs === undefined
        ? `${theToken(args)} never expires.`
        : `${theToken(args)} is valid for ${span(args.livesMs)}${args.expiresAt ? `, until ${moment(args.expiresAt)}` : ''}.`,
    cause: `${args.claimed ? `\`auth.maxTtl\` allows ${span(args.maxTtlMs)}` : `Even the usual ${span(args.maxTtlMs)} of LiveKit's SDKs are plenty`}: a token only has to be valid while joining (livekit-server renews it during the call), and whoever gets hold of it can join until it ends, since nothing takes it back.`,
    fix: `Have ${minter(args)} mint for minutes (\`ttl: '15m'\` in livekit-server-sdk, \`SetValidFor\` in Go), or claim in \`auth.maxTtl\` how long it shall be.`,
  }),
});

interface RoomArgs extends Args {
  room?: { asked: string; given: string };
  identity?: { asked: string; given: string };
}

/** Asked for one room or identity, it gives another. A name with ours inside is another way to write ours. */
export const tokenRoomIgnored = rule<RoomArgs>({
  code: 'token-room-ignored',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const token = foreign(evidence);
    const { asked, claims } = token?.facts ?? {};
    if (!token || !asked || !claims) return [];
    const other = (wanted?: string, given?: string) =>
      wanted !== undefined && given !== undefined && !given.includes(wanted) && { asked: wanted, given };
    const room = other(asked.room, claims.room);
    const identity = other(asked.identity, claims.identity);
    if (!room && !identity) return [];
    return [{ args: { ...(room && { room }), ...(identity && { identity }) }, evidence: ids(token) }];
  },
  prose: ({ room, identity }) => {
    const both = [
      ...(room ? [{ what: 'room', field: 'room_name', ...room }] : []),
      ...(identity ? [{ what: 'identity', field: 'participant_identity', ...identity }] : []),
    ];
    const consequences = [
      ...(room ? ['people who want to meet in different rooms end up in one'] : []),
      ...(identity ? ['the second who joins under one identity throws out the first'] : []),
    ];
    return {
      summary: `The token endpoint gives a token for another ${list(both.map(({ what }) => what))} than it was asked for.`,
      cause: `${list(both.map(({ what, asked, given }) => `Asked for the ${what} ${quoted(asked)} it answered with ${quoted(given)}`)).replaceAll(' and Asked', ' and asked')}: it ignores the field or knows it by another name, so that ${list(consequences)}, and two participants of this check cannot meet.`,
      fix: `Have the backend use ${list(both.map(({ field }) => `\`${field}\``))} of the request, or refuse it with 4xx where a client may not choose; where it has another name, say so in \`auth.tokenEndpoint.body\` (\`{ roomName: "{room}", user: "{identity}" }\`), and leave out there what it is meant to decide by itself.`,
    };
  },
});
