/** How rules look at TURN that answers, but refuses, or whose relay does not do. */
import type { Role, TurnError } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';
import { splitAddress } from './address.js';
import { destination, iceChecks, orWrongAddress, type TurnCheck, turnChecks, worked } from './checks.js';
import { ids, joined, kindOf } from './look.js';
import { severityOf } from './offered.js';
import type { Alternative } from './rule.js';
import { at, list } from './words.js';

export interface RelayArgs {
  target: Role;
  addresses: string[];
  /** All of the same fault: one server often has several URLs. */
  urls: string[];
  /** Candidates of the server to which the relay was asked to send. */
  candidates: string[];
  error?: TurnError;
}

/** One finding for all URLs with the same fault. */
export function relayFindings(
  evidence: Evidence,
  matches: (check: TurnCheck) => boolean,
  about: 'turn' | 'candidates',
  more: (checks: readonly TurnCheck[]) => readonly Alternative[] = () => [],
) {
  const checks = turnChecks(evidence).filter((check) => !worked(check) && matches(check));
  const [first] = checks;
  if (!first) return [];
  const tried = checks.flatMap(({ facts }) => facts.relayedChecks.map(({ candidate }) => candidate));
  const offered = (joined(evidence)?.candidates ?? []).filter(({ protocol }) => protocol === 'udp');
  const candidates = [...new Set(tried.length > 0 ? tried : offered.map(({ address, port }) => at(address, port)))];
  const addresses =
    about === 'turn'
      ? checks.map(({ facts }) => facts.address)
      : candidates.map((candidate) => splitAddress(candidate).address);
  // A relay to a port that nobody reaches proves nothing about the relay.
  const direct = iceChecks(evidence, 'udp').filter((check) => worked(check) && candidates.includes(destination(check)));
  const alternatives =
    about === 'turn' || direct.length > 0
      ? more(checks)
      : [...more(checks), ...orWrongAddress(evidence, addresses), ...(first.facts.error ? [] : orPort(candidates))];
  const args: RelayArgs = {
    target: 'turn',
    addresses: [...new Set(addresses)],
    urls: [...new Set(checks.map(({ facts }) => facts.url))],
    candidates,
    ...(first.facts.error && { error: first.facts.error }),
  };
  return [
    {
      args,
      evidence: ids(...checks, ...direct),
      severity: severityOf(evidence, ...checks.map((check) => check.probe)),
      alternatives,
    },
  ];
}

/** Nobody saw the port without a relay. */
const orPort = (candidates: readonly string[]) =>
  ['udp-filtered', 'udp-port-closed', 'udp-port-remapped'].map((code) => ({
    code,
    separateBy: `Check UDP ${list(candidates) || 'to the media port'} without a relay: if that does not answer either, it is the port itself.`,
  }));

/** The error response that made the check fail. */
export const errorOf = (check: TurnCheck): TurnError | undefined =>
  kindOf(check) === 'turn-error' ? check.facts.error : undefined;

export const urlsOf = ({ urls }: RelayArgs): string => list(urls.map((url) => `\`${url}\``));
