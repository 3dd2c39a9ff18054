/** How rules look at the checks of media addresses and of TURN: what answered, what was silent, and what that proves. */
import { type Seen, seen } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';
import { isIpv6, isPrivate, splitAddress } from './address.js';
import { joined, kindOf, look, signalAddresses, signalling } from './look.js';
import { natAnswered, natDestinations, type SeenFrom } from './nat.js';
import type { Alternative } from './rule.js';
import { at, list } from './words.js';

export type Protocol = 'udp' | 'tcp';
export type IceCheck = Seen<'ice-udp'> | Seen<'ice-tcp'>;
export type TurnCheck = Seen<'turn-udp'> | Seen<'turn-tcp'> | Seen<'turn-tls'>;

export function iceChecks(evidence: Evidence, ...protocols: readonly Protocol[]): IceCheck[] {
  return (protocols.length > 0 ? protocols : (['udp', 'tcp'] as const)).flatMap((one) => look(evidence, `ice-${one}`));
}

/** Checks of what the server itself offers. */
export function advertised(evidence: Evidence, ...protocols: readonly Protocol[]): IceCheck[] {
  return iceChecks(evidence, ...protocols).filter(({ facts }) => facts.origin === 'advertised');
}

/** What the server offers: checked or not to be checked, checked in place of, or only listed in the join response. */
export function advertisedAddresses(evidence: Evidence): string[] {
  const known = evidence.observations.flatMap(({ probe, facts: { origin, address } }) =>
    probe.startsWith('ice-') && origin === 'advertised' && typeof address === 'string' ? [address] : [],
  );
  const replaced = elsewhere(evidence).flatMap(({ facts: { insteadOf } }) => (insteadOf ? [insteadOf] : []));
  const listed = joined(evidence)?.candidates ?? [];
  return [
    ...new Set([
      ...known,
      ...replaced.map((destination) => splitAddress(destination).address),
      ...listed.map(({ address }) => address),
    ]),
  ];
}

/** Checks of other addresses at which the media could be, in place of one that the server offers. */
function elsewhere(evidence: Evidence): IceCheck[] {
  return iceChecks(evidence).filter(({ facts }) => facts.origin !== 'advertised');
}

export function turnChecks(evidence: Evidence): TurnCheck[] {
  return [...look(evidence, 'turn-udp'), ...look(evidence, 'turn-tcp'), ...look(evidence, 'turn-tls')];
}

export const worked = ({ state }: { state: string }): boolean => state === 'ok';

/** Nothing came back at all: what a firewall that drops does. A connection that was accepted is not silent. */
export function silent(check: IceCheck | TurnCheck): boolean {
  return ['timeout', 'unreachable'].includes(kindOf(check) ?? '') && !accepted(check);
}

/** A TCP connection came about. */
function accepted({ facts }: IceCheck | TurnCheck): boolean {
  if (!('transport' in facts)) return facts.connectMs !== undefined;
  // For TURN `connectMs` is also how long a connection was tried; only what came after it proves that there was one.
  return facts.transport !== 'udp' && (facts.tlsMs !== undefined || facts.allocateMs !== undefined);
}

/** RST or ICMP port unreachable. */
export const refused = (check: IceCheck | TurnCheck): boolean => kindOf(check) === 'refused';

export const destination = ({ facts }: IceCheck | TurnCheck): string => at(facts.address, facts.port);

export const addressOf = ({ facts }: IceCheck | TurnCheck): string => facts.address;

/** Advertised checks of one protocol, of which none worked, that failed in this way. */
export function dead(evidence: Evidence, protocol: Protocol, how: (check: IceCheck) => boolean): IceCheck[] {
  const checks = advertised(evidence, protocol);
  return checks.some(worked) ? [] : checks.filter(how);
}

/** TURN spoke to us, whether or not it did what we asked for. */
export function turnAnswered(check: TurnCheck): boolean {
  return worked(check) || check.facts.error !== undefined || check.facts.relayed !== undefined;
}

/** What was reached over IPv4 proves nothing about IPv6, nor the other way round. */
function likeOneOf(addresses: readonly string[]) {
  return ({ facts: { address } }: { readonly facts: { readonly address?: string } }): boolean =>
    addresses.some((one) => isIpv6(one) === isIpv6(address ?? ''));
}

