/** Tokens for participants, from wherever the environment has them, or why there are none. */
import type { Environment } from '../environment/environment.js';
import {
  type Obtained,
  obtainToken,
  randomIdentity,
  randomRoom,
  TokenEndpointError,
  type TokenRequest,
} from '../environment/token.js';
import { bearerOf, claimsOf } from '../environment/token-claims.js';
import { endpointMs } from '../environment/token-endpoint.js';
import type { TokenFacts } from '../evidence/facts.js';
import type { Redactor } from '../evidence/redaction.js';
import { printable } from '../evidence/text.js';
import { trusting } from '../wire/tcp.js';
import type { Outcome, Tools } from './probe.js';

type Minting = Pick<Tools, 'known' | 'redactor'> & Partial<Pick<Tools, 'signal' | 'share'>>;

/** How long a token may be waited for, so that a slow backend does not use up the time of what comes after it. */
export function tokenMs({ auth }: Environment): number {
  return 'tokenEndpoint' in auth ? endpointMs : 0;
}

/** Known to the redactor. Where it was not minted here, the first one is shared. Rejects with `TokenEndpointError`. */
export async function mint({ known, redactor, signal, share }: Minting, request: TokenRequest): Promise<string> {
  const { environment } = known;
  const secureContext = 'tokenEndpoint' in environment.auth ? trusting(environment.ca) : undefined;
  const obtained = await obtainToken(environment, request, {
    ...(signal && { signal }),
    ...(secureContext && { secureContext }),
  });
  redactor.add(obtained.token);
  const facts = factsOf(obtained, redactor.text);
  if (facts && !known.shared.foreignToken) share?.('foreignToken', facts);
  return obtained.token;
}

/** Secrets are taken out before a text is shortened. */
function factsOf({ token, source, answer, asked }: Obtained, clean: Redactor['text']): TokenFacts | undefined {
  if (!source) return undefined;
  const claims = claimsOf(token, clean);
  const { serverUrl } = answer ?? {};
  const shown = serverUrl === undefined ? {} : { serverUrl: printable(clean(serverUrl), 100) };
  return {
    source,
    ...(answer && { answer: { ...answer, ...shown } }),
    ...(asked && { asked }),
    ...(claims && { claims }),
  };
}

export interface Pair {
  readonly room: string;
  readonly tokens: { readonly caller: string; readonly callee: string };
}

/** Two tokens would not bring two participants together, and nobody else. */
class NoMeeting extends Error {}

/** Why nothing that needs two participants can be done with a ready token. */
export const onlyOneToken = {
  kind: 'token',
  message: 'two participants need two tokens, and there is only the one: give an API key and secret instead',
};

/** For two participants in a room of their own. Rejects with what `withoutTokens` knows. */
export async function mintPair(tools: Minting): Promise<Pair> {
  const room = randomRoom();
  const one = (): Promise<string> => mint(tools, { room, identity: randomIdentity(), publish: true, subscribe: true });
  const [caller, callee] = await Promise.all([one(), one()]);
  // Whatever was asked for, a backend decides by itself; with our own it is as it was asked.
  if ('tokenEndpoint' in tools.known.environment.auth) {
    const [a, b] = [bearerOf(caller), bearerOf(callee)];
    // People may be in another room, and would see and hear the test.
    if (!a.room?.includes(room) || a.room !== b.room) {
      throw new NoMeeting(`tokens for the room "${printable(a.room ?? '', 80)}", whatever is asked for`);
    }
    if (a.identity === b.identity) {
      throw new NoMeeting(
        `every token the identity "${printable(a.identity ?? '', 80)}", which can be in a room only once`,
      );
    }
  }
  return { room, tokens: { caller, callee } };
}

/** Nothing is known of what the tokens were for. Any other error goes on. */
export function withoutTokens(error: unknown, facts: Outcome['facts']): Outcome {
  if (error instanceof TokenEndpointError) {
    return { state: 'unsupported', facts, failure: { kind: 'token-endpoint', message: error.message } };
  }
  if (!(error instanceof NoMeeting)) throw error;
  const message = `two participants cannot meet in a room of their own: the token endpoint gives ${error.message}`;
  return { state: 'unsupported', facts, failure: { kind: 'token', message } };
}
