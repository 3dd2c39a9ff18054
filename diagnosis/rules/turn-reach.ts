/** TURN that is not offered, or whose port does not answer. */
import type { Role } from '../../evidence/facts.js';
import type { Evidence, Path } from '../../evidence/run.js';
import { isIpv6 } from '../address.js';
import {
  advertisedAddresses,
  destination,
  orBlockedHere,
  orWrongAddress,
  refused,
  silent,
  type TurnCheck,
  tcpControls,
  turnAnswered,
  turnChecks,
  udpControls,
  worked,
} from '../checks.js';
import { ids, joined, kindOf, look, signalling } from '../look.js';
import { isAsked, isForbidden, isUnsupported, offeredPaths, requiredPaths, severityOf, turnPath } from '../offered.js';
import { type Alternative, type Args, rule } from '../rule.js';
import { list, quoted } from '../words.js';

const turnPaths: readonly Path[] = ['turn-udp', 'turn-tcp', 'turn-tls'];

/** Names that lead to no address, and certificates, are blamed before the port. */
export const beforeTurn = [
  'vantage-offline',
  'vantage-starved',
  'turn-host-wrong',
  'turn-name-missing',
  'dns-no-address',
  'dns-server-failure',
  'dns-dnssec-invalid',
  'dns-wrong-address',
  'dns-resolvers-disagree',
  'kubernetes-service-pending',
  'kubernetes-no-endpoints',
];
export const beforeTurnTls = [
  ...beforeTurn,
  'kubernetes-certificate-not-ready',
  'tls-default-certificate',
  'tls-plaintext-port',
  'tls-version-unsupported',
  'path-mtu-blackhole',
  'tls-handshake-stalled',
];
const mediaAddress = ['media-address-private', 'media-address-wrong', 'media-address-silent', 'hairpin-missing'];

interface NotOfferedArgs extends Args {
  missing: Path[];
  offered: Path[];
  required: boolean;
  /** `turn.host` */
  claimed?: string;
}

export const turnNotOffered = rule<NotOfferedArgs>({
  code: 'turn-not-offered',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    if (!joined(evidence)) return [];
    const claimed = evidence.claims.turn?.host;
    const offered = turnPaths.filter((path) => offeredPaths(evidence).has(path));
    const required = requiredPaths(evidence);
    const missing = turnPaths.filter(
      (path) =>
        required.has(path) && isAsked(evidence, path) && !offered.includes(path) && !isUnsupported(evidence, path),
    );
    // Having one kind of TURN is enough where nobody says which.
    const wanted = turnPaths.some((path) => isAsked(evidence, path) && !isForbidden(evidence, path));
    if (missing.length === 0 && (offered.length > 0 || !wanted)) return [];
    return [
      {
        args: { missing, offered, required: missing.length > 0, ...(claimed && { claimed }) },
        evidence: ids(signalling(evidence)),
        // Whoever names a TURN host expects one; a deployment that never spoke of TURN is not alarmed.
        severity: missing.length > 0 ? 'error' : claimed ? 'warning' : 'info',
      },
    ];
  },
  prose: ({ missing, offered, required, claimed }) => ({
    summary: required
      ? `The environment requires ${list(missing)}${claimed ? ` and claims \`turn.host: ${claimed}\`` : ''}, but the server offers ${offered.length > 0 ? `only ${list(offered)}` : 'no TURN at all'}.`
      : `The server offers no TURN${claimed ? `, though the environment claims \`turn.host: ${claimed}\`` : ''}, so participants whose network lets out nothing but web traffic cannot take part.`,
    cause: `The join response has no ${required ? list(missing.map((path) => (path === 'turn-tls' ? '`turns:`' : '`turn:`'))) : '`turn:` or `turns:`'} URL among its ICE servers: \`turn.enabled\` is off, or the port of that kind is not set.`,
    fix: 'Set `turn.enabled: true`, `turn.domain` and `turn.tls_port` for TURN over TLS, and `turn.udp_port: 3478` for TURN over UDP (neither port has a default), or list an external server under `rtc.turn_servers`.',
  }),
});

