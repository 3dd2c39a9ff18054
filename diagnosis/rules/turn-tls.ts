/** TURN over TLS whose server is there, but at another port, or with TLS ended twice or nowhere. */
import type { Role, TurnLook } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { destination, refused, silent, type TurnCheck, turnAnswered, worked } from '../checks.js';
import { ids, kindOf, look } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { at, quoted } from '../words.js';
import { beforeTurn, beforeTurnTls } from './turn-reach.js';

type Check = TurnCheck & { readonly probe: 'turn-tls' };

/** The port that LiveKit hands out for its own TURN over TLS, whatever `turn.tls_port` is. */
const advertisedPort = 443;

const isTurn = ({ heard }: TurnLook): boolean => heard === 'turn';

/** Checks whose URL led to no TURN server. */
function lost(evidence: Evidence): Check[] {
  return (look(evidence, 'turn-tls') as Check[]).filter((check) => !turnAnswered(check));
}

function lookAt({ facts }: Check, over: TurnLook['over'], port = facts.port): TurnLook | undefined {
  return facts.looks?.find((one) => one.over === over && one.port === port);
}

/** The TLS probe's observation of the same port. */
function tlsLook(evidence: Evidence, { facts }: Check) {
  return look(evidence, 'tls').find((port) => port.facts.host === facts.host && port.facts.port === facts.port);
}

const severity = (evidence: Evidence) =>
  look(evidence, 'turn-tls').some(worked) ? ('warning' as const) : severityOf(evidence, 'turn-tls');

interface Common {
  target: Role;
  addresses: string[];
  url: string;
  host: string;
  destination: string;
  /** LiveKit's own TURN, not one of `rtc.turn_servers`. */
  embedded: boolean;
}

const common = (check: Check, { realm }: TurnLook): Common => ({
  target: 'turn',
  addresses: [check.facts.address],
  url: check.facts.url,
  host: check.facts.host,
  destination: destination(check),
  embedded: realm === 'livekit',
});

interface MismatchArgs extends Common {
  /** Where TURN answers, and whether it wants TLS there. */
  listener: string;
  port: number;
  wantsTls: boolean;
  instead: string;
}

/** A server of somebody else's has plain TURN at 3478 beside its TLS port: that proves nothing about the latter. */
function listener({ facts }: Check): TurnLook | undefined {
  return facts.looks?.find(
    (one) => isTurn(one) && one.port !== facts.port && (one.realm === 'livekit' || one.port === 5349),
  );
}

function instead(check: Check): string {
  if (refused(check)) return 'refuses the connection';
  if (silent(check)) return 'does not answer at all';
  const { plaintext } = check.facts;
  return plaintext ? `answers ${quoted(plaintext)}` : 'does not speak TURN';
}

export const turnTlsPortMismatch = rule<MismatchArgs>({
  code: 'turn-tls-port-mismatch',
  severity: 'error',
  explainedBy: [...beforeTurnTls, 'turn-external-tls-mismatch'],
  find: (evidence) =>
    lost(evidence).flatMap((check) => {
      const found = listener(check);
      if (!found) return [];
      const { host, address, port } = check.facts;
      return [
        {
          args: {
            ...common(check, found),
            listener: at(address, found.port),
            port: found.port,
            wantsTls: found.over === 'tls',
            instead: instead(check),
          },
          evidence: ids(check, tlsLook(evidence, check)),
          severity: severity(evidence),
          alternatives: silent(check)
            ? [
                {
                  code: 'turn-tls-unreachable',
                  separateBy: `Look whether anything forwards TCP ${port} of ${host} (\`kubectl get service\`, \`ss -ltn\` on the host): if it does, a firewall drops that port.`,
                },
              ]
            : [],
        },
      ];
    }),
  prose: ({ url, destination, listener, port, wantsTls, instead, embedded, host }) => ({
    summary: `TURN over TLS is advertised as \`${url}\`, but its server answers at ${listener}.`,
    cause: `${destination} ${instead}, while a TURN server ${wantsTls ? 'that wants TLS' : 'that speaks no TLS'} answers at ${listener}${embedded ? `: LiveKit always hands out ${advertisedPort}, and \`turn.tls_port\` is only where it listens` : ''}.`,
    fix: [
      embedded
        ? `Forward TCP ${advertisedPort} of \`${host}\` to \`turn.tls_port\` ${port} (Service \`port: ${advertisedPort}\`, \`targetPort: ${port}\`)`
        : `Set \`port: ${port}\` for this entry of \`rtc.turn_servers\`, or forward ${destination} to port ${port}`,
      wantsTls
        ? 'as it is, with TLS not ended on the way; beside an ingress at the same address by SNI passthrough (nginx: `ssl_preread on`).'
        : 'behind a load balancer that ends TLS, which is what `turn.external_tls: true` expects.',
    ].join(', '),
  }),
});

