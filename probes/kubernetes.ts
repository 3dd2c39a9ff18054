/**
 * `kubernetes`: what the cluster says of the deployment, where the environment names one. Read only. It is never waited
 * for: the check goes on with what is claimed by hand.
 */
import type { KubernetesClaims } from '../environment/environment.js';
import { hostOf } from '../environment/host.js';
import { readInProcess } from './kubernetes-process.js';
import type { Known, Outcome, Probe, Target, Tools } from './probe.js';

export interface Cluster extends Target {
  readonly claims: KubernetesClaims;
}

/** To load the client: half a second, and many times that on a busy machine. */
const loadMs = 20_000;
/** To log in and to read: a healthy cluster takes three round trips. */
const withinMs = 5000;

async function observe({ claims }: Cluster, { known, signal, redactor }: Tools): Promise<Outcome> {
  const { url, auth } = known.environment;
  const keys = 'apiSecret' in auth ? { apiKey: auth.apiKey, apiSecret: auth.apiSecret } : {};
  const answer = await readInProcess({ ...claims, ...keys, host: hostOf(url), withinMs }, signal);
  for (const secret of answer?.secrets ?? []) redactor.add(secret);
  if (!answer) {
    const message = `the cluster could not be read within ${(loadMs + withinMs) / 1000} s`;
    return { state: 'failed', facts: {}, failure: { kind: 'timeout', message } };
  }
  if ('failure' in answer) return { state: 'failed', facts: {}, failure: answer.failure };
  return { state: 'ok', facts: { ...answer.facts } };
}

export const kubernetes: Probe<Cluster> = {
  name: 'kubernetes',
  depth: 'wire',
  deadlineMs: loadMs + withinMs,
  targets: ({ environment: { kubernetes: claims } }: Known) => (claims ? [{ id: 'kubernetes', claims }] : []),
  observe,
};