interface TurnArgs {
  target: Role;
  addresses: string[];
  url: string;
  destination: string;
  how: 'refused' | 'silent' | 'stalled' | 'broken';
  control: boolean;
  message: string;
}

const ended: Record<TurnArgs['how'], string> = {
  refused: 'refuses the connection',
  silent: 'does not answer at all',
  stalled: 'accepts the connection, but never answers',
  broken: 'breaks off before TURN begins',
};

function how(check: TurnCheck): TurnArgs['how'] | undefined {
  if (turnAnswered(check)) return undefined;
  if (refused(check)) return 'refused';
  if (silent(check)) return 'silent';
  if (kindOf(check) === 'timeout') return 'stalled';
  return ['closed', 'reset'].includes(kindOf(check) ?? '') ? 'broken' : undefined;
}

/** Each URL that cannot be reached, whether or not another of its kind can. */
function unreachable(
  evidence: Evidence,
  path: 'turn-udp' | 'turn-tcp' | 'turn-tls',
  controlsFor: (address: string) => readonly { id: string }[],
) {
  const checks: TurnCheck[] = look(evidence, path);
  const offered = advertisedAddresses(evidence);
  return checks.flatMap((check) => {
    const ending = how(check);
    if (!ending) return [];
    const controls = controlsFor(check.facts.address);
    // Whatever was accepted, refused or broken off came from the other side.
    const control = ending !== 'silent' || controls.length > 0;
    const { url, address } = check.facts;
    const args: TurnArgs = {
      target: 'turn',
      addresses: [address],
      url,
      destination: destination(check),
      how: ending,
      control,
      message: check.failure?.message ?? '',
    };
    return [
      {
        args,
        evidence: ids(check, ...(ending === 'silent' ? controls : [])),
        severity: checks.some(worked) ? ('warning' as const) : severityOf(evidence, path),
        undecided: !control,
        alternatives: [
          // Embedded TURN is advertised at the media address, so it shares its fate.
          ...orWrongAddress(evidence, offered.includes(address) ? [address] : []),
          ...(control ? [] : orBlockedHere([args.destination])),
          ...(path === 'turn-tls' && ending === 'stalled' ? orHandshake(evidence, check) : []),
        ],
      },
    ];
  });
}

/** Only the TLS probe tells where a handshake got stuck. */
function orHandshake(evidence: Evidence, check: TurnCheck): Alternative[] {
  const { host } = check.facts;
  if (look(evidence, 'tls').some(({ facts }) => facts.host === host)) return [];
  const separateBy = `Look where the handshake stops (\`openssl s_client -connect ${destination(check)} -servername ${host} -msg\`): after the ClientHello, or in the middle of the certificate.`;
  return ['tls-handshake-stalled', 'path-mtu-blackhole'].map((code) => ({ code, separateBy }));
}

const causeOf = ({ how: ending, control }: TurnArgs, port: string): string =>
  ({
    refused: `The host is there, but nothing listens on ${port} of it.`,
    silent: control
      ? `Other ports of the deployment answer this machine at the same time, so a firewall drops ${port}, or the address leads nowhere.`
      : `A firewall drops ${port}, the address leads nowhere, or this network blocks it: nothing else here excludes that.`,
    stalled: `Something accepts on ${port} but says nothing: a load balancer without a healthy backend, or TLS ended where the server does not expect it.`,
    broken: `Something on ${port} ends the connection: a load balancer without a healthy backend, or one that expects something other than TURN.`,
  })[ending];

export const turnUdpUnreachable = rule<TurnArgs>({
  code: 'turn-udp-unreachable',
  severity: 'error',
  explainedBy: [...beforeTurn, 'ipv6-unreachable', ...mediaAddress, 'udp-blocked-at-vantage'],
  find: (evidence) => unreachable(evidence, 'turn-udp', (address) => udpControls(evidence, [address])),
  prose: (args) => ({
    summary: `TURN over UDP (\`${args.url}\`) ${ended[args.how]}.`,
    cause: causeOf(args, `UDP ${args.destination}`),
    fix: `Expose UDP ${args.destination} to \`turn.udp_port\` (Service port with \`protocol: UDP\`, firewall rule; embedded TURN is always advertised at \`rtc.node_ip\` and listens on \`turn.bind_addresses\`), or remove \`turn.udp_port\`.`,
  }),
});

