/** Media that is sent and does not arrive, as two participants' statistics show it. */
import type { CallFacts, MediaFacts, ParticipantFacts, ReceivedMedia, SentTrack } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const reported = { packetsLost: 0, jitterMs: 4, rttMs: 20 };
const video: SentTrack = { bytes: 76_000, packets: 107, reported };
const audio: SentTrack = { bytes: 41_000, packets: 340, reported };
const received: ReceivedMedia = {
  firstFrameMs: 900,
  firstAudioMs: 950,
  framesDecoded: 60,
  videoBytes: 74_000,
  audioBytes: 40_000,
  audioEnergy: 0.3,
  packetsReceived: 440,
  packetsLost: 0,
  measuredMs: 6500,
};
const participant: ParticipantFacts = {
  iceMs: 500,
  dtlsMs: 600,
  connectMs: 650,
  selected: [],
  received,
  sent: { video, audio },
};

/** Both participants are at the same vantage, so what is lost of one is lost of the other. */
function media(path: MediaFacts['path'], of: Partial<ParticipantFacts>, kind?: string) {
  const side = { ...participant, ...of };
  const facts: MediaFacts = { path, caller: side, callee: side };
  return s.observation('media', path, facts, kind ? s.failed(kind) : {});
}

const without = ({ bytes, packets }: SentTrack): SentTrack => ({ bytes, packets });
const blind = { ...received, framesDecoded: 0, videoBytes: 0, packetsReceived: 331 };

const udp = { candidateType: 'host', protocol: 'udp' };
const recovery = {
  began: true,
  recovered: false,
  tookMs: 30_000,
  pictureGapMs: 30_000,
  voiceGapMs: 30_000,
  selected: [],
  error: 'disconnected: UNKNOWN_REASON',
};

function call(exercise: string) {
  const facts: CallFacts = { exercise, before: [{ local: udp, remote: udp }], caller: recovery, callee: recovery };
  return s.observation('call', exercise, facts, s.failed('not-recovered'));
}

