/** Access tokens for short-lived rooms of our own: see docs.livekit.io "Tokens & grants" and server `pkg/service`. */
import { randomBytes } from 'node:crypto';
import type { Environment } from './environment.js';

/** The longest that a token of ours is valid, in seconds. The server grants 60 s of leeway on top. */
export const tokenLifetimeS = 120;

/**
 * Rides in the token and is applied when joining creates the room (`SetRoomConfiguration` in the server's
 * `pkg/service/utils.go`). In seconds; 0 would mean the server's default, 300 and 20. The room must outlive a full
 * reconnect of its last participant, but not much more.
 */
const roomTimeouts = { emptyTimeout: 10, departureTimeout: 5 };

export interface TokenRequest {
  /** A room of ours: see `randomRoom`. */
  readonly room: string;
  readonly identity: string;
  /** Tracks and data. */
  readonly publish: boolean;
  readonly subscribe: boolean;
}

/** A name that nobody else uses, and that an operator recognises. */
export function randomRoom(): string {
  return randomName();
}

/** A server caches the transport that a participant fell back to by room and identity, so each gets a new one. */
export function randomIdentity(): string {
  return randomName();
}

/** Whether several participants can be had: a token that somebody else minted stands for one identity. */
export function mintsTokens(environment: Environment): boolean {
  return 'apiKey' in environment.auth;
}

/**
 * A token for one participant with explicit grants, valid for `tokenLifetimeS`. An environment with a ready token
 * gives that one back, whatever is asked.
 */
export async function mintToken(environment: Environment, request: TokenRequest): Promise<string> {
  const { auth } = environment;
  if ('token' in auth) return auth.token;
  // Costs about 0.1 s to load, which only a run that gets this far should pay.
  const { AccessToken, RoomConfiguration } = await import('livekit-server-sdk');
  const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: request.identity, ttl: tokenLifetimeS });
  token.addGrant({
    roomJoin: true,
    room: request.room,
    canPublish: request.publish,
    canSubscribe: request.subscribe,
    canPublishData: request.publish,
  });
  token.roomConfig = new RoomConfiguration(roomTimeouts);
  return token.toJwt();
}

function randomName(): string {
  return `doctor-${randomBytes(9).toString('base64url')}`;
}
