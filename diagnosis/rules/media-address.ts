/** The address that the server offers for media is not the one at which the media is. */
import type { Origin } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { isIpv6 } from '../address.js';
import {
  addressOf,
  advertised,
  advertisedAddresses,
  answeringInstead,
  destination,
  type IceCheck,
  mediaAnsweredAt,
  onlyPrivateOffered,
  orBlockedHere,
  orWrongAddress,
  refused,
  silent,
  tcpControls,
  turnAnswered,
  turnChecks,
  udpControls,
  worked,
} from '../checks.js';
import { cluster, holderOf } from '../cluster.js';
import { ids, look, signalling } from '../look.js';
import { severityOf } from '../offered.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface AddressArgs {
  addresses: string[];
  /** What the server offers. */
  advertised: string;
  /** Where the media answered, if that is known. */
  answering?: string;
  origin?: Origin;
  /** Of the cluster: the Service that has `answering`, and what holds the configuration. */
  service?: string;
  heldBy?: string;
  /** `media.address`, where it is another one. */
  claimed?: string;
}

/** The claim of the same family, if it is about none of these. */
function otherAddress({ claims }: Evidence, addresses: readonly string[]): { claimed?: string } {
  const claimed = claims.media?.address;
  const differs = claimed && addresses.some((one) => isIpv6(one) === isIpv6(claimed)) && !addresses.includes(claimed);
  return differs ? { claimed } : {};
}

const places: Record<Origin, string> = {
  advertised: 'advertised',
  claimed: 'the claimed media address',
  cluster: 'the EXTERNAL-IP of the media Service',
  'signal-host': 'the address of the signalling host',
  'turn-host': 'the address of the TURN host',
  'claimed-port': 'the advertised address, at a claimed port',
  'neighbouring-port': 'the advertised address, at another port',
};

const pin = (answering: string, heldBy?: string): string =>
  `Set${heldBy ? ` in ${heldBy}` : ''} \`rtc.node_ip: ${answering}\` together with \`rtc.use_external_ip: false\` (Helm: under \`livekit.rtc\`), since discovery by STUN overrides \`node_ip\``;

/** Where the media answers instead of at an address at which nothing works; with what proves it. */
function misplaced(evidence: Evidence) {
  return advertisedAddresses(evidence).flatMap((address) => {
    const here = advertised(evidence).filter((check) => check.facts.address === address);
    const instead = answeringInstead(evidence, address).filter(
      // Where another advertised address works for this protocol nobody is left without a path.
      ({ probe }) => !advertised(evidence).some((check) => check.probe === probe && worked(check)),
    );
    const [best] = instead;
    if (!best || mediaAnsweredAt(evidence, address)) return [];
    const at = best.facts.address;
    const same = instead.filter((check) => check.facts.address === at);
    const service = holderOf(evidence, at);
    const { heldBy } = cluster(evidence)?.facts.config ?? {};
    return [
      {
        args: {
          addresses: [address],
          advertised: address,
          answering: at,
          origin: best.facts.origin,
          ...(service && { service }),
          ...(service && heldBy && { heldBy }),
        },
        evidence: ids(...here, ...same, ...(service ? [cluster(evidence)] : [])),
        severity: severityOf(
          evidence,
          ...same.map(({ probe }) => (probe === 'ice-udp' ? ('udp' as const) : ('tcp' as const))),
        ),
      },
    ];
  });
}

export const mediaAddressPrivate = rule<AddressArgs>({
  code: 'media-address-private',
  severity: 'error',
  explainedBy: ['vantage-offline', 'kubernetes-node-ip-stale', 'kubernetes-config-not-loaded'],
  find(evidence) {
    if (!onlyPrivateOffered(evidence)) return [];
    const addresses = advertisedAddresses(evidence);
    const checks = evidence.observations.filter(
      ({ probe, facts }) => probe.startsWith('ice-') && facts.origin === 'advertised',
    );
    const [instead] = addresses.flatMap((address) => answeringInstead(evidence, address));
    return [
      {
        args: {
          addresses,
          advertised: list(addresses),
          ...otherAddress(evidence, addresses),
          ...(instead && { answering: instead.facts.address, origin: instead.facts.origin }),
        },
        evidence: ids(signalling(evidence), ...checks, instead),
        severity: severityOf(evidence, 'udp', 'tcp'),
      },
    ];
  },
  prose: ({ advertised, answering, origin, claimed }) => ({
    summary: `The server tells participants to send media to ${advertised}, which nobody outside its own network can reach${claimed ? `; the environment claims ${claimed}` : ''}.`,
    cause: `livekit-server advertises the address of its container, pod or host, while its signalling is reached at a public one${
      answering && origin ? `; the media answers at ${answering}, ${places[origin]}` : ''
    }.`,
    fix: answering
      ? `${pin(answering)}.`
      : `${pin('<public address of the media>')}: the EXTERNAL-IP of the media Service, or the public address of the node; or set \`rtc.use_external_ip: true\` where the node's own public address takes inbound media.`,
  }),
});