export const turnTcpUnreachable = rule<TurnArgs>({
  code: 'turn-tcp-unreachable',
  severity: 'error',
  explainedBy: [...beforeTurn, ...mediaAddress],
  find: (evidence) =>
    unreachable(evidence, 'turn-tcp', (address) => [
      ...udpControls(evidence, [address]),
      ...tcpControls(evidence, [address]),
    ]),
  prose: (args) => ({
    summary: `TURN over TCP (\`${args.url}\`) ${ended[args.how]}.`,
    cause: causeOf(args, `TCP ${args.destination}`),
    fix: `Open TCP ${args.destination} to the TURN server, or correct \`host\`, \`port\` and \`protocol\` of this entry in \`rtc.turn_servers\`.`,
  }),
});

export const turnTlsUnreachable = rule<TurnArgs>({
  code: 'turn-tls-unreachable',
  severity: 'error',
  explainedBy: [...beforeTurnTls, 'ipv6-unreachable', 'turn-external-tls-mismatch', 'turn-tls-port-mismatch'],
  find(evidence) {
    const signal = signalling(evidence);
    const tls = look(evidence, 'tls').filter(({ facts, state }) => facts.role === 'signal' && state === 'ok');
    const turn = turnChecks(evidence).filter((check) => check.probe !== 'turn-udp' && turnAnswered(check));
    const others = look(evidence, 'address').filter(worked);
    const answered = [...(signal?.facts.join ? [signal] : []), ...tls, ...others, ...turn];
    return unreachable(evidence, 'turn-tls', (address) =>
      answered.filter(({ facts }) => isIpv6(facts.address ?? '') === isIpv6(address)),
    );
  },
  prose: (args) => ({
    summary: `TURN over TLS (\`${args.url}\`) ${ended[args.how]}.`,
    cause: causeOf(args, `TCP ${args.destination}`),
    fix: `Expose TCP 443 of the TURN host and forward it to \`turn.tls_port\` (Service \`port: 443\`, \`targetPort\`: the value of \`turn.tls_port\`): LiveKit always advertises 443, whatever \`turn.tls_port\` is; and set \`turn.external_tls\` to whether the load balancer ends TLS.`,
  }),
});

/** Something answers there, but it does not speak TURN. */
export const turnPortNotTurn = rule<TurnArgs & { said?: string }>({
  code: 'turn-port-not-turn',
  severity: 'error',
  explainedBy: [...beforeTurnTls, 'turn-external-tls-mismatch', 'turn-tls-port-mismatch'],
  find: (evidence) =>
    turnChecks(evidence)
      .filter((check) => kindOf(check) === 'not-turn')
      .map((check) => {
        const { url, address, plaintext } = check.facts;
        const path = turnPath(url) ?? 'turn-tls';
        return {
          args: {
            target: 'turn' as const,
            addresses: [address],
            url,
            destination: destination(check),
            how: 'broken' as const,
            control: true,
            message: check.failure?.message ?? '',
            ...(plaintext && { said: plaintext }),
          },
          evidence: ids(check),
          severity: severityOf(evidence, path),
        };
      }),
  prose: ({ url, destination, said }) => ({
    summary: `What answers at ${destination} for \`${url}\` is not a TURN server.`,
    cause: `It ${said ? `said ${quoted(said)}` : 'said something'} instead of TURN: the name leads to a web server, most likely the ingress.`,
    fix: 'Point the DNS record of the TURN host at the TURN load balancer (Helm: the Service whose name ends in `-turn`, port 443 to `turn.tls_port`), or have the ingress pass this name through at layer 4 by SNI.',
  }),
});