export const flowFaults: readonly Fault[] = [
  {
    name: 'pictures are sent, and the server reports on the sound alone',
    evidence: s.scene({
      with: [media('udp', { received: blind, sent: { video: without(video), audio } }, 'no-video')],
    }),
    codes: ['media-uplink-lost'],
    alternatives: [],
    verdict: 'fail',
    says: ['udp', 'picture', '107 packets'],
  },
  {
    name: 'nothing arrives and nothing is reported: which way it is lost is not known',
    evidence: s.scene({
      with: [
        media(
          'udp',
          {
            received: { ...blind, audioBytes: 0, packetsReceived: 0 },
            sent: { video: without(video), audio: without(audio) },
          },
          'no-video',
        ),
      ],
    }),
    codes: ['media-uplink-lost'],
    alternatives: ['media-downlink-lost'],
    verdict: 'fail',
    says: ['picture and sound'],
  },
  {
    name: 'the server reports on pictures that nobody gets',
    evidence: s.scene({ with: [media('udp', { received: blind }, 'no-video')] }),
    codes: ['media-downlink-lost'],
    verdict: 'fail',
    says: ['udp', '107 packets'],
  },
  {
    name: 'the server reports on pictures that nobody was told of',
    evidence: s.scene({
      with: [media('udp', { received: { ...blind, awaitedMs: { audio: 3000 } } }, 'no-video')],
    }),
    codes: ['unexplained-failure'],
    verdict: 'fail',
  },
  {
    name: 'media flows, and no report of it comes',
    evidence: s.scene({ with: [media('udp', { sent: { video: without(video), audio: without(audio) } })] }),
    codes: ['rtcp-lost'],
    verdict: 'fail',
    says: ['udp', 'RTCP'],
  },
  {
    name: 'too short a look for a report',
    evidence: s.scene({
      with: [
        media('udp', {
          received: { ...received, measuredMs: 900 },
          sent: { video: without(video), audio: without(audio) },
        }),
      ],
    }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'pictures are refused in the answer, and one call does not come about at all',
    evidence: s.scene({
      with: [
        media('udp', { received: blind, sent: { audio } }, 'no-video'),
        s.observation('media', 'tcp', { path: 'tcp' }, s.failed('disconnected')),
      ],
    }),
    codes: ['codec-disabled'],
    verdict: 'fail',
  },
  {
    name: 'pictures are refused in the answer',
    evidence: s.scene({ with: [media('udp', { received: blind, sent: { audio } }, 'no-video')] }),
    codes: ['codec-disabled'],
    verdict: 'fail',
    says: ['room.enabled_codecs', 'video/vp8'],
  },
  {
    name: 'pictures are refused in the answer, and one participant of each call is disconnected',
    evidence: s.scene({
      with: [
        s.observation('media', 'udp', { path: 'udp' }, s.failed('disconnected')),
        s.observation(
          'media',
          'turn-tls',
          {
            path: 'turn-tls',
            caller: { ...participant, received: { ...blind, audioBytes: 0, packetsReceived: 0 }, sent: { audio } },
            callee: { selected: [], received: { ...blind, audioBytes: 0, packetsReceived: 0 } },
          },
          s.failed('disconnected'),
        ),
      ],
    }),
    codes: ['codec-disabled'],
    verdict: 'fail',
  },
  {
    name: 'a call whose path died has no other',
    evidence: s.scene({ with: [call('outage')] }),
    codes: ['fallback-failed'],
    verdict: 'fail',
    says: ['UDP', '30 s', 'rtc.tcp_port'],
  },
  {
    name: 'a call that was to go by TURN, whose certificate is for another name',
    evidence: s.scene({
      with: [
        s.tls(s.turnHost, { nameError: 'no', chain: [s.certificate('other.example.com')] }, s.failed('name')),
        s.turn('turn-tls', 'tls'),
        call('fallback-tls'),
      ],
    }),
    codes: ['tls-name-mismatch'],
    verdict: 'fail',
  },
  {
    name: 'a call that is cut off from signalling does not come back',
    evidence: s.scene({ with: [call('reconnect')] }),
    codes: ['reconnect-failed'],
    verdict: 'fail',
    says: ['30 s', 'redis.address'],
  },
  {
    name: 'TURN that sees everybody at the loopback, without a Firefox',
    evidence: s.scene({ with: [s.turn('turn-tls', undefined, { mapped: '127.0.0.1:41000' })] }),
    codes: ['turn-mapped-address-loopback'],
    verdict: 'pass',
    says: ['127.0.0.1:41000', 'not tried here'],
  },
  {
    name: 'the same, and a Firefox that cannot use it',
    evidence: s.scene({
      claims: { browsers: ['chromium', 'firefox'] },
      with: [
        s.turn('turn-tls', undefined, { mapped: '127.0.0.1:41000' }),
        s.observation('media', 'turn-tls:firefox', { path: 'turn-tls' }, s.failed('timeout')),
      ],
    }),
    codes: ['turn-mapped-address-loopback'],
    verdict: 'fail',
  },
  {
    name: 'people see little in Firefox, on a machine that has far too much to do',
    evidence: s.scene({
      claims: { browsers: ['chromium', 'firefox'] },
      with: [
        s.observation('media', 'udp:firefox', { path: 'udp' }, s.failed('no-video')),
        s.observation('load', undefined, {
          ...{ lagP99Ms: 40, lagMostMs: 300, cpuShare: 0.1, cores: 2 },
          cpuPressurePercent: 99.6,
        }),
      ],
    }),
    codes: ['firefox-fails'],
    alternatives: ['vantage-starved'],
    verdict: 'inconclusive',
  },
  {
    name: 'people meet in Chromium alone',
    evidence: s.scene({
      claims: { browsers: ['chromium', 'firefox'] },
      with: [s.observation('media', 'udp:firefox', { path: 'udp' }, s.failed('timeout'))],
    }),
    codes: ['firefox-fails'],
    verdict: 'fail',
    says: ['udp', 'rtc.node_ip'],
  },
];
