/**
 * The kinds of certificates and ports that badssl.com tests browsers with, made here: what the probe `tls` makes of each.
 * Not made: revoked and pinned ones (nobody here asks for either, see SECURITY.md), what is about pages and their content,
 * and ciphers that the OpenSSL of Node does not have any more (RC4, 3DES, short Diffie-Hellman groups).
 */
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import t from 'tap';
import { redactor } from '../../evidence/redaction.js';
import { allPaths } from '../../evidence/run.js';
import { type CertificateOptions, makeCertificate } from '../../fixtures/certificates.js';
import { startDnsServer } from '../../fixtures/dns-server.js';
import { dns } from '../../probes/dns.js';
import { tls } from '../../probes/tls.js';
import { observeEnvironment } from '../../run/planner.js';

const host = 'a.livekit.doctor.test';
const dayMs = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * dayMs);
const names = (number: number): string[] => Array.from({ length: number }, (_, i) => `n${i}.doctor.test`);

const ca = await makeCertificate({ subject: 'CN=Test CA', ca: true });
const intermediate = await makeCertificate({ subject: 'CN=Test Intermediate', ca: true, issuer: ca });
const older = await makeCertificate({ subject: 'CN=Older Intermediate', ca: true, issuer: ca, hash: 'SHA-1' });
const rsa = await makeCertificate({ subject: 'CN=RSA CA', ca: true, key: 'RSA-2048', issuer: ca });
const stranger = await makeCertificate({ subject: 'CN=Stranger', ca: true });

interface Kind {
  readonly certificate?: Partial<CertificateOptions>;
  readonly server?: TlsOptions;
  /** Without the intermediate. */
  readonly alone?: boolean;
  /** Of the observation; absent: all is well. */
  readonly seen?: object;
}

const chainError = (code: string): object => ({ facts: { chainError: code } });
/** Else a server of Node's would not take the certificate. */
const anyCipher = { ciphers: 'DEFAULT:@SECLEVEL=0' };
const nameError = { failure: { kind: 'name' } };

const kinds: Record<string, Kind> = {
  expired: {
    certificate: { notBefore: inDays(-30), notAfter: inDays(-1) },
    seen: chainError('CERT_HAS_EXPIRED'),
  },
  'not yet valid': {
    certificate: { notBefore: inDays(1), notAfter: inDays(9) },
    seen: chainError('CERT_NOT_YET_VALID'),
  },
  'wrong.host': { certificate: { names: ['b.livekit.doctor.test'] }, seen: nameError },
  'wildcard for another level': { certificate: { names: ['*.doctor.test'] }, seen: nameError },
  'wildcard for this level': { certificate: { names: ['*.livekit.doctor.test'] } },
  'self-signed': { certificate: { issuer: undefined }, seen: chainError('DEPTH_ZERO_SELF_SIGNED_CERT') },
  'untrusted-root': { certificate: { issuer: stranger }, seen: chainError('UNABLE_TO_VERIFY_LEAF_SIGNATURE') },
  'incomplete-chain': {
    certificate: { issuer: intermediate },
    alone: true,
    seen: chainError('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  },
  'a whole chain': { certificate: { issuer: intermediate } },
  'no-common-name': { certificate: { subject: 'O=Nobody' } },
  'no-subject': { certificate: { subject: '' } },
  'only a common name': { certificate: { subject: `CN=${host}`, names: [] }, seen: nameError },
  '1000-sans': { certificate: { names: [...names(999), host] } },
  '10000-sans': { certificate: { names: [...names(9999), host] }, seen: { state: /ok|failed/ } },
  'sha1-leaf': { certificate: { hash: 'SHA-1' }, server: anyCipher, seen: chainError('UNSPECIFIED') },
  'sha1-intermediate': { certificate: { issuer: older }, server: anyCipher, seen: chainError('UNSPECIFIED') },
  sha384: { certificate: { hash: 'SHA-384' } },
  sha512: { certificate: { hash: 'SHA-512' } },
  ecc384: { certificate: { key: 'P-384' } },
  rsa2048: { certificate: { key: 'RSA-2048', issuer: rsa } },
  cbc: { certificate: { key: 'RSA-2048' }, server: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' } },
  'static-rsa': { certificate: { key: 'RSA-2048' }, server: { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } },
  'tls-v1-0': {
    server: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    seen: { state: 'failed' },
  },
  'tls-v1-1': {
    server: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    seen: { state: 'failed' },
  },
  null: {
    server: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0' },
    seen: { state: 'failed' },
  },
  'client-cert-missing': {
    server: { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2', ca: ca.certificate },
    seen: { state: 'failed' },
  },
};

for (const [name, { certificate, server, alone, seen = {} }] of Object.entries(kinds)) {
  t.test(name, async (t) => {
    const leaf = await makeCertificate({ names: [host], issuer: ca, ...certificate });
    const listener = createServer(
      { key: leaf.privateKey, cert: alone ? leaf.certificate : leaf.chain, ...server },
      (socket) => socket.on('error', () => {}),
    );
    listener.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const records = new Map([[host, [{ type: 'A' as const, data: '127.0.0.1' }]]]);
    const resolver = await startDnsServer({ address: '127.0.0.1', zone: 'test', records });
    t.teardown(async () => {
      listener.close();
      await resolver.stop();
    });
    const { port } = listener.address() as AddressInfo;
    const found = await observeEnvironment({
      environment: {
        name: 'x',
        url: new URL(`wss://${host}:${port}`),
        auth: { apiKey: 'key', apiSecret: 'a-secret-of-at-least-32-characters' },
        ca: ca.certificate,
        resolvers: [`127.0.0.1:${resolver.port}`],
        claims: {},
      },
      probes: [dns, tls],
      depth: 'wire',
      paths: allPaths,
      redactor: redactor(),
      now: () => performance.now(),
      signal: new AbortController().signal,
    });
    const one = found.find(({ probe }) => probe === 'tls');
    t.match(one, { state: Object.keys(seen).length > 0 ? 'failed' : 'ok', ...seen });
    if (Object.keys(seen).length === 0) t.notOk(one?.facts.chainError ?? one?.facts.nameError);
  });
}
