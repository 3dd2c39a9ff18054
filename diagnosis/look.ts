/** How rules look at observations: by what was seen, never by what was not looked at. */
import { hostOf } from '../environment/host.js';
import { type FactsByProbe, type Seen, type SignalFacts, seen } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';

/** A probe that crashed or never came back says nothing about the deployment. */
const ownFailures = new Set(['internal', 'deadline']);

export function isOwnFailure(kind: string | undefined): boolean {
  return kind !== undefined && ownFailures.has(kind);
}

/** The observations of one probe that looked and saw. */
export function look<P extends keyof FactsByProbe>(evidence: Evidence, probe: P): Seen<P>[] {
  return seen(evidence.observations, probe).filter(
    ({ facts, failure }) => !isOwnFailure(failure?.kind) && Object.keys(facts).length > 0,
  );
}

export function kindOf(observation: { readonly failure?: { readonly kind: string } | undefined }): string | undefined {
  return observation.failure?.kind;
}

export function ids(...observations: readonly ({ readonly id: string } | undefined)[]): string[] {
  return [...new Set(observations.flatMap((one) => (one ? [one.id] : [])))];
}

/** What was seen of signalling; at most one observation. */
export function signalling(evidence: Evidence): Seen<'signal'> | undefined {
  return look(evidence, 'signal')[0];
}

/** The same, unless there was no token, so that no connection was made that says anything. */
export function triedSignalling(evidence: Evidence): Seen<'signal'> | undefined {
  const signal = signalling(evidence);
  return signal?.facts.tokenEndpoint && !signal.facts.health ? undefined : signal;
}

/** The join response, if one came. */
export function joined(evidence: Evidence): SignalFacts['join'] | undefined {
  return signalling(evidence)?.facts.join;
}

/** Host of the environment's URL. */
export function signalHost(evidence: Evidence): string {
  return hostOf(new URL(evidence.url));
}

/** Every address at which signalling was looked for. */
export function signalAddresses(evidence: Evidence): string[] {
  const names = look(evidence, 'dns').filter(({ facts }) => facts.role === 'signal');
  const ports = look(evidence, 'tls').filter(({ facts }) => facts.role === 'signal');
  return [
    ...new Set([
      ...names.flatMap(({ facts }) => facts.addresses),
      ...ports.map(({ facts }) => facts.address),
      ...[signalling(evidence)?.facts.address].filter((address) => address !== undefined),
    ]),
  ];
}
