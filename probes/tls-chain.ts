/** The certificates that a server showed. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { CertificateFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';

const longestChain = 10;
/** For so long a chain is not read again, and so many are remembered. */
const rememberedMs = 6 * 3600 * 1000;
const mostRemembered = 1000;

const remembered = new Map<string, { readonly readAtMs: number; readonly chain: CertificateFacts[] }>();

/**
 * As the server sent it, leaf first; the anchor that it verified against is in it only if the server sent that. It ends
 * before a certificate whose dates or key cannot be read.
 *
 * Node reads it at a price: each certificate but the first is copied, and its original never freed (5 KB each;
 * `X509Certificate::New` in Node's `crypto_x509.cc` takes it from OpenSSL's stack by `sk_X509_delete` alone). A process that
 * checks for days would grow by that, so what was read is remembered: by `from`, a name for the server and for what came of
 * the handshake, which has to tell leaves apart.
 */
export function chainOf(socket: TLSSocket, from: string): CertificateFacts[] {
  const known = remembered.get(from);
  if (known && performance.now() - known.readAtMs < rememberedMs) return known.chain;
  const chain = read(socket);
  remembered.delete(from);
  remembered.set(from, { readAtMs: performance.now(), chain });
  const [oldest] = remembered.keys();
  if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
  return chain;
}

function read(socket: TLSSocket): CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  let x509 = socket.getPeerX509Certificate() as (X509Certificate & { issuerCertificate?: X509Certificate }) | undefined;
  while (x509 && chain.length < longestChain && chain.at(-1)?.fingerprint256 !== fingerprint(x509)) {
    try {
      chain.push(certificate(x509));
    } catch {
      return chain;
    }
    x509 = x509.issuerCertificate;
  }
  return chain;
}

function certificate(x509: X509Certificate): CertificateFacts {
  const spki = x509.publicKey.export({ type: 'spki', format: 'der' });
  const [, issuerUrl] = /^CA Issuers - URI:(\S+)$/m.exec(x509.infoAccess ?? '') ?? [];
  return {
    subject: printable(x509.subject, 300),
    issuer: printable(x509.issuer, 300),
    subjectAltNames: (x509.subjectAltName ?? '')
      .split(', ')
      .filter(Boolean)
      .slice(0, 50)
      .map((name) => printable(name)),
    validFrom: new Date(x509.validFrom).toISOString(),
    validTo: new Date(x509.validTo).toISOString(),
    serialNumber: x509.serialNumber,
    fingerprint256: fingerprint(x509),
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
    isCa: x509.ca,
    ...(issuerUrl && { issuerUrl: printable(issuerUrl, 300) }),
  };
}

function fingerprint(x509: X509Certificate): string {
  return x509.fingerprint256.replaceAll(':', '').toLowerCase();
}
