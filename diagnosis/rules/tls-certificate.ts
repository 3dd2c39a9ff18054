/** Whose certificate it is, and for whom: each for the signalling host and for the TURN host. */
import type { CertificateFacts, Seen } from '../../evidence/facts.js';
import { type CertificateArgs, certificates, secretOf } from '../certificates.js';
import { rule } from '../rule.js';
import { list, quoted } from '../words.js';

/** OpenSSL's codes, from `openssl-verification-options(1)`. */
const untrustedErrors = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

const isUntrusted = ({ facts: { chainError } }: Seen<'tls'>): boolean => untrustedErrors.has(chainError ?? '');

const isSelfSigned = ({ subject, issuer }: CertificateFacts): boolean => subject === issuer;

/** Certificates that a proxy makes up, or that are meant for trials only. */
const defaults: readonly (readonly [RegExp, string])[] = [
  [/Kubernetes Ingress Controller Fake Certificate/i, 'ingress-nginx'],
  [/TRAEFIK DEFAULT CERT/i, 'Traefik'],
  [/\(STAGING\)/, "Let's Encrypt's staging issuer"],
  [/Caddy Local Authority/i, "Caddy's local authority"],
];

/** Makers of proxies and virus scanners that put their own certificate in place of every host's. */
const interceptors =
  /Zscaler|Fortinet|FortiGate|Palo Alto|Netskope|Blue ?Coat|Symantec Web|Sophos|Cisco Umbrella|Forcepoint|Check ?Point|WatchGuard|Barracuda|Kaspersky|Avast|AVG|ESET|Bitdefender|mitmproxy|Charles Proxy|Burp/i;

function defaultMaker({ facts: { nameError, withoutSni } }: Seen<'tls'>, leaf: CertificateFacts): string | undefined {
  const known = defaults.find(([name]) => name.test(`${leaf.subject} ${leaf.issuer}`))?.[1];
  // Self-signed, for another name, and shown to whoever names no host: what a proxy made for itself.
  const own = nameError && isSelfSigned(leaf) && withoutSni?.fingerprint256 === leaf.fingerprint256;
  return known ?? (own ? 'the proxy' : undefined);
}

export const tlsIntercepted = rule<CertificateArgs>({
  code: 'tls-intercepted',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  blames: 'vantage',
  find: (evidence) =>
    certificates(evidence, (port, leaf) => isUntrusted(port) && interceptors.test(leaf.issuer)).map(
      ({ port: _, ...found }) => ({
        ...found,
        alternatives: [
          {
            code: 'tls-untrusted-issuer',
            separateBy:
              "Run the check from another network: if the same issuer signs there, it is the deployment's own.",
          },
        ],
      }),
    ),
  prose: ({ host, issuer }) => ({
    summary: `Something in this network puts its own certificate in place of \`${host}\`'s.`,
    cause: `The certificate was issued by ${quoted(issuer)}, a maker of intercepting proxies or virus scanners, so TLS is broken open between here and the deployment.`,
    fix: `Exempt \`${host}\` from inspection in that product, or run the check from a network without it; TURN over TLS and websockets often do not survive inspection.`,
  }),
});

export const tlsDefaultCertificate = rule<CertificateArgs & { maker: string }>({
  code: 'tls-default-certificate',
  severity: 'error',
  explainedBy: ['turn-host-wrong', 'dns-wrong-address', 'kubernetes-certificate-not-ready', 'kubernetes-dns-stale'],
  find: (evidence) =>
    certificates(evidence, (port, leaf) => port.state === 'failed' && defaultMaker(port, leaf) !== undefined).map(
      ({ port, ...found }) => {
        const leaf = port.facts.chain[0];
        return { ...found, args: { ...found.args, maker: (leaf && defaultMaker(port, leaf)) ?? 'the proxy' } };
      },
    ),
  prose: ({ host, destination, maker, subject, target }) => ({
    summary: `${destination} shows a placeholder certificate for \`${host}\`, not a real one.`,
    cause: `The certificate (${quoted(subject || maker)}) is a default of ${maker}: the real one was never issued, is in another secret, or its issuance waits until the name resolves.`,
    fix: `Put the certificate of \`${host}\` into ${secretOf(target)}; with cert-manager, \`kubectl describe certificate,order,challenge\` says what issuance waits for.`,
  }),
});

