/** `tls`: one handshake with the signalling host and with every TURN/TLS host, and the chain that it showed. */
import { createHash, type X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import type { CertificateFacts, DnsFacts, Role, TlsFacts } from '../evidence/facts.js';
import type { Failure, Step } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { turnUri } from '../wire/turn-uri.js';
import { hostOf } from './dns.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';

interface Endpoint extends Target {
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

const longestChain = 10;
const mostEndpoints = 8;

function targets(known: Known): (Endpoint | Pending)[] {
  const { url } = known.environment;
  const wanted = new Map<string, { role: Role; host: string; port: number }>();
  const want = (role: Role, host: string, port: number): void => {
    const id = `tls:${host}:${port}`;
    if (!wanted.has(id) && wanted.size < mostEndpoints) wanted.set(id, { role, host, port });
  };
  if (url.protocol === 'wss:') want('signal', hostOf(url), Number(url.port || 443));
  for (const server of known.shared.iceServers ?? []) {
    const uri = turnUri(server.url);
    if (uri?.transport === 'tls') want('turn', uri.host, uri.port);
  }
  return [...wanted].map(([id, { role, host, port }]) => {
    const names = known.observations.get(`dns:${host}`);
    const address = isIP(host) ? host : (names?.facts as Partial<DnsFacts> | undefined)?.addresses?.[0];
    return address ? { id, role, host, port, address } : { id, waitingFor: `dns:${host}` };
  });
}

function certificate(x509: X509Certificate): CertificateFacts {
  const spki = x509.publicKey.export({ type: 'spki', format: 'der' });
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
    fingerprint256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
    isCa: x509.ca,
  };
}

/** As the server sent it, leaf first; the anchor that it verified against is in it only if the server sent that. */
function chainOf(socket: TLSSocket): CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  let x509 = socket.getPeerX509Certificate() as (X509Certificate & { issuerCertificate?: X509Certificate }) | undefined;
  while (x509 && chain.length < longestChain && chain.at(-1)?.fingerprint256 !== fingerprint(x509)) {
    chain.push(certificate(x509));
    x509 = x509.issuerCertificate;
  }
  return chain;
}

function fingerprint(x509: X509Certificate): string {
  return x509.fingerprint256.replaceAll(':', '').toLowerCase();
}

type Connected = { readonly socket: Socket } | { readonly failure: Failure };

function tcp({ address, host, port }: Endpoint, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port });
    const end = (result: Connected): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      if ('failure' in result) socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const at = `${host} (${address}) port ${port}`;
    const onAbort = (): void =>
      end({ failure: { kind: 'timeout', message: `TCP connection to ${at} was not answered` } });
    const timer = setTimeout(onAbort, 3000);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => end({ socket }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
      end({ failure: { kind, message: `TCP connection to ${at}: ${error.code ?? error.message}` } });
    });
    if (signal.aborted) onAbort();
  });
}

/** What the port says to a plain HTTP request, when it did not understand a ClientHello. */
async function plainAnswer(target: Endpoint, signal: AbortSignal): Promise<string | undefined> {
  const connected = await tcp(target, signal);
  if ('failure' in connected) return undefined;
  const { socket } = connected;
  return new Promise((resolve) => {
    const end = (text?: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {}).destroy();
      resolve(text);
    };
    const onAbort = (): void => end();
    const timer = setTimeout(onAbort, 1000);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('data', (data) => end(printable(data.subarray(0, 200).toString('latin1'))));
    socket.on('error', onAbort);
    socket.on('close', onAbort);
    socket.write(`GET / HTTP/1.0\r\nHost: ${target.host}\r\n\r\n`);
    if (signal.aborted) onAbort();
  });
}

/** OpenSSL's ways of saying that what came was no TLS record. */
const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);

type Handshake = Partial<TlsFacts> & { failure?: Failure };

function handshake(socket: Socket, target: Endpoint, ca: string | undefined, signal: AbortSignal): Promise<Handshake> {
  const { host, role } = target;
  return new Promise((resolve) => {
    const secure = connectTls({
      socket,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca ? { ca: [...rootCertificates, ca] } : {}),
      // A refused chain is a fact to report, so it has to be read first; nothing is ever sent over this connection.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(role === 'signal' ? { ALPNProtocols: ['http/1.1'] } : {}),
    });
    const end = (result: Handshake): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      secure.removeAllListeners();
      secure.on('error', () => {}).destroy();
      resolve(result);
    };
    const onAbort = (): void =>
      end({
        failure: { kind: 'timeout', message: `${host} accepted the connection but did not finish the handshake` },
      });
    const timer = setTimeout(onAbort, 3000);
    signal.addEventListener('abort', onAbort, { once: true });
    secure.on('secureConnect', () => {
      const leaf = secure.getPeerCertificate();
      const nameError = checkServerIdentity(host, leaf)?.message;
      const chainError = secure.authorizationError ? String(secure.authorizationError) : undefined;
      end({
        protocol: secure.getProtocol() ?? undefined,
        cipher: secure.getCipher().standardName,
        ...(secure.alpnProtocol && { alpn: secure.alpnProtocol }),
        chain: chainOf(secure),
        ...(chainError && { chainError }),
        ...(nameError && { nameError: printable(nameError, 300) }),
        ...(chainError
          ? { failure: { kind: 'chain', message: `the certificate of ${host} does not verify: ${chainError}` } }
          : nameError && { failure: { kind: 'name', message: printable(nameError, 300) } }),
      });
    });
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

async function observe(target: Endpoint, { known, signal, now }: Tools): Promise<Outcome> {
  const { role, host, port, address } = target;
  const facts: TlsFacts = { role, host, address, port, chain: [] };
  const steps: Step[] = [];
  const startMs = now();
  const connected = await tcp(target, signal);
  const connectedMs = now();
  steps.push({ name: 'connect', startMs, endMs: connectedMs });
  if ('failure' in connected) return { state: 'failed', facts: { ...facts }, steps, failure: connected.failure };
  const { failure, ...shown } = await handshake(connected.socket, target, known.environment.ca, signal);
  const endMs = now();
  steps.push({ name: 'handshake', startMs: connectedMs, endMs });
  const plaintext = failure?.kind === 'plaintext' ? await plainAnswer(target, signal) : undefined;
  const all = {
    ...facts,
    ...shown,
    ...(plaintext && { plaintext }),
    connectMs: connectedMs - startMs,
    handshakeMs: endMs - connectedMs,
  };
  return failure ? { state: 'failed', facts: all, steps, failure } : { state: 'ok', facts: all, steps };
}

export const tls: Probe<Endpoint> = { name: 'tls', depth: 'wire', deadlineMs: 7000, targets, observe };
