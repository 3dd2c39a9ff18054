/** What the addresses that the far sides saw say about the NAT of the vantage (RFC 4787 §4.1). */
import { type NatDestination, seen } from '../evidence/facts.js';
import type { Observation, Vantage } from '../evidence/run.js';
import { isPrivate, splitAddress } from './address.js';

export interface SeenFrom extends NatDestination {
  /** Id of the observation. */
  readonly id: string;
}

export type Mapped = SeenFrom & { readonly mapped: string };

/** Every destination that was asked, of both families. */
export function natDestinations(observations: Iterable<Observation>): SeenFrom[] {
  return seen(observations, 'nat').flatMap(({ id, facts }) =>
    (facts.destinations ?? []).map((one) => ({ id, ...one })),
  );
}

export const natAnswered = ({ rttMs }: Pick<NatDestination, 'rttMs'>): boolean => rttMs !== undefined;

const addressIn = (value: string): string => splitAddress(value).address;

/**
 * Who was asked on the same way: from the same address of this machine, and seen at the same address or, by all of them,
 * at a public one. A destination in a private network, through a VPN or back through the same router, sees another
 * address for reasons that are no NAT's mapping.
 */
function sameWay(destinations: readonly Mapped[]): Mapped[][] {
  const groups = new Map<string, Mapped[]>();
  for (const one of destinations) {
    const outer = addressIn(one.mapped);
    if (one.mapped !== one.local && outer === addressIn(one.destination)) continue;
    const key = `${one.local ?? ''} ${isPrivate(outer) ? outer : 'public'}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

export interface Mapping {
  readonly mapping: Vantage['natMapping'];
  /** On whose word: the destinations that were compared. */
  readonly destinations: readonly Mapped[];
}

/**
 * `endpoint-dependent` where one socket was seen at different addresses or ports, `endpoint-independent` where several
 * destinations saw the same translated one, `none` where it was its own. Destinations that differ in nothing but the port
 * cannot tell address-dependent mapping from an independent one.
 */
export function mappingOf(observations: Iterable<Observation>): Mapping {
  const mapped = natDestinations(observations).filter((one): one is Mapped => one.mapped !== undefined);
  const groups = sameWay(mapped);
  const differing = groups.find((group) => new Set(group.map((one) => one.mapped)).size > 1);
  if (differing) return { mapping: 'endpoint-dependent', destinations: differing };
  const translated = groups.filter((group) => group.some((one) => one.mapped !== one.local));
  const agreeing = translated.find((group) => group.length > 1);
  if (agreeing) return { mapping: 'endpoint-independent', destinations: agreeing };
  const [own] = groups;
  if (translated.length > 0 || !own) return { mapping: 'unknown', destinations: translated.flat() };
  return { mapping: 'none', destinations: own };
}
