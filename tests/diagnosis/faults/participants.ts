/** What two participants run into after every single check has passed. */
import type { TransportFacts } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, media } = s;

/** ICE chose a pair and DTLS still begins; with `address` left out, as for a peer-reflexive candidate. */
function stuck(changes: Partial<TransportFacts> = {}): TransportFacts {
  return {
    iceState: 'connected',
    dtlsState: 'connecting',
    dtlsRole: 'server',
    pair: {
      local: { candidateType: 'host', protocol: 'udp', address: '192.0.2.7', port: 40_000 },
      remote: { candidateType: 'prflx', protocol: 'udp', port: 7882 },
      rttMs: 12,
    },
    checks: { sent: 5, answered: 5 },
    packetsSent: 0,
    packetsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    dtlsWaitMs: 3600,
    ...changes,
  };
}

function meeting(path: 'udp' | 'turn-udp', caller: TransportFacts, callee: TransportFacts) {
  const facts = { path, transports: { caller: [caller], callee: [callee] } };
  return s.observation('peer', path, facts, s.failed('dtls-timeout'));
}

/** The UDP candidate answers checks of these sizes, and not of those. */
const sized = (answeredBytes: number[], silentBytes: number[]) =>
  s.ice('udp', media, undefined, { sizes: { answeredBytes, silentBytes, notSent: [] } });

export const participantFaults: readonly Fault[] = [
  {
    name: 'DTLS dropped over UDP, TCP and the relay work',
    evidence: scene({ with: [sized([60, 1228], []), meeting('udp', stuck(), stuck())] }),
    codes: ['dtls-filtered'],
    verdict: 'fail',
    says: ['padded to 1228 bytes', `${media}:7882`, '10 of 10 STUN checks', '3.6 s', '`rtc.udp_port`', 'tcp'],
  },
  {
    name: 'DTLS dropped over UDP and through the relay',
    evidence: scene({
      with: [meeting('udp', stuck(), stuck()), meeting('turn-udp', stuck(), stuck({ dtlsState: 'new' }))],
    }),
    codes: ['dtls-filtered'],
    alternatives: ['udp-mtu-blackhole'],
    verdict: 'fail',
    says: ['udp and turn-udp'],
  },
  {
    name: 'DTLS begins and gets no further, and sizes were not looked at',
    evidence: scene({ with: [meeting('udp', stuck({ packetsReceived: 6, packetsSent: 7 }), stuck())] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'DTLS begins and gets no further, and large checks pass to the server',
    evidence: scene({
      with: [sized([60, 1228], []), meeting('udp', stuck({ packetsReceived: 6, packetsSent: 7 }), stuck())],
    }),
    codes: ['dtls-filtered'],
    alternatives: ['udp-mtu-blackhole'],
    verdict: 'fail',
    says: ['padded to 1228 bytes'],
  },
  {
    name: 'large packets are dropped, those of the handshake among them',
    evidence: scene({ with: [sized([60, 500], [700, 1228]), meeting('udp', stuck(), stuck())] }),
    codes: ['udp-mtu-blackhole'],
    suppressed: ['dtls-filtered'],
    verdict: 'fail',
  },
  {
    name: 'DTLS dropped over UDP, and no other path to compare with',
    evidence: scene({
      asked: { paths: ['udp'] },
      without: ['peer:tcp', 'peer:turn-udp'],
      with: [meeting('udp', stuck(), stuck())],
    }),
    codes: ['dtls-filtered'],
    alternatives: ['udp-mtu-blackhole'],
    verdict: 'inconclusive',
  },
  {
    name: 'one of two participants waits for DTLS, which is a matter of loss',
    evidence: scene({
      with: [meeting('udp', stuck(), stuck({ dtlsState: 'connected', packetsReceived: 12, dtlsWaitMs: 0 }))],
    }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'DTLS that was refused was not dropped',
    evidence: scene({ with: [meeting('udp', stuck({ dtlsState: 'failed' }), stuck({ dtlsState: 'failed' }))] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'not waited for long enough',
    evidence: scene({ with: [meeting('udp', stuck({ dtlsWaitMs: 1200 }), stuck())] }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'DTLS dropped, in a vantage that was starved',
    evidence: scene({
      with: [
        meeting('udp', stuck(), stuck()),
        s.observation('load', undefined, { lagP99Ms: 2400, lagMostMs: 2500, cpuShare: 0.9, cores: 2 }),
      ],
    }),
    codes: ['vantage-starved'],
    suppressed: ['dtls-filtered'],
    verdict: 'inconclusive',
  },
];