/** The leaf alone was sent, and it says where the certificate of its issuer is, as those of public authorities do. */
function breaksOff({ facts: { chain } }: Seen<'tls'>): boolean {
  const [leaf] = chain;
  return chain.length === 1 && leaf !== undefined && !isSelfSigned(leaf) && leaf.issuerUrl !== undefined;
}

export const tlsChainIncomplete = rule<CertificateArgs & { issuerUrl: string }>({
  code: 'tls-chain-incomplete',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'tls-default-certificate', 'tls-intercepted'],
  find: (evidence) =>
    certificates(evidence, (port) => isUntrusted(port) && breaksOff(port)).map(({ port, ...found }) => {
      const issuerUrl = port.facts.chain[0]?.issuerUrl ?? '';
      return {
        ...found,
        args: { ...found.args, issuerUrl },
        alternatives: [
          {
            code: 'tls-untrusted-issuer',
            separateBy: `Fetch ${issuerUrl} and look who issued it (\`openssl x509 -inform der -noout -issuer\`): if that is no public authority, the issuer is unknown rather than missing.`,
          },
        ],
      };
    }),
  prose: ({ host, destination, issuer, issuerUrl, target }) => ({
    summary: `The server at ${destination} (\`${host}\`) does not send the intermediate certificate.`,
    cause: `It sends the certificate alone, without that of its issuer ${quoted(issuer)} (${issuerUrl}), so the chain cannot be followed; some browsers fetch it by themselves, native apps do not.`,
    fix: `Put the full chain, the certificate first and then the intermediates, into ${secretOf(target)} (certbot: \`fullchain.pem\`, not \`cert.pem\`).`,
  }),
});

export const tlsUntrustedIssuer = rule<CertificateArgs>({
  code: 'tls-untrusted-issuer',
  severity: 'error',
  explainedBy: [
    'dns-wrong-address',
    'tls-default-certificate',
    'tls-intercepted',
    'kubernetes-certificate-not-ready',
    'kubernetes-dns-stale',
  ],
  find: (evidence) =>
    certificates(evidence, (port) => isUntrusted(port) && !breaksOff(port)).map(({ port, ...found }) => {
      const [leaf] = port.facts.chain;
      const { destination, host } = found.args;
      if (leaf && isSelfSigned(leaf)) return found;
      return {
        ...found,
        alternatives: [
          ...(port.facts.chain.length > 1
            ? []
            : [
                {
                  code: 'tls-chain-incomplete',
                  separateBy: `Verify with the certificate of its issuer at hand (\`openssl s_client -connect ${destination} -servername ${host} -CAfile issuer.pem -partial_chain\`): if a trusted authority stands behind that, only the intermediate is missing.`,
                },
              ]),
          {
            code: 'tls-intercepted',
            separateBy:
              'Run the check from another network: if another issuer signs there, something in this one puts its own certificate in place.',
          },
        ],
      };
    }),
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
  explainedBy: [
    'turn-host-wrong',
    'dns-wrong-address',
    'tls-default-certificate',
    'kubernetes-certificate-not-ready',
    'kubernetes-dns-stale',
  ],
  find: (evidence) =>
    certificates(evidence, ({ facts }) => facts.nameError !== undefined).map(({ port: _, ...found }) => found),
  prose: ({ host, destination, names, subject, target }) => ({
    summary: `The certificate at ${destination} is for another name than \`${host}\`.`,
    cause: `It bears ${names.length > 0 ? list(names.slice(0, 5)) : `no name besides ${quoted(subject)}`}, and \`${host}\` was asked for (SNI).`,
    fix: `Issue a certificate whose subject alternative names include \`${host}\` and put it into ${secretOf(target)}${target === 'turn' ? ', or set `turn.domain` to a name that it bears' : ''}.`,
  }),
});
