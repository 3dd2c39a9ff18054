/** What a token says of itself. Its signature is the server's to judge. */
import type { TokenClaims } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';

/**
 * What a token can grant beyond taking part in one room (VideoGrant and SIPGrant in LiveKit's `protocol/auth/grants.go`;
 * what each opens is in livekit-server's `pkg/service/auth.go`).
 */
export const grantNames = [
  'roomAdmin',
  'roomCreate',
  'roomList',
  'roomRecord',
  'ingressAdmin',
  'hidden',
  'recorder',
  'agent',
  'sipAdmin',
  'sipCall',
] as const;

/** Absent: allowed. */
const refusals = ['canPublish', 'canSubscribe', 'canPublishData'] as const;

/**
 * Undefined where it is no JWT (RFC 7519) with a JSON object in it. `clean` takes secrets out of its texts before they are
 * shortened.
 */
export function claimsOf(token: string, clean = (text: string) => text): TokenClaims | undefined {
  const payload = payloadOf(token);
  if (!payload) return undefined;
  const { iss, sub, exp } = payload;
  const video = fieldsOf(payload.video);
  const sip = fieldsOf(payload.sip);
  const all: Record<string, unknown> = { ...video, sipAdmin: sip.admin, sipCall: sip.call };
  const begins = [payload.nbf, payload.iat].find((time) => typeof time === 'number') as number | undefined;
  const { room } = video;
  const shown = (text: string): string => printable(clean(text), 80);
  return {
    ...(typeof iss === 'string' && { issuer: shown(iss) }),
    ...(typeof sub === 'string' && { identity: shown(sub) }),
    ...(typeof room === 'string' && room !== '' && { room: shown(room) }),
    joins: video.roomJoin === true,
    grants: grantNames.filter((name) => all[name] === true),
    refuses: refusals.filter((name) => video[name] === false),
    ...(typeof exp === 'number' && { expiresAtS: exp, livesS: Math.round(exp - (begins ?? Date.now() / 1000)) }),
  };
}

/** Whom a token is for, by its own word. Empty where it is no JWT. */
export function bearerOf(token: string): { readonly room?: string; readonly identity?: string } {
  const { sub, video } = payloadOf(token) ?? {};
  const { room } = fieldsOf(video);
  return { ...(typeof room === 'string' && { room }), ...(typeof sub === 'string' && { identity: sub }) };
}

function payloadOf(token: string): Record<string, unknown> | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return payload !== null && typeof payload === 'object' ? fieldsOf(payload) : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
