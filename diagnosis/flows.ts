/** How rules look at the flows of a candidate, each of which a load balancer may lead to a node of its own. */
import type { Evidence, Observation } from '../evidence/run.js';
import { advertised, type IceCheck } from './checks.js';
import { kindOf } from './look.js';

/** A TCP connection that loses segments can be silent for long, but not three of eight (once in two million at 20 % loss). */
const silentConnections = 3;

/** Over UDP every one of many flows to this address was answered, so that one server stands there. */
function hasOneServer(evidence: Evidence, address: string): boolean {
  return advertised(evidence, 'udp').some(
    ({ facts: { address: at, flows } }) => at === address && flows !== undefined && flows.answered === flows.tried,
  );
}

/** Flows that met somebody else than the others did; 0 where none was answered, for then nobody differs. */
export function lostFlows(evidence: Evidence, { probe, facts: { address, flows } }: IceCheck): number {
  if (!flows || flows.answered === 0 || (probe === 'ice-tcp' && hasOneServer(evidence, address))) return 0;
  const { tried, answered, refused = 0 } = flows;
  const silent = tried - answered - refused;
  return refused + (probe === 'ice-tcp' && silent < silentConnections ? 0 : silent);
}

/**
 * Nothing of it but connections that were silent, and no flow of UDP to compare with: every one of them has been asked again
 * and again, but where packets are lost TCP can be silent for longer than that.
 */
export function onlySilentConnections(evidence: Evidence, checks: readonly IceCheck[]): boolean {
  const answers = (address: string): boolean =>
    advertised(evidence, 'udp').some(
      ({ facts: { address: at, flows } }) => at === address && (flows?.answered ?? 0) > 0,
    );
  return checks.every(
    ({ probe, facts: { flows, address } }) => probe === 'ice-tcp' && !flows?.refused && !answers(address),
  );
}

/** Accepts connections and closes unnamed ones as livekit-server does, but does not know the session. */
export function isOtherServer(check: IceCheck): boolean {
  return check.probe === 'ice-tcp' && kindOf(check) === 'timeout' && check.facts.closesUnnamed === true;
}

/** TCP candidates at this address behind which another livekit-server stands. */
export function otherServersAt(evidence: Evidence, address: string): IceCheck[] {
  return advertised(evidence, 'tcp').filter((check) => check.facts.address === address && isOtherServer(check));
}

/** What participants could not do over these paths, which is a consequence of how packets are lost on them. */
export function failedDeeper(evidence: Evidence, ...paths: readonly string[]): Observation[] {
  return evidence.observations.filter(
    ({ probe, id, state }) =>
      state === 'failed' && (probe === 'peer' || probe === 'media') && paths.includes(id.slice(probe.length + 1)),
  );
}
