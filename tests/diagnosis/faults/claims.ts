/** Claims that what was seen contradicts, whether or not it works: drifts as they show in the observations. */
import type { Claims } from '../../../evidence/run.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, ingress, media, nowhere, turnAddress, turnHost } = s;

const movedTo = '203.0.113.50';
const renamed = 'relay.example.com';
const renamedUrls = [
  { url: `turn:${media}:3478?transport=udp`, hasCredential: true },
  { url: `turns:${renamed}:443?transport=tcp`, hasCredential: true },
];

/** A locked-down network: UDP must not work, and does not. */
const silentUdp = [
  s.ice('udp', media, 'timeout'),
  s.turn('turn-udp', 'timeout'),
  s.observation('nat', 'ipv4', {}, s.failed('timeout')),
];
const withoutUdp: Claims = { paths: { required: ['tcp', 'turn-tls'], forbidden: ['udp', 'turn-udp'] } };

const forbidden: readonly Fault[] = [
  {
    name: 'forbidden UDP works',
    evidence: scene({ claims: { paths: { forbidden: ['udp'] } } }),
    codes: ['forbidden-path-open'],
    verdict: 'fail',
    says: [`UDP works from here (${media}:7882 answers)`, '`paths.forbidden`', 'saw and heard each other'],
  },
  {
    name: 'forbidden UDP works for participants alone',
    evidence: scene({
      claims: { paths: { forbidden: ['udp'] } },
      asked: { only: ['media', 'ice-tcp'] },
      without: [`ice-udp:${media}:7882`, 'peer:udp'],
      with: [s.deep('media', 'udp')],
    }),
    codes: ['forbidden-path-open'],
    verdict: 'fail',
    says: ['UDP works from here, though'],
  },
  {
    name: 'forbidden UDP is silent, and what is required works',
    evidence: scene({ claims: withoutUdp, with: silentUdp }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is refused',
    evidence: scene({ claims: withoutUdp, with: [s.ice('udp', media, 'refused'), s.turn('turn-udp', 'refused')] }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is silent, and nothing is said to be required',
    evidence: scene({ claims: { paths: { forbidden: ['udp', 'turn-udp'] } }, with: silentUdp }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is not even offered',
    evidence: scene({
      claims: { paths: { forbidden: ['udp', 'turn-udp'] } },
      without: [`ice-udp:${media}:7882`, `turn-udp:${media}:3478`, 'peer:udp', 'peer:turn-udp'],
      with: [
        s.joined({
          iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }],
          candidates: [s.candidate('tcp', media, 7881)],
        }),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'forbidden UDP is silent, which is no alibi for TCP',
    evidence: scene({ claims: withoutUdp, with: [...silentUdp, s.ice('tcp', media, 'refused')] }),
    codes: ['tcp-port-refused'],
    verdict: 'fail',
  },
  {
    name: 'forbidden TURN over TLS does not even get its TLS, and nothing but TURN over TLS is forbidden',
    evidence: scene({
      claims: { paths: { forbidden: ['turn-tls'] } },
      with: [
        s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout'),
        s.deep('media', 'turn-tls', s.failed('timeout')),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'everything is forbidden, so nothing shows that this machine could reach anything',
    evidence: scene({
      claims: { paths: { forbidden: ['udp', 'tcp', 'turn-udp', 'turn-tls'] } },
      with: [
        ...silentUdp,
        s.ice('tcp', media, 'timeout'),
        s.tls(turnHost, { chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout'),
      ],
    }),
    codes: [],
    verdict: 'inconclusive',
  },
];

const ports: readonly Fault[] = [
  {
    name: 'UDP works at another port than the claimed one',
    evidence: scene({ claims: { media: { udp: '7892', tcp: 7881 } } }),
    codes: ['media-port-drift'],
    verdict: 'pass',
    says: ['over UDP, but at port 7882 instead of the claimed 7892', '`media.udp: 7882`', '`rtc.udp_port: 7892`'],
  },
  {
    name: 'UDP works outside of the claimed range, and TCP at another port',
    evidence: scene({ claims: { media: { udp: '30001-30009', tcp: 7891 } } }),
    codes: ['media-port-drift', 'media-port-drift'],
    verdict: 'pass',
    says: [
      'at port 7882 instead of the claimed 30001-30009',
      '`rtc.port_range_start: 30001` and `rtc.port_range_end: 30009`',
      'over TCP, but at port 7881 instead of the claimed 7891',
      '`rtc.tcp_port: 7891`',
    ],
  },
  {
    name: 'ports within what is claimed',
    evidence: scene({ claims: { media: { udp: '7880-7890', tcp: 7881 } } }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'silent at another port than the claimed one, where nothing is either',
    evidence: scene({
      claims: { media: { udp: '7892' } },
      with: [
        s.ice('udp', media, 'timeout'),
        s.ice('udp', media, 'timeout', { origin: 'claimed-port', port: 7892, insteadOf: `${media}:7882` }),
      ],
    }),
    codes: ['udp-filtered'],
    verdict: 'fail',
    says: [`${media}:7882`, 'the environment claims `media.udp: 7892`', 'set `rtc.udp_port: 7892` again'],
  },
  {
    name: 'refused at another port than the claimed one',
    evidence: scene({
      claims: { media: { udp: '30001-30009', tcp: 7891 } },
      with: [s.ice('udp', media, 'refused'), s.ice('tcp', media, 'refused')],
    }),
    codes: ['udp-port-closed', 'tcp-port-refused'],
    verdict: 'fail',
    says: ['`media.udp: 30001-30009`', '`media.tcp: 7891`', 'set `rtc.tcp_port: 7891` again'],
  },
  {
    name: 'no TCP, though its port is claimed',
    evidence: scene({
      claims: { media: { tcp: 7881 }, paths: { required: ['udp'] } },
      without: [`ice-tcp:${media}:7881`, 'peer:tcp', 'media:tcp'],
      with: [s.joined({ candidates: [s.candidate('udp', media, 7882)] })],
    }),
    codes: ['tcp-not-offered'],
    verdict: 'pass',
    says: ['though the environment claims `media.tcp: 7881`'],
  },
];

const addresses: readonly Fault[] = [
  {
    name: 'the record of the signalling host has another address than the claimed one, which works',
    evidence: scene({
      claims: { dns: { signal: movedTo } },
    }),
    codes: ['dns-address-drift'],
    verdict: 'pass',
    says: [`\`${host}\` resolves to ${ingress} instead of the claimed ${movedTo}`, `\`dns.signal: ${ingress}\``],
  },
  {
    name: 'a drift explains nothing: the certificate of that host is about to expire as well',
    evidence: scene({
      claims: { dns: { signal: movedTo }, tls: { minDays: 14 } },
      with: [
        s.signal({
          ...(s.joined().facts as object),
          health: { ...s.livekitHealth, date: '2026-12-27T00:00:00.000Z' },
        }),
      ],
    }),
    codes: ['dns-address-drift', 'tls-certificate-expiring', 'tls-certificate-expiring'],
    verdict: 'pass',
    says: ['expires in 5 days', 'at least 14 should be left'],
  },
  {
    name: 'the record of the TURN host has another address than the claimed one, which works',
    evidence: scene({ claims: { turn: { host: turnHost, address: movedTo } } }),
    codes: ['dns-address-drift'],
    verdict: 'pass',
    says: [`\`${turnHost}\` resolves to ${turnAddress}`, `claimed ${movedTo}`, `\`turn.address: ${turnAddress}\``],
  },
  {
    name: 'the record has the new address beside a dead one, and the TURN host does not work',
    evidence: scene({
      claims: { turn: { host: turnHost, address: movedTo } },
      with: [s.turn('turn-tls', 'timeout')],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [turnAddress, movedTo],
  },
  {
    name: 'media is silent where it is advertised and where it is claimed',
    evidence: scene({
      claims: { media: { address: nowhere } },
      with: [
        s.ice('udp', media, 'timeout'),
        s.ice('tcp', media, 'timeout'),
        s.ice('udp', nowhere, 'timeout', { origin: 'claimed', insteadOf: `${media}:7882` }),
        s.turn('turn-udp', 'timeout'),
      ],
    }),
    codes: ['media-address-silent'],
    suppressed: ['udp-filtered', 'tcp-port-filtered', 'turn-udp-unreachable', 'udp-blocked-at-vantage'],
    verdict: 'inconclusive',
    says: [media, `the environment claims ${nowhere}`],
  },
];

const turnNames: readonly Fault[] = [
  {
    name: 'TURN has another name than the claimed one, and works; the old name is gone',
    evidence: scene({
      claims: { turn: { host: turnHost, address: turnAddress } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.dns(turnHost, { addresses: [] }, s.failed('nxdomain')),
        s.dns(renamed, { addresses: [turnAddress] }),
        s.tls(renamed, { role: 'turn', address: turnAddress }),
        s.joined({ iceServers: renamedUrls }),
        s.turn('turn-tls', undefined, { host: renamed, url: `turns:${renamed}:443?transport=tcp` }),
      ],
    }),
    codes: ['turn-host-drift'],
    verdict: 'pass',
    says: [`\`${renamed}\` instead of the claimed \`${turnHost}\``, `\`turn.host: ${renamed}\``],
  },
  {
    name: 'TURN has another name than the claimed one, which does not resolve',
    evidence: scene({
      claims: { turn: { host: turnHost } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.dns(renamed, { addresses: [] }, s.failed('nxdomain')),
        s.joined({ iceServers: renamedUrls }),
        s.observation('turn-tls', undefined, {}, { state: 'unreached', waitedFor: `dns:${renamed}` }),
      ],
    }),
    codes: ['turn-host-wrong'],
    suppressed: ['turn-name-missing'],
    verdict: 'fail',
    says: [renamed, turnHost, `\`turn.domain: ${turnHost}\` again`],
  },
  {
    name: 'a TURN name that is another one does not excuse TURN over UDP',
    evidence: scene({
      claims: { turn: { host: turnHost } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.dns(renamed, { addresses: [turnAddress] }),
        s.tls(renamed, { role: 'turn', address: turnAddress, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.joined({ iceServers: renamedUrls }),
        s.turn('turn-tls', 'timeout', { host: renamed, url: `turns:${renamed}:443?transport=tcp` }),
        s.turn('turn-udp', 'refused'),
      ],
    }),
    codes: ['turn-host-wrong', 'turn-udp-unreachable'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'no TURN, though its host is claimed',
    evidence: scene({
      claims: { turn: { host: turnHost }, paths: { required: ['udp', 'tcp'] } },
      without: [`turn-udp:${media}:3478`, `turn-tls:${turnHost}:443`, `tls:${turnHost}:443`],
      with: [s.joined({ iceServers: [] })],
    }),
    codes: ['turn-not-offered'],
    verdict: 'pass',
    says: [`though the environment claims \`turn.host: ${turnHost}\``],
  },
];

const servers: readonly Fault[] = [
  {
    name: 'a version outside of the claimed range',
    evidence: scene({ claims: { server: { version: '>=1.9 <1.13' } } }),
    codes: ['server-version-unexpected'],
    verdict: 'pass',
    says: ['is of version 1.13.5, and the environment claims >=1.9 <1.13'],
  },
  {
    name: 'a version that is none',
    evidence: scene({
      claims: { server: { version: '1.x' } },
      with: [s.joined({ serverVersion: 'main' })],
    }),
    codes: ['server-version-unexpected'],
    verdict: 'pass',
    says: ['main', '1.x'],
  },
  {
    name: 'a pre-release within the claimed range, in the claimed region',
    evidence: scene({
      claims: { server: { version: '>=1.9 <1.14', region: 'eu-west-1' } },
      with: [s.joined({ serverVersion: 'v1.13.6-rc1', region: 'eu-west-1' })],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'another region than the claimed one',
    evidence: scene({
      claims: { server: { region: 'eu-west-1' } },
      with: [s.joined({ region: 'us-east-1' })],
    }),
    codes: ['server-region-unexpected'],
    verdict: 'pass',
    says: ['in the region us-east-1, and the environment claims eu-west-1', '`region: eu-west-1`'],
  },
  {
    name: 'a region is claimed, and the server knows of none',
    evidence: scene({ claims: { server: { region: 'eu-west-1' } } }),
    codes: ['server-region-unexpected'],
    verdict: 'pass',
    says: ['no region', 'eu-west-1'],
  },
];

export const claimFaults: readonly Fault[] = [...forbidden, ...ports, ...addresses, ...turnNames, ...servers];