export const mediaAddressWrong = rule<AddressArgs>({
  code: 'media-address-wrong',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'media-address-private',
    'hairpin-missing',
    'kubernetes-node-ip-stale',
    'kubernetes-config-not-loaded',
  ],
  find: (evidence) => (onlyPrivateOffered(evidence) ? [] : misplaced(evidence)),
  prose: ({ advertised, answering = '', origin = 'claimed', service, heldBy }) => ({
    summary: `The server tells participants to send media to ${advertised}, where nothing answers, but the media answers at ${answering}.`,
    cause: `${advertised} is a stale address (a load balancer that was recreated), the node's egress address that STUN discovery found, or another address of the host; ${answering} is ${service ? `the EXTERNAL-IP of Service ${service}` : places[origin]}.`,
    fix: `${pin(answering, heldBy)}; on a host with several addresses also \`rtc.ips.includes: [${answering}/${answering.includes(':') ? 128 : 32}]\`.`,
  }),
});

/** Both protocols are offered at an address, both are silent, and nothing else shows that the address is alive. */
function silentAddresses(evidence: Evidence): { address: string; checks: IceCheck[] }[] {
  const checks = advertised(evidence);
  const protocols = ['ice-udp', 'ice-tcp'];
  if (checks.some((check) => worked(check))) return [];
  return [...new Set(checks.map(addressOf))].flatMap((address) => {
    const here = checks.filter((check) => check.facts.address === address);
    const both = protocols.every((probe) => here.some((check) => check.probe === probe));
    const turn = turnChecks(evidence).some(
      (check) => check.facts.address === address && (turnAnswered(check) || refused(check)),
    );
    return both && here.every(silent) && !turn && !mediaAnsweredAt(evidence, address)
      ? [{ address, checks: here }]
      : [];
  });
}

export const mediaAddressSilent = rule<AddressArgs & { control: boolean }>({
  code: 'media-address-silent',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'vantage-starved',
    'ipv6-unreachable',
    'media-address-private',
    'media-address-wrong',
    'hairpin-missing',
    'media-reply-address-wrong',
    'kubernetes-no-endpoints',
    'kubernetes-service-pending',
    'kubernetes-node-ip-stale',
    'kubernetes-config-not-loaded',
  ],
  find: (evidence) =>
    silentAddresses(evidence).map(({ address, checks }) => {
      const controls = [...udpControls(evidence, [address]), ...tcpControls(evidence, [address])];
      const control = controls.length > 0;
      const udp = look(evidence, 'turn-udp').filter((check) => silent(check) && check.facts.address !== address);
      const arrives = `Look on the host that owns ${address} whether packets arrive (\`tcpdump -ni any host ${address}\`): if they do not, a firewall drops them.`;
      return {
        args: { addresses: [address], advertised: address, control, ...otherAddress(evidence, [address]) },
        evidence: ids(...checks, ...controls, ...udp),
        severity: severityOf(evidence, 'udp', 'tcp'),
        undecided: !control,
        alternatives: [
          ...orWrongAddress(evidence, [address]),
          {
            code: 'udp-filtered',
            separateBy: arrives,
          },
          { code: 'tcp-port-filtered', separateBy: arrives },
          ...(control ? [] : orBlockedHere(checks.map(destination))),
        ],
      };
    }),
  prose: ({ advertised, control, claimed }) => ({
    summary: `Nothing answers at ${advertised}, the address that the server advertises for media, neither over UDP nor over TCP${claimed ? `; the environment claims ${claimed}` : ''}.`,
    cause: `The address is wrong or gone, or a firewall drops both media ports${
      control ? '' : ', or this network lets nothing out but web traffic'
    }; no other address at which the media could be answered either.`,
    fix: `Compare ${advertised} with the EXTERNAL-IP of the media Service or the node's public address and correct \`rtc.node_ip\` (with \`rtc.use_external_ip: false\`), or open the ports \`rtc.udp_port\` and \`rtc.tcp_port\` at ${advertised}.`,
  }),
});

export const mediaAddressDrift = rule<AddressArgs & { expected: string }>({
  code: 'media-address-drift',
  severity: 'warning',
  explainedBy: ['media-address-private', 'media-address-wrong', 'media-address-silent', 'hairpin-missing'],
  find(evidence) {
    const expected = evidence.claims.media?.address;
    if (!expected) return [];
    // A claim about IPv4 says nothing about the IPv6 addresses that are offered beside it.
    const checks = advertised(evidence).filter((check) => isIpv6(check.facts.address) === isIpv6(expected));
    if (checks.some((check) => check.facts.address === expected)) return [];
    const working = checks.filter(worked);
    if (working.length === 0) return [];
    const addresses = [...new Set(working.map(addressOf))];
    return [{ args: { addresses, advertised: list(addresses), expected }, evidence: ids(...working) }];
  },
  prose: ({ advertised, expected }) => ({
    summary: `Media works, but at ${advertised} instead of the claimed ${expected}.`,
    cause: `The server advertises another address than \`media.address\` claims: the load balancer was recreated, or discovery by STUN found a different one.`,
    fix: `Set \`media.address: ${advertised}\` in the environment if that is how it should be; otherwise ${pin(expected).replace(/^Set/, 'set')}.`,
  }),
});
