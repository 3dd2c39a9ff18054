/** How rules look at certificates. */
import type { CertificateFacts, Role, Seen } from '../evidence/facts.js';
import type { Evidence, Severity } from '../evidence/run.js';
import { ids, look, signalling } from './look.js';
import { severityOf } from './offered.js';
import { at } from './words.js';

export interface CertificateArgs {
  target: Role;
  host: string;
  destination: string;
  subject: string;
  issuer: string;
  names: string[];
  validFrom: string;
  validTo: string;
}

export function severityOfTarget(evidence: Evidence, target: Role): Severity {
  return target === 'signal' ? 'error' : severityOf(evidence, 'turn-tls');
}

type Pick = (port: Seen<'tls'>, leaf: CertificateFacts) => CertificateFacts | boolean;

/** For every TLS port that shows a certificate like this; `matches` may name another one of the chain than the leaf. */
export function certificates(evidence: Evidence, matches: Pick) {
  const signal = signalling(evidence);
  return look(evidence, 'tls').flatMap((port) => {
    const leaf = port.facts.chain[0];
    const match = leaf && matches(port, leaf);
    if (!leaf || !match) return [];
    const { subject, issuer, validFrom, validTo } = match === true ? leaf : match;
    const { role, host, address } = port.facts;
    const args: CertificateArgs = {
      target: role,
      host,
      destination: at(address, port.facts.port),
      subject,
      issuer,
      names: leaf.subjectAltNames.map((name) => name.replace(/^(DNS|IP Address):/, '')),
      validFrom,
      validTo,
    };
    const victim = role === 'signal' && signal?.failure?.kind === 'tls' ? signal : undefined;
    return [{ args, port, evidence: ids(port, victim), severity: severityOfTarget(evidence, role) }];
  });
}

/** Where the certificate of this target is configured. */
export const secretOf = (target: Role): string =>
  target === 'signal'
    ? "the ingress's TLS secret (`spec.tls[].secretName`; nginx: `ssl_certificate`)"
    : 'the TURN certificate (Helm: `livekit.turn.secretName`; livekit.yaml: `turn.cert_file` and `turn.key_file`; with `turn.external_tls: true` at the load balancer)';