/** Positive controls: what proves that UDP, of any port, passes from this vantage to addresses like these. */
export function udpControls(evidence: Evidence, addresses: readonly string[]): { readonly id: string }[] {
  const answered = [...iceChecks(evidence, 'udp').filter(worked), ...look(evidence, 'turn-udp').filter(turnAnswered)];
  // What answered at the media address itself is no control of that address.
  const outside = natDestinations(evidence.observations).filter((one) => one.kind !== 'media' && natAnswered(one));
  const asChecks = outside.map(({ id, destination: to }) => ({ id, facts: splitAddress(to) }));
  return [...answered, ...asChecks].filter(likeOneOf(addresses));
}

/** STUN servers outside of the deployment that were asked in vain, for as long as a silent media port is. */
export function silentStunServers({ observations }: Evidence): SeenFrom[] {
  return natDestinations(observations).filter(({ kind, silent: isSilent }) => kind === 'stun' && isSilent);
}

/** Why nothing outside of the deployment could say whether UDP leaves this network; undefined where that is not known. */
export function whyNoStun({ claims, observations }: Evidence): string | undefined {
  if (claims.stun?.servers.length === 0) return 'the environment claims that no STUN server may be asked';
  const nat = seen(observations, 'nat');
  const names = [...new Set(nat.flatMap(({ facts }) => facts.unresolved ?? []))];
  if (natDestinations(observations).some(({ kind }) => kind === 'stun')) return undefined;
  if (names.length > 0) return `no address is known here of the STUN servers ${list(names)}`;
  return nat.length > 0 ? 'no STUN server is known that could be asked' : undefined;
}

/** Ports that even networks which let nothing else out let out. */
const webPorts: readonly number[] = [80, 443];

/** Positive controls: what proves that TCP to more than the web's ports passes from here to addresses like these. */
export function tcpControls(evidence: Evidence, addresses: readonly string[]): { readonly id: string }[] {
  const signal = signalling(evidence);
  const byPort = signal?.facts.join && !webPorts.includes(signal.facts.port) ? [signal] : [];
  const turn = [...look(evidence, 'turn-tcp'), ...look(evidence, 'turn-tls')];
  return [
    ...iceChecks(evidence, 'tcp').filter(worked),
    ...turn.filter((check) => turnAnswered(check) && !webPorts.includes(check.facts.port)),
    ...byPort,
  ].filter(likeOneOf(addresses));
}

/** The media answered at this address, by whatever protocol: it is the right one. */
export function mediaAnsweredAt(evidence: Evidence, address: string): boolean {
  return iceChecks(evidence).some((check) => worked(check) && check.facts.address === address);
}

/**
 * The server offers nothing but private addresses to somebody who reached its signalling at a public one, and none of
 * them works.
 */
export function onlyPrivateOffered(evidence: Evidence): boolean {
  const offered = advertisedAddresses(evidence);
  const reachedAtPublic = signalAddresses(evidence).some((address) => !isPrivate(address));
  return reachedAtPublic && offered.length > 0 && offered.every(isPrivate) && !advertised(evidence).some(worked);
}

/** Where the media answered instead of at this address, the most telling first. */
export function answeringInstead(evidence: Evidence, address: string): IceCheck[] {
  const order = ['claimed', 'cluster', 'signal-host', 'turn-host'];
  return elsewhere(evidence)
    .filter((check) => worked(check) && check.facts.address !== address)
    .filter(({ facts: { insteadOf } }) => insteadOf !== undefined && splitAddress(insteadOf).address === address)
    .sort((a, b) => order.indexOf(a.facts.origin) - order.indexOf(b.facts.origin));
}

/** What else it could be that these advertised addresses do not answer. */
export function orWrongAddress(evidence: Evidence, addresses: readonly string[]): Alternative[] {
  const unproven = addresses.filter((address) => !mediaAnsweredAt(evidence, address));
  if (unproven.length === 0) return [];
  return [
    {
      code: 'media-address-wrong',
      separateBy: `Compare ${unproven.join(' and ')} with the address of the media load balancer or node, and claim it as media.address so that it is checked too.`,
    },
  ];
}

/** Without a positive control the vantage may be the cause. */
export function orBlockedHere(destinations: readonly string[]): Alternative[] {
  const what = list(destinations);
  if (destinations.every((one) => one.startsWith('['))) {
    const separateBy = `Run the check from a network whose IPv6 works elsewhere: if ${what} answers there, it is this one's that does not.`;
    return [{ code: 'ipv6-unreachable', separateBy }];
  }
  const separateBy = `Run the check from another network: if ${what} answers there, this network blocks it.`;
  return [{ code: 'udp-blocked-at-vantage', separateBy }];
}
