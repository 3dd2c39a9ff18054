/** One TLS handshake, and what it shows: RFC 8446, RFC 5280 (chain), RFC 6125 (names). */
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { TlsFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { trusting } from '../wire/tcp.js';
import { type Connected, connectTcp } from './connect.js';
import { chainOf } from './tls-chain.js';

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

const timeoutDefaultMs = 2500;

/** OpenSSL's ways of saying that what came was no TLS record. */
const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);

/** Node still reads the common name of a certificate without alternative names; browsers and Go do not (RFC 9525 §2). */
function wrongNameOf(host: string, leaf: PeerCertificate): string | undefined {
  const commonNameOnly = leaf.subjectaltname ? undefined : 'the certificate has no subject alternative name';
  return checkServerIdentity(host, leaf)?.message ?? commonNameOnly;
}

function shown(
  secure: TLSSocket,
  { host, address, port }: TlsServer,
  servername: string | undefined,
  leaf: PeerCertificate,
): Handshake {
  // With no name asked for there is none to compare.
  const wrongName = servername === undefined ? undefined : wrongNameOf(host, leaf);
  const nameError = wrongName && printable(wrongName, 300);
  const chainError = secure.authorizationError ? String(secure.authorizationError) : undefined;
  const protocol = secure.getProtocol();
  return {
    secure,
    chain: chainOf(secure, [servername, address, port, leaf.fingerprint256, chainError].join(' ')),
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
export function handshake(socket: Socket, server: TlsServer, options: HandshakeOptions): Promise<Handshake> {
  const { host } = server;
  const { ca, servername, alpn, more, signal } = options;
  let verified: PeerCertificate | undefined;
  return new Promise((resolve) => {
    const secure = connect({
      socket,
      ...(servername && isIP(servername) === 0 && { servername }),
      ...(alpn && { ALPNProtocols: alpn }),
      // A refused chain is a fact to report, so it has to be read first. No secret is ever sent over this connection.
      rejectUnauthorized: false,
      checkServerIdentity: (_, leaf) => {
        verified = leaf;
        return undefined;
      },
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
    secure.on('secureConnect', () => end(shown(secure, server, servername, verified ?? secure.getPeerCertificate())));
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
