/** Remapped ports, nodes behind one address, sizes that are lost: faults as they show in the observations. */
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, media, nowhere, turnHost } = s;

const instead = (origin: 'claimed-port' | 'neighbouring-port' | 'claimed', address: string, port: number) =>
  s.ice('udp', address, undefined, { origin, port, insteadOf: `${media}:7882` });

const flows = (tried: number, answered: number, refused?: number) => ({
  flows: { tried, answered, ...(refused && { refused }) },
});

const silentUdp = s.ice('udp', media, 'timeout', flows(16, 0));
const otherServer = s.ice('tcp', media, 'timeout', { connectMs: 4, closesUnnamed: true, ...flows(8, 0) });

const sizes = (answeredBytes: number[], silentBytes: number[]) => ({
  ...flows(8, 8),
  sizes: { answeredBytes, silentBytes, notSent: [] },
});

/** No TURN over UDP, so that nothing but the media port is UDP. */
const noUdpControl = {
  without: [`turn-udp:${media}:3478`],
  joined: s.joined({ iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }] }),
};

export const portFaults: readonly Fault[] = [
  {
    name: 'the load balancer listens at the claimed node port',
    evidence: scene({
      claims: { media: { address: media, udp: '31882' } },
      with: [silentUdp, instead('claimed-port', media, 31882)],
    }),
    codes: ['udp-port-remapped'],
    suppressed: ['udp-filtered'],
    verdict: 'fail',
    says: [`${media}:7882`, `${media}:31882`, '`media.udp: 31882`', 'nodePort', '`rtc.udp_port: 31882`'],
  },
  {
    name: 'the advertised port is refused and the one beside it answers',
    evidence: scene({
      with: [s.ice('udp', media, 'refused', flows(8, 0, 6)), instead('neighbouring-port', media, 7883)],
    }),
    codes: ['udp-port-remapped'],
    suppressed: ['udp-port-closed'],
    verdict: 'fail',
    says: [`${media}:7883`, '`targetPort: 7882`'],
  },
  {
    name: 'a remapped UDP port and a filtered TCP port: the address is alive',
    evidence: scene({ with: [silentUdp, instead('neighbouring-port', media, 7883), s.ice('tcp', media, 'timeout')] }),
    codes: ['udp-port-remapped', 'tcp-port-filtered'],
    suppressed: ['udp-filtered'],
    verdict: 'fail',
  },
  {
    name: 'the advertised port answers at the claimed address: not the port is wrong',
    evidence: scene({
      claims: { media: { address: nowhere, udp: '31882' } },
      with: [
        silentUdp,
        s.ice('tcp', media, 'timeout'),
        instead('claimed', nowhere, 7882),
        instead('claimed', nowhere, 31882),
      ],
    }),
    codes: ['media-address-wrong'],
    suppressed: ['udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
  },
  {
    name: 'both the address and the port are wrong',
    evidence: scene({
      claims: { media: { address: nowhere, udp: '31882' } },
      with: [
        silentUdp,
        s.ice('tcp', media, 'timeout'),
        instead('claimed', nowhere, 31882),
        s.ice('udp', nowhere, 'timeout', { origin: 'claimed', insteadOf: `${media}:7882` }),
      ],
    }),
    codes: ['media-address-wrong', 'udp-port-remapped'],
    suppressed: ['udp-filtered', 'tcp-port-filtered'],
    verdict: 'fail',
    says: [`${nowhere}:31882`],
  },
  {
    name: 'random ports that nobody knows look like a firewall',
    evidence: scene({ with: [silentUdp] }),
    codes: ['udp-filtered'],
    alternatives: ['udp-port-remapped'],
    verdict: 'fail',
  },
  {
    name: 'half of the flows reach another node',
    evidence: scene({
      with: [s.ice('udp', media, undefined, flows(16, 7)), s.ice('tcp', media, undefined, flows(8, 5))],
    }),
    codes: ['load-balancer-splits-nodes'],
    verdict: 'fail',
    says: ['12 of 24', '`rtc.node_ip`', 'sessionAffinity'],
  },
  {
    name: 'half of the flows reach a node without the pod, which refuses',
    evidence: scene({ with: [s.ice('udp', media, undefined, flows(8, 5, 3))] }),
    codes: ['load-balancer-splits-nodes'],
    verdict: 'fail',
    says: ['5 of 8'],
  },
  {
    name: 'participants fail by chance behind a split: one finding',
    evidence: scene({
      with: [
        s.ice('udp', media, undefined, flows(16, 9)),
        s.deep('peer', 'udp', s.failed('timeout')),
        s.deep('media', 'udp', s.failed('timeout')),
      ],
    }),
    codes: ['load-balancer-splits-nodes'],
    verdict: 'fail',
  },
  {
    name: 'one lost flow, or two slow connections, are no second node',
    evidence: scene({
      with: [s.ice('udp', media, undefined, flows(16, 15)), s.ice('tcp', media, undefined, flows(8, 6))],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'where every flow of UDP met one server, so does TCP',
    evidence: scene({
      with: [s.ice('udp', media, undefined, flows(8, 8)), s.ice('tcp', media, undefined, flows(8, 1))],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'filtered UDP beside a TCP port that works is no second node',
    evidence: scene({ with: [silentUdp, s.ice('tcp', media, undefined, flows(8, 8))] }),
    codes: ['udp-filtered'],
    verdict: 'fail',
  },
  {
    name: 'a balancer that keeps this client on the wrong node',
    evidence: scene({ with: [silentUdp, otherServer] }),
    codes: ['load-balancer-splits-nodes'],
    alternatives: ['media-address-wrong'],
    verdict: 'fail',
    says: ['does not know the session'],
  },
  {
    name: 'UDP that could be on the wrong node, with no TCP to tell',
    evidence: scene({
      without: [...noUdpControl.without, `ice-tcp:${media}:7881`],
      with: [
        s.joined({
          iceServers: [{ url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true }],
          candidates: [s.candidate('udp', media, 7882)],
        }),
        silentUdp,
      ],
    }),
    codes: ['udp-filtered', 'tcp-not-offered'],
    alternatives: ['media-address-wrong', 'udp-blocked-at-vantage', 'udp-port-remapped', 'load-balancer-splits-nodes'],
    verdict: 'inconclusive',
  },
  {
    name: 'UDP of 1200 bytes and more disappears',
    evidence: scene({
      with: [
        s.ice('udp', media, undefined, sizes([108, 576, 1000, 1100], [1200, 1228, 1280, 1372, 1472])),
        s.deep('media', 'udp', s.failed('no-video')),
      ],
    }),
    codes: ['udp-mtu-blackhole'],
    verdict: 'fail',
    says: ['1100 bytes', '1200 bytes', 'mtu'],
  },
  {
    name: 'what is lost above the sizes of media is nobody’s fault (PPPoE, VPN)',
    evidence: scene({
      with: [s.ice('udp', media, undefined, sizes([108, 576, 1000, 1100, 1200, 1228], [1280, 1372, 1472]))],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'sizes that are lost without order are lost for another reason',
    evidence: scene({
      with: [s.ice('udp', media, undefined, sizes([108, 576, 1100, 1228, 1472], [1000, 1200]))],
    }),
    codes: [],
    verdict: 'pass',
  },
];
