/** What is wrong with a certificate: each for the signalling host and for the TURN host. */
import type { CertificateFacts, Role, Seen } from '../../evidence/facts.js';
import type { Evidence, Severity } from '../../evidence/run.js';
import { ids, look, signalling } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { at, list, moment, quoted } from '../words.js';

interface CertificateArgs {
  target: Role;
  host: string;
  destination: string;
  subject: string;
  issuer: string;
  names: string[];
  validTo: string;
}

/** OpenSSL's codes, from `openssl-verify(1)`. */
const untrustedErrors = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** Certificates that a proxy makes up when it has none for the name. */
const defaults: readonly (readonly [RegExp, string])[] = [
  [/Kubernetes Ingress Controller Fake Certificate/i, 'ingress-nginx'],
  [/TRAEFIK DEFAULT CERT/i, 'Traefik'],
  [/\(STAGING\)/, "Let's Encrypt's staging issuer"],
  [/Caddy Local Authority/i, "Caddy's local authority"],
];

export function severityOfTarget(evidence: Evidence, target: Role): Severity {
  return target === 'signal' ? 'error' : severityOf(evidence, 'turn-tls');
}

const leafOf = (port: Seen<'tls'>): CertificateFacts | undefined => port.facts.chain[0];

/** Which default certificate it is, by who made it. */
function defaultMaker(certificate: CertificateFacts): string | undefined {
  return defaults.find(([name]) => name.test(`${certificate.subject} ${certificate.issuer}`))?.[1];
}

/** For every TLS port that shows a certificate like this. */
function certificates(evidence: Evidence, matches: (port: Seen<'tls'>, leaf: CertificateFacts) => boolean) {
  const signal = signalling(evidence);
  return look(evidence, 'tls').flatMap((port) => {
    const leaf = leafOf(port);
    if (!leaf || !matches(port, leaf)) return [];
    const { role, host, address } = port.facts;
    const args: CertificateArgs = {
      target: role,
      host,
      destination: at(address, port.facts.port),
      subject: leaf.subject,
      issuer: leaf.issuer,
      names: leaf.subjectAltNames.map((name) => name.replace(/^(DNS|IP Address):/, '')),
      validTo: leaf.validTo,
    };
    const victim = role === 'signal' && signal?.failure?.kind === 'tls' ? signal : undefined;
    return [{ args, evidence: ids(port, victim), severity: severityOfTarget(evidence, role) }];
  });
}

const secretOf = (target: Role): string =>
  target === 'signal'
    ? "the ingress's TLS secret (`spec.tls[].secretName`; nginx: `ssl_certificate`)"
    : 'the TURN certificate (Helm: `livekit.turn.secretName`; livekit.yaml: `turn.cert_file` and `turn.key_file`; with `turn.external_tls: true` at the load balancer)';

export const tlsDefaultCertificate = rule<CertificateArgs & { maker: string }>({
  code: 'tls-default-certificate',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) =>
    certificates(evidence, ({ state }, leaf) => state === 'failed' && defaultMaker(leaf) !== undefined).map(
      (found) => ({
        ...found,
        args: {
          ...found.args,
          maker: defaults.find(([name]) => name.test(`${found.args.subject} ${found.args.issuer}`))?.[1] ?? '',
        },
      }),
    ),
  prose: ({ host, destination, maker, subject, target }) => ({
    summary: `${destination} shows a placeholder certificate for \`${host}\`, not a real one.`,
    cause: `The certificate (${quoted(subject || maker)}) is a default of ${maker}: the real one was never issued, is in another secret, or its issuance waits until the name resolves.`,
    fix: `Put the certificate of \`${host}\` into ${secretOf(target)}; with cert-manager, \`kubectl describe certificate,order,challenge\` says what issuance waits for.`,
  }),
});

export const tlsCertificateExpired = rule<CertificateArgs>({
  code: 'tls-certificate-expired',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'tls-default-certificate'],
  find: (evidence) => certificates(evidence, ({ facts }) => facts.chainError === 'CERT_HAS_EXPIRED'),
  prose: ({ host, destination, validTo, subject, issuer, target }) => ({
    summary: `The certificate of \`${host}\` at ${destination} expired on ${moment(validTo)}.`,
    cause: `The certificate ${quoted(subject)}, issued by ${quoted(issuer)}, was not renewed, or the renewed one was not loaded.`,
    fix: `Renew it and put it into ${secretOf(target)} (expected: valid beyond today; seen: until ${moment(validTo)}), then check why the renewal did not run.`,
  }),
});

export const tlsUntrustedIssuer = rule<CertificateArgs>({
  code: 'tls-untrusted-issuer',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'tls-default-certificate'],
  find: (evidence) =>
    certificates(evidence, ({ facts }) => facts.chainError !== undefined && untrustedErrors.has(facts.chainError)),
  prose: ({ host, destination, subject, issuer, target }) => ({
    summary: `No authority that is trusted here vouches for the certificate of \`${host}\` at ${destination}.`,
    cause:
      subject === issuer
        ? `It is self-signed (${quoted(subject)}).`
        : `It was issued by ${quoted(issuer)}, which is neither a public authority nor the one that this environment names.`,
    fix: `Name the private authority's certificate in \`tls.ca\` of the environment if it is meant to be private (every client must trust it then), or put a publicly trusted certificate into ${secretOf(target)}.`,
  }),
});

export const tlsNameMismatch = rule<CertificateArgs>({
  code: 'tls-name-mismatch',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'tls-default-certificate'],
  find: (evidence) => certificates(evidence, ({ facts }) => facts.nameError !== undefined),
  prose: ({ host, destination, names, subject, target }) => ({
    summary: `The certificate at ${destination} is for another name than \`${host}\`.`,
    cause: `It bears ${names.length > 0 ? list(names.slice(0, 5)) : `no name besides ${quoted(subject)}`}, and \`${host}\` was asked for (SNI).`,
    fix: `Issue a certificate whose subject alternative names include \`${host}\` and put it into ${secretOf(target)}${target === 'turn' ? ', or set `turn.domain` to a name that it bears' : ''}.`,
  }),
});
