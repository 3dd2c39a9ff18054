/** Certificates and tokens that are out of their time, and whose clock says so. */
import type { CertificateFacts, Seen } from '../../evidence/facts.js';
import type { Evidence, Observation } from '../../evidence/run.js';
import { type CertificateArgs, certificates, secretOf } from '../certificates.js';
import { ids, look, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list, moment, quoted } from '../words.js';
import { isTimeRefused } from './token.js';

/** The `Date` header has whole seconds, and livekit-server allows tokens 60 s. */
const skewThatMattersMs = 45_000;

const byTime = (a: string, b: string): number => Date.parse(a) - Date.parse(b);

/** Of what the server sent, the certificate that ran out first; the root of a chain does so last. */
const firstToExpire = (chain: readonly CertificateFacts[]): CertificateFacts | undefined =>
  [...chain].sort((a, b) => byTime(a.validTo, b.validTo))[0];

const lastToBegin = (chain: readonly CertificateFacts[]): CertificateFacts | undefined =>
  [...chain].sort((a, b) => byTime(b.validFrom, a.validFrom))[0];

const outOfTime = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** The peer's clock minus ours, if both are known. */
function skewOf({ facts: { peerDate, ourDate } }: Seen<'tls'>): number | undefined {
  return peerDate && ourDate ? Date.parse(peerDate) - Date.parse(ourDate) : undefined;
}

/** By the peer's clock nothing of the chain is out of its time. */
function validThere({ facts: { chain, peerDate } }: Seen<'tls'>): boolean {
  return (
    peerDate !== undefined &&
    chain.every(({ validFrom, validTo }) => byTime(validFrom, peerDate) <= 0 && byTime(peerDate, validTo) <= 0)
  );
}

interface SkewArgs extends Args {
  skewMs: number;
  refused: string[];
  /** The clock was set, or stood still, while the run went on. */
  stepped?: true;
}

/** What wants a token failed in a run in which the clock was set; `at` is what says so. */
function afterStep(evidence: Evidence): { at: Seen<'load'>; refused: Observation[] } | undefined {
  const [at] = look(evidence, 'load').filter(({ facts }) => Math.abs(facts.clockStepMs ?? 0) > skewThatMattersMs);
  const refused = evidence.observations.filter((one) => one.state === 'failed' && needsToken.has(one.probe));
  return at && refused.length > 0 ? { at, refused } : undefined;
}

const needsToken = new Set(['signal', 'idle', 'peer', 'media', 'call', 'agent']);

/** Something was refused for its time, and by the clock of the other side it should not have been. */
export const vantageClockSkew = rule<SkewArgs>({
  code: 'vantage-clock-skew',
  severity: 'error',
  explainedBy: ['vantage-offline', 'dns-wrong-address'],
  blames: 'vantage',
  find(evidence) {
    const ports = look(evidence, 'tls').filter(
      (port) =>
        outOfTime.has(port.facts.chainError ?? '') &&
        Math.abs(skewOf(port) ?? 0) > skewThatMattersMs &&
        validThere(port),
    );
    const signal = signalling(evidence);
    const skewOfSignal = signal?.facts.clockSkewMs ?? 0;
    const token = signal && isTimeRefused(signal) && Math.abs(skewOfSignal) > skewThatMattersMs ? signal : undefined;
    const [port] = ports;
    const step = afterStep(evidence);
    if (!port && !token && step) {
      const skewMs = -Math.round(step.at.facts.clockStepMs ?? 0);
      return [
        {
          args: { skewMs, refused: step.refused.map(({ id }) => id), stepped: true },
          evidence: ids(step.at, ...step.refused),
        },
      ];
    }
    if (!port && !token) return [];
    const skewMs = Math.round((port && skewOf(port)) ?? skewOfSignal);
    const refused = [...(port ? ['the certificate'] : []), ...(token ? ['the token'] : [])];
    return [
      {
        args: { skewMs, refused },
        evidence: ids(...ports, port ? signal : token),
        alternatives: [
          {
            code: port ? 'tls-certificate-expired' : 'token-time-invalid',
            separateBy:
              'Compare both clocks with a third one (`date -u` against https://time.is): the one that is wrong is at fault.',
          },
        ],
      },
    ];
  },
  prose: ({ skewMs, refused, stepped }) =>
    stepped
      ? {
          summary: `The clock of this machine was set ${skewMs > 0 ? 'back' : 'ahead'} by ${Math.round(Math.abs(skewMs) / 1000)} s during the check, so tokens that were made then are for another time.`,
          cause: `Something set it while the check went on, or the machine was suspended; a token says from when until when it is valid by the clock of whoever made it, so that ${list(refused.map((id) => `\`${id}\``))} failed says nothing of the deployment.`,
          fix: 'Let NTP keep the clock (`timedatectl set-ntp true`) and run the check again.',
        }
      : {
          summary: `The clock of this machine and the server's are ${Math.round(Math.abs(skewMs) / 1000)} s apart, and ${list(refused)} is refused for its time.`,
          cause: `By its \`Date\` header the server is ${skewMs > 0 ? 'ahead' : 'behind'}, and by that time ${list(refused)} would be valid.`,
          fix: 'Set the clock of this machine by NTP (`timedatectl set-ntp true`) and check again; if it is right, set that of the server.',
        },
});

