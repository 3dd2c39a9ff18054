/** What goes between the probe and the process that speaks with the cluster. */
import type { KubernetesClaims } from '../environment/environment.js';
import type { KubernetesFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';

export interface ReadOrder extends KubernetesClaims {
  /** Of the environment's URL: the ingress is the one that has it. */
  readonly host: string;
  /** To be compared with what the cluster holds. */
  readonly apiKey?: string;
  readonly apiSecret?: string;
  /** From the first request on. */
  readonly withinMs: number;
}

export type ReadAnswer = (
  | { readonly facts: KubernetesFacts }
  /** Nothing could be read at all. */
  | { readonly failure: Failure }
) & {
  /** What no output may show: tokens and keys of the client, values of secrets. */
  readonly secrets: readonly string[];
};
