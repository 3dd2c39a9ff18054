/** Access tokens for short-lived rooms of our own: see docs.livekit.io "Tokens & grants" and server `pkg/service`. */
import { createHmac, randomBytes } from 'node:crypto';
import type { EndpointAnswerFacts, TokenEndpointFacts } from '../evidence/facts.js';
import type { Auth, Environment } from './environment.js';
import { type Asking, askTokenEndpoint } from './token-endpoint.js';
import type { Wanted } from './token-request.js';

/** The longest that a token of ours is valid, in seconds. The server grants 60 s of leeway on top. */
export const tokenLifetimeS = 120;

/**
 * Rides in the token and is applied when joining creates the room (`SetRoomConfiguration` in the server's
 * `pkg/service/utils.go`). In seconds; 0 would mean the server's default, 300 and 20. The room must outlive a full
 * reconnect of its last participant, but not much more.
 */
const roomTimeouts = { emptyTimeout: 10, departureTimeout: 5 };

export interface TokenRequest extends Wanted {
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
  return !('token' in environment.auth);
}

/** The token endpoint gave no token. Its message holds no secret. */
export class TokenEndpointError extends Error {
  override readonly name = 'TokenEndpointError';
  constructor(readonly facts: TokenEndpointFacts) {
    super(described(facts));
  }
}

/** A token, and what is known of one that was not minted here. */
export interface Obtained {
  readonly token: string;
  /** Absent: it was minted here. */
  readonly source?: 'ready' | 'endpoint';
  readonly answer?: EndpointAnswerFacts;
  /** What the endpoint was asked for. */
  readonly asked?: { readonly room?: string; readonly identity?: string };
}

/**
 * A token for one participant with explicit grants, valid for `tokenLifetimeS`. An environment with a ready token
 * gives that one back, whatever is asked; one with a token endpoint what that gives, or throws `TokenEndpointError`.
 */
export async function obtainToken(
  environment: Environment,
  request: TokenRequest,
  asking: Asking = {},
): Promise<Obtained> {
  const { auth, resolvers } = environment;
  if ('token' in auth) return { token: auth.token, source: 'ready' };
  if ('tokenEndpoint' in auth) {
    const answer = await askTokenEndpoint(auth, request, { ...(resolvers && { resolvers }), ...asking });
    if ('failure' in answer) throw new TokenEndpointError(answer.failure);
    return { ...answer, source: 'endpoint' };
  }
  return { token: signed(auth, request) };
}

/** The same, where nothing else is of interest. */
export async function mintToken(environment: Environment, request: TokenRequest, asking: Asking = {}): Promise<string> {
  return (await obtainToken(environment, request, asking)).token;
}

const base64url = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');

/** What `AccessToken` of livekit-server-sdk makes, which takes 0.1 s to load: a JWT (RFC 7519), HS256 (RFC 7518 §3.2). */
function signed(
  { apiKey, apiSecret }: Extract<Auth, { apiKey: string }>,
  { room, identity, publish, subscribe }: TokenRequest,
): string {
  const nbf = Math.floor(Date.now() / 1000);
  const video = { roomJoin: true, room, canPublish: publish, canSubscribe: subscribe, canPublishData: publish };
  const claims = { iss: apiKey, sub: identity, nbf, exp: nbf + tokenLifetimeS, video, roomConfig: roomTimeouts };
  const content = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${content}.${createHmac('sha256', apiSecret).update(content).digest('base64url')}`;
}

function described({ host, reason, status, contentType, error }: TokenEndpointFacts): string {
  const said = `answered ${status}${contentType ? ` (${contentType})` : ''}`;
  const what = {
    name: 'has no address',
    refused: 'refused the connection',
    unreachable: 'did not take a connection',
    timeout: 'did not answer in time',
    closed: 'closed the connection',
    tls: `failed to prove who it is (${error})`,
    'not-http': 'answered with something that is not HTTP',
    status: said,
    redirect: `${said}, a redirect`,
    'too-large': `${said} with far more than a token`,
    'not-json': `${said} with something that is not JSON`,
    'no-token': `${said} without a token in it`,
    'not-a-token': `${said} with a token that is no JWT`,
  }[reason];
  return `the token endpoint at ${host} ${what}`;
}

function randomName(): string {
  return `doctor-${randomBytes(9).toString('base64url')}`;
}