interface ExternalTlsArgs extends Common {
  /** `twice`: the server wants TLS inside the TLS that was ended before it. `nowhere`: it wants none, and gets it. */
  ended: 'twice' | 'nowhere';
  /** Where it was seen. */
  seenAt: string;
  claimed?: boolean;
}

/** What proves it. */
function mismatch(evidence: Evidence, check: Check): { ended: ExternalTlsArgs['ended']; by: TurnLook } | undefined {
  const twice = lookAt(check, 'tls-in-tls');
  if (twice && isTurn(twice)) return { ended: 'twice', by: twice };
  if (!['tls', 'timeout', 'closed'].includes(kindOf(check) ?? '')) return undefined;
  const plain = lookAt(check, 'tcp');
  if (plain && isTurn(plain)) return { ended: 'nowhere', by: plain };
  // A router by SNI lets nothing through that is not TLS; then the listener itself shows it, if it can be reached.
  if (kindOf(check) !== 'tls' || kindOf(tlsLook(evidence, check) ?? {}) === 'plaintext') return undefined;
  const behind = check.facts.looks?.find(
    (one) => one.over === 'tcp' && isTurn(one) && lookAt(check, 'tls', one.port)?.heard === 'no-handshake',
  );
  return behind && { ended: 'nowhere', by: behind };
}

/** A port of a TURN host with which no handshake came about, and TURN was not looked at. */
function unseenPort(evidence: Evidence): string | undefined {
  const hosts = look(evidence, 'turn-tls').map(({ facts }) => facts.host);
  return look(evidence, 'tls').find(
    (port) =>
      port.facts.role === 'turn' &&
      ['plaintext', 'timeout'].includes(kindOf(port) ?? '') &&
      port.facts.connectMs !== undefined &&
      !hosts.includes(port.facts.host),
  )?.id;
}

const optionOne = '`turn.external_tls: true` with a load balancer that ends TLS (option 1)';
const optionTwo =
  '`turn.external_tls: false` with `turn.cert_file` and `turn.key_file` (Helm: `livekit.turn.secretName`) and a load balancer that passes TLS on as it is (option 2)';

export const turnExternalTlsMismatch = rule<ExternalTlsArgs>({
  code: 'turn-external-tls-mismatch',
  severity: 'error',
  explainedBy: beforeTurn,
  unseen: (evidence) =>
    unseenPort(evidence) &&
    'Let TURN over TLS be looked at as well (without `--only` and `--path`): that asks the port without TLS, too.',
  find: (evidence) =>
    lost(evidence).flatMap((check) => {
      const found = mismatch(evidence, check);
      if (!found) return [];
      const { externalTls } = evidence.claims.turn ?? {};
      const { host, address, port } = check.facts;
      return [
        {
          args: {
            ...common(check, found.by),
            ended: found.ended,
            seenAt: at(address, found.by.port),
            ...(externalTls !== undefined && { claimed: externalTls }),
          },
          evidence: ids(check, tlsLook(evidence, check)),
          severity: severity(evidence),
          alternatives:
            found.by.port === port
              ? []
              : [
                  {
                    code: 'turn-tls-port-mismatch',
                    separateBy: `Look where port ${port} leads for \`${host}\` (nginx: \`ssl_preread\`, \`proxy_pass\`): if that is not port ${found.by.port}, nothing forwards it.`,
                  },
                ],
        },
      ];
    }),
  prose: ({ url, ended, destination, seenAt, claimed, embedded }) => {
    const observed = ended === 'nowhere';
    const said =
      claimed === undefined
        ? ''
        : `; the environment claims \`turn.externalTls: ${claimed}\`, and the server behaves as with \`${observed}\``;
    const first = (claimed ?? !observed) ? [optionOne, optionTwo] : [optionTwo, optionOne];
    const fix = `Set ${first[0]}, or else ${first[1]}; \`turn.external_tls\` is ${observed} now, by what the server does.`;
    return {
      summary:
        ended === 'twice'
          ? `TLS is ended before the TURN server of \`${url}\`, which wants TLS once more${said}.`
          : `Nobody ends TLS for \`${url}\`: the TURN server behind it speaks TURN without TLS${said}.`,
      cause:
        ended === 'twice'
          ? `The handshake with ${destination} succeeds, TURN is silent in it, and a second handshake inside it leads to the TURN server.`
          : `No handshake comes about with ${destination}, and a request without TLS is answered by the TURN server at ${seenAt}.`,
      fix: embedded
        ? fix
        : 'Let TLS be ended once: either by the load balancer, with a plain TCP listener of the TURN server behind it, or by the TURN server (coturn: `cert`, `pkey`, `tls-listening-port`), with a load balancer that passes TLS on.',
    };
  },
});
