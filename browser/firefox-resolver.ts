/**
 * A resolver over HTTPS (RFC 8484) that knows a few names and says of all others that they do not exist. It is the one
 * way to tell Firefox exactly which address a name has: whatever it resolves goes through it, WebRTC's TURN hosts too.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import packet, { type Answer } from 'dns-packet';
import type { LaunchOptions } from './launch.js';

export interface Resolver {
  /** `https://127.0.0.1:port/dns-query`. */
  readonly url: string;
  readonly port: number;
  /** SHA-256 of its certificate, hex. */
  readonly fingerprint256: string;
  close(): Promise<void>;
}

/** RFC 1035 §4.1.1 */
const nameError = 3;
const ttlS = 600;
/** More than a message of one question has, in base64url. */
const mostCharacters = 1024;

/** Listens on a free port of 127.0.0.1. There is nothing secret in what it answers. */
export async function startResolver(names: LaunchOptions['names']): Promise<Resolver> {
  const addresses = new Map(names.map(({ host, address }) => [host, address]));
  const { certificate, key } = await makeCertificate();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const question = new URL(request.url ?? '/', 'https://127.0.0.1').searchParams.get('dns') ?? '';
    const answer =
      question.length > mostCharacters ? undefined : answerTo(Buffer.from(question, 'base64url'), addresses);
    if (!answer) {
      response.writeHead(400).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/dns-message', 'cache-control': `max-age=${ttlS}` });
    response.end(answer);
  });
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}/dns-query`,
    port,
    fingerprint256: new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined for what is no question. */
function answerTo(message: Buffer, addresses: ReadonlyMap<string, string | undefined>): Buffer | undefined {
  try {
    const { id, questions } = packet.decode(message);
    const [question] = questions ?? [];
    if (!question) return undefined;
    const { name, type } = question;
    const address = addresses.get(name.toLowerCase().replace(/\.$/, ''));
    const has = address && (isIP(address) === 6 ? 'AAAA' : 'A');
    const answers: Answer[] = address && has === type ? [{ type: has, name, ttl: ttlS, data: address }] : [];
    const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (address ? 0 : nameError);
    return packet.encode({ type: 'response', ...(id && { id }), flags, questions: [question], answers });
  } catch {
    return undefined;
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hourMs = 3_600_000;

/** It signs itself: who trusts it knows it by its fingerprint. PEM. */
async function makeCertificate(): Promise<{ certificate: string; key: string }> {
  // Loaded only here: it costs 100 ms. The library wants the metadata reflection there first.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: 'CN=127.0.0.1',
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + 24 * hourMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}
