/** Certificates and TLS, at each port that both runs looked at. */
import type { CertificateFacts, TlsFacts } from '../../evidence/facts.js';
import { look } from '../look.js';
import { at } from '../words.js';
import { type Compare, type Difference, differs, pairs } from './change.js';

export const certificates: Compare = (before, after) =>
  pairs(look(before, 'tls'), look(after, 'tls'), ({ id }) => id).flatMap(([{ facts }, { facts: now }]) => {
    const where = placeOf(facts);
    return [
      ...certificate(where, facts.chain[0], now.chain[0]),
      ...differs('tls-version', where, facts.protocol, now.protocol),
    ];
  });

const placeOf = ({ host, port }: TlsFacts): string => (port === 443 ? host : at(host, port));

function certificate(where: string, was?: CertificateFacts, is?: CertificateFacts): Difference[] {
  if (!was || !is || was.fingerprint256 === is.fingerprint256) return [];
  return differs('certificate', where, shown(was), shown(is));
}

function shown({ issuer, subjectAltNames, validTo, fingerprint256 }: CertificateFacts) {
  const names = subjectAltNames.map((name) => name.replace(/^(DNS|IP Address):/, '')).sort();
  return { issuer: authority(issuer), names, validTo, fingerprint256 };
}

/** Who issued it: public authorities take turns with their intermediate certificates (R10, R11), whose names say nothing. */
function authority(issuer: string): string {
  const [, organisation] = /(?:^|[\n,]\s*)O=([^\n,]+)/.exec(issuer) ?? [];
  const [, name] = /(?:^|[\n,]\s*)CN=([^\n,]+)/.exec(issuer) ?? [];
  return organisation ?? name ?? issuer;
}
