/** `token`: what a token that was not minted here allows, of the one that signalling joins with. */
import type { TokenFacts } from '../evidence/facts.js';
import type { Known, Pending, Probe, Target } from './probe.js';

interface ForeignToken extends Target {
  readonly seen: TokenFacts;
}

function targets({ environment: { auth }, shared }: Known): (ForeignToken | Pending)[] {
  if ('apiSecret' in auth) return [];
  const seen = shared.foreignToken;
  return [seen ? { id: 'token', seen } : { id: 'token', waitingFor: 'signal' }];
}

export const token: Probe<ForeignToken> = {
  name: 'token',
  depth: 'wire',
  deadlineMs: 1000,
  targets,
  async observe({ seen }) {
    const facts = { ...seen };
    if (seen.claims) return { state: 'ok', facts };
    return { state: 'failed', facts, failure: { kind: 'not-a-token', message: 'the token is no JWT' } };
  },
};
