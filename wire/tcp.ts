/** TCP and TLS connections, with the outcome as data: nothing here throws or rejects. */
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

export type TcpOutcome =
  | { readonly socket: Socket }
  /** The system's error code (`ECONNREFUSED`, `EHOSTUNREACH`, …), or `ETIMEDOUT` when the signal aborted first. */
  | { readonly code: string };

const retryEveryMs = 250;

/**
 * Connects to an address (no name). A lost SYN is sent again by the kernel only after 1 s and 3 s, too seldom to tell loss
 * from silence within 3 s; so another attempt starts every 250 ms, and the first one that has an answer counts.
 */
export function openTcp(address: string, port: number, signal: AbortSignal): Promise<TcpOutcome> {
  return new Promise((resolve) => {
    const attempts = new Set<Socket>();
    let timer: NodeJS.Timeout | undefined;
    const end = (outcome: TcpOutcome): void => {
      clearInterval(timer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of attempts) {
        // A destroyed socket keeps its error listener: what still happens to it is no news.
        if ('socket' in outcome && socket === outcome.socket) socket.off('error', onError);
        else socket.destroy();
      }
      resolve(outcome);
    };
    const onAbort = (): void => end({ code: 'ETIMEDOUT' });
    const onError = (error: NodeJS.ErrnoException): void => end({ code: error.code ?? 'EIO' });
    const attempt = (): void => {
      const socket = connectSocket({ host: address, port, noDelay: true });
      attempts.add(socket);
      socket.once('connect', () => end({ socket }));
      socket.on('error', onError);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    timer = setInterval(attempt, retryEveryMs);
    attempt();
  });
}

const contexts = new Map<string, SecureContext>();

/** What `tls.createSecureContext` wraps; it has no type, and no documentation. */
interface NativeContext {
  addCACert?(pem: string): void;
}

/**
 * What to trust: the public roots, and a private CA (PEM) beside them. Kept for the next connection.
 */
export function trusting(ca: string | undefined): SecureContext {
  const known = contexts.get(ca ?? '');
  if (known) return known;
  const context = ca === undefined ? createSecureContext() : withPrivate(ca);
  contexts.set(ca ?? '', context);
  return context;
}

/** The documented way, a list, has the 140 public roots read again, which takes 30 ms; the store that Node has, 1 ms. */
function withPrivate(ca: string): SecureContext {
  const context = createSecureContext();
  const native = context.context as NativeContext | undefined;
  if (!native?.addCACert) return createSecureContext({ ca: [...rootCertificates, ca] });
  native.addCACert(ca);
  return context;
}

export type TlsOutcome =
  | { readonly socket: Socket }
  /** OpenSSL's or Node's code (`CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, …); `ETIMEDOUT` on abort. */
  | { readonly code: string; readonly message: string };

/** A handshake with `host` (SNI when it is a name) that refuses any certificate that does not verify. */
export function secure(
  socket: Socket,
  host: string,
  secureContext: SecureContext,
  signal: AbortSignal,
  alpn?: readonly string[],
): Promise<TlsOutcome> {
  return new Promise((resolve) => {
    const tls = connectTls({
      socket,
      host,
      secureContext,
      ...(isIP(host) ? {} : { servername: host }),
      ...(alpn && { ALPNProtocols: [...alpn] }),
    });
    const end = (outcome: TlsOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      tls.off('close', onClose);
      if ('code' in outcome) tls.destroy();
      else tls.off('error', onError);
      resolve(outcome);
    };
    const onAbort = (): void => end({ code: 'ETIMEDOUT', message: 'the handshake was not finished in time' });
    const onError = (error: NodeJS.ErrnoException): void =>
      end({ code: error.code ?? 'EPROTO', message: error.message });
    const onClose = (): void => end({ code: 'ECONNRESET', message: 'the connection was closed during the handshake' });
    tls.once('secureConnect', () => end({ socket: tls }));
    tls.on('error', onError);
    tls.on('close', onClose);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
