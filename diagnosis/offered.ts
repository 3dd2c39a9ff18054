/** Which paths the deployment offers, and which of them must work. */
import { isIP } from 'node:net';
import type { Evidence, Path, Severity } from '../evidence/run.js';
import { allPaths } from '../evidence/run.js';
import { joined, look } from './look.js';

const turnPaths = ['turn-udp', 'turn-tcp', 'turn-tls'] as const;

/** RFC 7065 §3.1: a `turn:` URI without `transport` means UDP, a `turns:` URI TCP. TURN over DTLS is not looked at. */
export function turnPath(url: string): Path | undefined {
  const [, scheme, transport] = /^(turns?):[^?]*(?:\?transport=(\w+))?$/i.exec(url) ?? [];
  if (!scheme) return undefined;
  if (scheme.toLowerCase() === 'turns') return transport === 'udp' ? undefined : 'turn-tls';
  return transport === 'tcp' ? 'turn-tcp' : 'turn-udp';
}

/** The TURN URLs of the join response, with the host that they name; where it was not recorded, those that were tried. */
export function handedOut(evidence: Evidence): { readonly url: string; readonly host: string }[] {
  const tried = turnPaths.flatMap((path) => look(evidence, path).map(({ facts }) => facts));
  const urls = (joined(evidence)?.iceServers ?? tried).map(({ url }) => url);
  return [...new Set(urls)].flatMap((url) => {
    const [, host] = /^turns?:(\[[^\]]+\]|[^:?]+)/i.exec(url) ?? [];
    return host ? [{ url, host: host.toLowerCase().replace(/^\[|\]$|\.$/g, '') }] : [];
  });
}

/** A TURN host that is claimed, while the server hands out another name: nobody is led there. */
export function isUnusedTurnHost(evidence: Evidence, host: string): boolean {
  const named = handedOut(evidence).filter((one) => isIP(one.host) === 0);
  return named.length > 0 && !named.some((one) => one.host === host);
}

/** What the join response offers; where it was not recorded, what the probes found to look at. */
export function offeredPaths(evidence: Evidence): Set<Path> {
  const offered = new Set<Path>();
  const join = joined(evidence);
  for (const { protocol } of join?.candidates ?? []) offered.add(protocol);
  for (const { url } of join?.iceServers ?? []) {
    const path = turnPath(url);
    if (path) offered.add(path);
  }
  for (const protocol of ['udp', 'tcp'] as const) {
    if (look(evidence, `ice-${protocol}`).some(({ facts }) => facts.origin === 'advertised')) offered.add(protocol);
  }
  for (const path of turnPaths) {
    if (look(evidence, path).length > 0) offered.add(path);
  }
  return offered;
}

/**
 * What the operator requires; where that is not said, whatever the deployment offers and is neither optional nor
 * forbidden.
 */
export function requiredPaths(evidence: Evidence): Set<Path> {
  const { required, optional } = evidence.claims.paths ?? {};
  if (required) return new Set(required);
  const offered = offeredPaths(evidence);
  return new Set(
    allPaths.filter((path) => offered.has(path) && !optional?.includes(path) && !isForbidden(evidence, path)),
  );
}

/** It must not work from this vantage, so that it does not is nobody's mistake. */
export function isForbidden({ claims }: Pick<Evidence, 'claims'>, path: Path): boolean {
  return claims.paths?.forbidden?.includes(path) ?? false;
}

/** How bad it is that this path does not work. */
export function severityOf(evidence: Evidence, ...paths: readonly Path[]): Severity {
  const required = requiredPaths(evidence);
  return paths.some((path) => required.has(path)) ? 'error' : 'warning';
}

/** How bad it is that none of these is offered: no more than a note to an operator who said which paths matter. */
export function severityOfMissing(evidence: Evidence, ...paths: readonly Path[]): Severity {
  const { required, optional } = evidence.claims.paths ?? {};
  if (paths.some((path) => required?.includes(path))) return 'error';
  return required || paths.every((path) => optional?.includes(path)) ? 'info' : 'warning';
}

/** It was asked for, or nobody said what to look at. */
export function isAsked(evidence: Evidence, path: Path): boolean {
  return !evidence.asked.paths || evidence.asked.paths.includes(path);
}

/** It cannot be had where the environment runs: that it is not offered there is nobody's mistake. */
export function isUnsupported({ observations }: Evidence, path: Path): boolean {
  return observations.some(
    ({ id, probe, state, failure }) =>
      state === 'unsupported' && failure?.kind === 'vantage' && (probe === path || id.endsWith(`:${path}`)),
  );
}
