/** An agent that is sent for (LiveKit "explicit dispatch"). */
import type { HttpFacts } from './signalling.js';

/** `agent`: an agent is dispatched to a room in which somebody waits for it. */
export interface AgentFacts {
  /** Of the agent, as its worker registers. */
  name: string;
  /** How long it may take. */
  joinWithinMs: number;
  /** It must publish sound, too. */
  publishes: boolean;
  /** What the server, or a proxy in front of it, answered instead of taking the dispatch. */
  refusal?: HttpFacts;
  /** From the dispatch on: until the server took it in, and until it published sound. */
  joinedMs?: number;
  publishedMs?: number;
  /** What became of the dispatch where nobody joined in time: a job for each worker that took it. */
  jobs?: { status: 'pending' | 'running' | 'success' | 'failed'; error?: string }[];
}