export const tlsCertificateExpired = rule<CertificateArgs>({
  code: 'tls-certificate-expired',
  severity: 'error',
  explainedBy: [
    'dns-wrong-address',
    'tls-default-certificate',
    'vantage-clock-skew',
    'kubernetes-certificate-not-ready',
    'kubernetes-dns-stale',
  ],
  find: (evidence) => ofTime(evidence, 'CERT_HAS_EXPIRED', firstToExpire),
  prose: ({ host, destination, validTo, subject, issuer, target }) => ({
    summary: `The certificate of \`${host}\` at ${destination} expired on ${moment(validTo)}.`,
    cause: `The certificate ${quoted(subject)}, issued by ${quoted(issuer)}, was not renewed, or the renewed one was not loaded.`,
    fix: `Renew it and put it into ${secretOf(target)} (expected: valid beyond today; seen: until ${moment(validTo)}), then check why the renewal did not run.`,
  }),
});

export const tlsCertificateNotYetValid = rule<CertificateArgs>({
  code: 'tls-certificate-not-yet-valid',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'tls-default-certificate', 'vantage-clock-skew'],
  find: (evidence) => ofTime(evidence, 'CERT_NOT_YET_VALID', lastToBegin),
  prose: ({ host, destination, validFrom, subject, issuer, target }) => ({
    summary: `The certificate of \`${host}\` at ${destination} is valid only from ${moment(validFrom)}.`,
    cause: `The certificate ${quoted(subject)} of ${quoted(issuer)} was issued for a time to come, as by an authority whose clock is ahead.`,
    fix: `Issue it again with the clock set right, and put it into ${secretOf(target)} (expected: valid from before today; seen: from ${moment(validFrom)}).`,
  }),
});

function ofTime(evidence: Evidence, error: string, culprit: typeof firstToExpire) {
  const known = signalling(evidence)?.facts.clockSkewMs;
  return certificates(evidence, ({ facts }) =>
    facts.chainError === error ? (culprit(facts.chain) ?? false) : false,
  ).map(({ port, ...found }) => ({
    ...found,
    alternatives:
      (skewOf(port) ?? known) === undefined
        ? [
            {
              code: 'vantage-clock-skew',
              separateBy:
                'Compare the clock of this machine with another one (`date -u` against https://time.is): if it is right, the certificate is at fault.',
            },
          ]
        : [],
  }));
}

/** Days before the end at which renewal is overdue: as claimed, else a fortnight, or a third of a short life. */
function overdueDays(claimed: number | undefined, { validFrom, validTo }: CertificateFacts): number {
  const lifeDays = byTime(validTo, validFrom) / 86_400_000;
  return claimed ?? Math.min(14, lifeDays / 3);
}

export const tlsCertificateExpiring = rule<CertificateArgs & { daysLeft: number; minDays: number }>({
  code: 'tls-certificate-expiring',
  severity: 'warning',
  explainedBy: ['dns-wrong-address', 'kubernetes-certificate-not-ready', 'kubernetes-dns-stale'],
  find(evidence) {
    // The run itself does not say when it was; the server's clock does, which is right wherever nothing was refused.
    const now = signalling(evidence)?.facts.health?.date;
    if (!now) return [];
    return certificates(
      evidence,
      ({ state, facts }) => (state === 'ok' && firstToExpire(facts.chain)) || false,
    ).flatMap(({ args, port, evidence: seen }) => {
      const ending = firstToExpire(port.facts.chain);
      if (!ending) return [];
      const daysLeft = byTime(args.validTo, now) / 86_400_000;
      const minDays = overdueDays(evidence.claims.tls?.minDays, ending);
      if (daysLeft >= minDays) return [];
      const rounded = { daysLeft: Math.floor(daysLeft), minDays: Math.ceil(minDays) };
      return [{ args: { ...args, ...rounded }, evidence: ids({ id: seen[0] ?? port.id }, signalling(evidence)) }];
    });
  },
  prose: ({ host, destination, validTo, daysLeft, minDays, target }) => ({
    summary: `The certificate of \`${host}\` at ${destination} expires in ${daysLeft} days, on ${moment(validTo)}, and at least ${minDays} should be left.`,
    cause: `Fewer days are left than \`tls.minDays\` says, so the renewal that should have happened did not.`,
    fix: `Renew the certificate in ${secretOf(target)} now, and see why it was not renewed (\`kubectl describe certificate\`, \`certbot renew --dry-run\`).`,
  }),
});
