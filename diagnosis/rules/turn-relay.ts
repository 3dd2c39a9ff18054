/** TURN that grants a relay, but not to the media, or through which nothing comes back. */

import type { Evidence } from '../../evidence/run.js';
import { isIpv6, isPrivate, splitAddress } from '../address.js';
import { advertisedAddresses, iceChecks, type TurnCheck, turnChecks, worked } from '../checks.js';
import { ids, kindOf } from '../look.js';
import { rule } from '../rule.js';
import { errorOf, type RelayArgs, relayFindings, urlsOf } from '../turn-answers.js';
import { list } from '../words.js';

/** RFC 8656 §9.2: 403 Forbidden for a peer address that policy denies; pion says 401 where a channel is asked for. */
export function isDenied(check: TurnCheck): boolean {
  const { step, code } = errorOf(check) ?? {};
  return (code === 403 && (step === 'permission' || step === 'channel')) || (code === 401 && step === 'channel');
}

export const turnPeerDenied = rule<RelayArgs>({
  code: 'turn-peer-denied',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'media-address-private', 'media-address-wrong'],
  find: (evidence) => relayFindings(evidence, isDenied, 'candidates'),
  prose: (args) => ({
    summary: `TURN (${urlsOf(args)}) refuses to relay to the media address ${list(args.addresses)}.`,
    cause: `It answered ${args.error?.code ?? 403}: its policy denies this peer, and since livekit-server 1.12 embedded TURN denies every private, loopback and link-local address unless it is allowed.`,
    fix: `Allow it with \`turn.allow_restricted_peer_cidrs: [${args.addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`).join(', ')}]\` and take it out of \`turn.deny_peer_cidrs\` (coturn: \`allowed-peer-ip\`, \`denied-peer-ip\`).`,
  }),
});

interface AddressArgs extends RelayArgs {
  relayed: string[];
  /** Checks through the relay are answered all the same. */
  works: boolean;
}

/**
 * Relayed at an address that nobody outside can send to, by a server that was reached at a public one. Families do not
 * compare: a private network may have public IPv6 addresses.
 */
function isPrivateRelay({ facts: { relayed, address } }: TurnCheck): boolean {
  if (relayed === undefined) return false;
  const from = splitAddress(relayed).address;
  return isIpv6(from) === isIpv6(address) && isPrivate(from) && !isPrivate(address);
}

/** At a public address that is neither the server's nor the media's: a load balancer's business, or a mistake. */
function isForeignRelay(evidence: Evidence, { facts: { relayed, address } }: TurnCheck): boolean {
  if (relayed === undefined) return false;
  return ![address, ...advertisedAddresses(evidence)].includes(splitAddress(relayed).address);
}

const silentRelay = (check: TurnCheck): boolean => kindOf(check) === 'no-relayed-answer';

export const turnRelayAddressWrong = rule<AddressArgs>({
  code: 'turn-relay-address-wrong',
  severity: 'warning',
  explainedBy: ['dns-wrong-address', 'media-address-private', 'media-address-wrong'],
  find(evidence) {
    const addresses = (checks: readonly TurnCheck[]): string[] => [
      ...new Set(checks.flatMap(({ facts: { relayed } }) => (relayed ? [splitAddress(relayed).address] : []))),
    ];
    const silent = turnChecks(evidence).filter((check) => silentRelay(check) && isPrivateRelay(check));
    const working = turnChecks(evidence).filter((check) => worked(check) && isPrivateRelay(check));
    return [
      ...relayFindings(
        evidence,
        (check) => silent.includes(check),
        'candidates',
        () => [
          {
            code: 'turn-relay-range-blocked',
            separateBy: `Look at the media address for packets from the relay (\`tcpdump udp\`): if they come from a public address of the TURN server, a firewall drops the answers or stands in between.`,
          },
        ],
      ).map((found) => ({
        ...found,
        args: { ...found.args, relayed: addresses(silent), works: false },
        // Where the media does not answer without a relay either, silence says nothing about the relay.
        severity: iceChecks(evidence, 'udp').some(worked) ? found.severity : ('warning' as const),
      })),
      ...(working.length > 0
        ? [
            {
              args: {
                target: 'turn' as const,
                addresses: [...new Set(working.map(({ facts }) => facts.address))],
                urls: [...new Set(working.map(({ facts }) => facts.url))],
                candidates: [],
                relayed: addresses(working),
                works: true,
              },
              evidence: ids(...working),
            },
          ]
        : []),
    ];
  },
  prose: (args) => ({
    summary: `TURN (${urlsOf(args)}) relays from ${list(args.relayed)}, an address that nobody outside its network can send to.`,
    cause: args.works
      ? 'The server was reached at a public address and announces a private one for the relay. LiveKit answers all the same, because it learns from where packets really come; whoever sends to the announced address reaches nobody.'
      : 'The server was reached at a public address and relays from a private one, and nothing comes back through the relay: answers to that address lead nowhere.',
    fix: 'Announce the public address of the TURN server (coturn: `external-ip=PUBLIC/PRIVATE`, and `relay-ip` one that is routed; embedded TURN: `rtc.node_ip`).',
  }),
});

export const turnRelayRangeBlocked = rule<RelayArgs>({
  code: 'turn-relay-range-blocked',
  severity: 'error',
  explainedBy: [
    'dns-wrong-address',
    'hairpin-missing',
    'media-address-private',
    'media-address-wrong',
    'media-address-silent',
    'udp-filtered',
    'udp-port-closed',
    'udp-not-offered',
    'turn-relay-address-wrong',
  ],
  find: (evidence) =>
    relayFindings(evidence, silentRelay, 'candidates', (checks) =>
      checks.some((check) => isForeignRelay(evidence, check))
        ? [
            {
              code: 'turn-relay-address-wrong',
              separateBy: `Compare ${list(checks.flatMap(({ facts }) => facts.relayed ?? []))} with the addresses of the TURN server: packets from an address that does not lead back to it are answered into the void.`,
            },
          ]
        : [],
    ),
  prose: (args) => ({
    summary: `TURN (${urlsOf(args)}) grants a relay, but what goes through it never reaches the media port${args.candidates.length > 0 ? ` ${list(args.candidates)}` : ''}.`,
    cause:
      'Allocation and permission succeed, and checks through the relay are not answered: a firewall stands between the relay ports of the TURN server and the UDP media port.',
    fix: `Allow UDP from the TURN server's relay ports (\`turn.relay_range_start\` to \`turn.relay_range_end\`, by default 30000 to 40000; coturn: \`min-port\` to \`max-port\`) to ${list(args.candidates) || 'the media port'} and back.`,
  }),
});
