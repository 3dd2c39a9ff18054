/** One TLS handshake, and what it shows: RFC 8446, RFC 5280 (chain), RFC 6125 (names). */
import { createHash, type X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import type { CertificateFacts, TlsFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { trusting } from '../wire/tcp.js';
import { type Connected, connectTcp } from './connect.js';

export interface TlsServer {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

export interface HandshakeOptions {
  /** PEM of a private CA beside the public ones. */
  readonly ca?: string | undefined;
  /** Absent: no SNI and no check of the name. */
  readonly servername?: string;
  readonly alpn?: string[];
  /** Other versions or ciphers; the chain is then not verified against `ca`. */
  readonly more?: ConnectionOptions;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export type Handshake = Partial<TlsFacts> & {
  failure?: Failure;
  /** Handed over when the handshake was finished, verified or not; the caller destroys it. */
  secure?: TLSSocket;
};

const longestChain = 10;
const timeoutDefaultMs = 2500;

/** OpenSSL's ways of saying that what came was no TLS record. */
const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);

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

/**
 * As the server sent it, leaf first; the anchor that it verified against is in it only if the server sent that. It ends
 * before a certificate whose dates or key cannot be read.
 */
function chainOf(socket: TLSSocket): CertificateFacts[] {
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

function shown(secure: TLSSocket, host: string, servername: string | undefined): Handshake {
  // With no name asked for there is none to compare.
  const wrongName = servername === undefined ? undefined : checkServerIdentity(host, secure.getPeerCertificate());
  const nameError = wrongName && printable(wrongName.message, 300);
  const chainError = secure.authorizationError ? String(secure.authorizationError) : undefined;
  const protocol = secure.getProtocol();
  return {
    secure,
    chain: chainOf(secure),
    cipher: secure.getCipher().standardName,
    ...(protocol && { protocol }),
    ...(secure.alpnProtocol && { alpn: secure.alpnProtocol }),
    ...(chainError && { chainError }),
    ...(nameError && { nameError }),
    ...(chainError
      ? { failure: { kind: 'chain', message: `the certificate of ${host} does not verify: ${chainError}` } }
      : nameError && { failure: { kind: 'name', message: nameError } }),
  };
}

/** Never rejects. Kinds: `chain`, `name`, `plaintext`, `tls` (an alert or an early end), `timeout`. */
export function handshake(socket: Socket, { host }: TlsServer, options: HandshakeOptions): Promise<Handshake> {
  const { ca, servername, alpn, more, signal } = options;
  return new Promise((resolve) => {
    const secure = connect({
      socket,
      ...(servername && isIP(servername) === 0 && { servername }),
      ...(alpn && { ALPNProtocols: alpn }),
      // A refused chain is a fact to report, so it has to be read first. No secret is ever sent over this connection.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(more ?? { secureContext: trusting(ca) }),
    });
    const end = (result: Handshake): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      secure.removeAllListeners();
      secure.on('error', () => {});
      if (!result.secure) secure.destroy();
      resolve(result);
    };
    const onAbort = (): void =>
      end({
        failure: { kind: 'timeout', message: `${host} accepted the connection but did not finish the handshake` },
      });
    const timer = setTimeout(onAbort, options.timeoutMs ?? timeoutDefaultMs);
    signal.addEventListener('abort', onAbort, { once: true });
    secure.on('secureConnect', () => end(shown(secure, host, servername)));
    const broken = (error?: NodeJS.ErrnoException): void => {
      const why = error ? printable(error.code ?? error.message) : 'the connection was closed';
      const kind = notTls.has(why) ? 'plaintext' : 'tls';
      end({ failure: { kind, message: `TLS handshake with ${host} failed: ${why}` } });
    };
    secure.on('error', broken);
    secure.on('close', () => broken());
    if (signal.aborted) onAbort();
  });
}

/** A new connection and a handshake over it. */
export async function shake(server: TlsServer, options: HandshakeOptions): Promise<Handshake> {
  const connected: Connected = await connectTcp(server, options.signal);
  return 'failure' in connected ? { failure: connected.failure } : handshake(connected.socket, server, options);
}
