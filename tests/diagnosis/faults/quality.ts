/** Calls that stand and are not as good as the operator wants, and agents that do not do as they should. */
import type { AgentFacts, MeasuredMedia, MediaFacts, ParticipantFacts, RoundTrips } from '../../../evidence/facts.js';
import type { Observation, Path } from '../../../evidence/run.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene } = s;
const budgets = { connectMs: 3000, firstFrameMs: 4000, lossPercent: 1, rttMs: 100, jitterMs: 20, freezePercent: 5 };

const well: MeasuredMedia = {
  measuredMs: 4000,
  packetsReceived: 250,
  packetsLost: 0,
  lossEvents: 0,
  audioPacketsReceived: 200,
  audioPacketsLost: 0,
  jitterMs: 4,
  jitterLowMs: 3,
  freezes: 0,
  frozenMs: 0,
};

interface Call {
  measured?: Partial<MeasuredMedia>;
  rtt?: Partial<RoundTrips>;
  connectMs?: number;
  firstFrameMs?: number;
  limitedBy?: string;
}

/** The same at both ends, with a round trip of 12 ms as checks have it in the scene. */
function call(path: Path, { measured, rtt, limitedBy = 'none', ...times }: Call = {}): Observation {
  const { connectMs = 400, firstFrameMs = 700 } = times;
  const track = { bytes: 40_000, packets: 250, reported: { packetsLost: 5, jitterMs: 3, rttMs: 12 } };
  const side: ParticipantFacts = {
    iceMs: 200,
    dtlsMs: 300,
    connectMs,
    selected: [],
    rtt: { count: 8, leastMs: 12, lowMs: 12, medianMs: 13, mostMs: 30, ...rtt },
    received: {
      firstFrameMs,
      framesDecoded: 50,
      videoBytes: 40_000,
      audioBytes: 30_000,
      audioEnergy: 1,
      packetsLost: 0,
      measured: { ...well, ...measured },
    },
    sent: { video: track, audio: track, limitedBy },
  };
  const facts: MediaFacts = { path, caller: side, callee: side };
  return s.observation('media', path, facts);
}

const lossy = { packetsReceived: 235, packetsLost: 15, lossEvents: 14 };
/** A relay's checks take longer than the media's in the scene, which is no fault. */
const judged = (...calls: Observation[]) => scene({ claims: { budgets }, with: calls });

/** A line that is filled, so that no picture came and nothing was measured. */
function starved(): Observation {
  const one = call('udp');
  const ends = Object.fromEntries(
    ['caller', 'callee'].map((side) => {
      const { rtt: _, received, sent, ...rest } = one.facts[side] as unknown as ParticipantFacts;
      const { measured: __, ...without } = received;
      const reported = { packetsLost: 3, jitterMs: 40, rttMs: 640 };
      const busy = { bytes: 90_000, packets: 140, reported };
      return [
        side,
        {
          ...rest,
          received: { ...without, framesDecoded: 0, videoBytes: 0 },
          sent: { ...sent, video: busy, audio: busy },
        },
      ];
    }),
  );
  return { ...one, facts: { path: 'udp', ...ends } as Observation['facts'], ...s.failed('no-video') };
}

function agent(kind: string, facts: Partial<AgentFacts> = {}): Observation {
  const base = { name: 'copilot', joinWithinMs: 10_000, publishes: true };
  return s.observation('agent', undefined, { ...base, ...facts }, s.failed(kind));
}

export const qualityFaults: readonly Fault[] = [
  {
    name: 'a call that is as good as can be, and one path whose figures nobody set a budget for',
    evidence: scene({ claims: { budgets: { rttMs: 100 } }, with: [call('udp'), call('tcp', { measured: lossy })] }),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'one packet of seventy lost, which is no loss of 1 %, and one burst of ten',
    evidence: judged(
      call('udp', { measured: { packetsReceived: 69, packetsLost: 1, lossEvents: 1 } }),
      call('turn-udp', { measured: { packetsReceived: 240, packetsLost: 10, lossEvents: 1 } }),
    ),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'packets lost all along over UDP, and late over TCP for the same reason',
    evidence: judged(
      call('udp', { measured: lossy }),
      call('tcp', { measured: { jitterMs: 60, jitterLowMs: 40, freezes: 4, frozenMs: 1500 } }),
    ),
    codes: ['quality-loss'],
    verdict: 'fail',
    says: ['6 % on udp', '`budgets.lossPercent`', '500 packets', '2 % of what was sent', 'jitter on tcp (60 ms'],
  },
  {
    name: 'a server that is far away',
    evidence: scene({
      claims: { budgets },
      with: [
        s.ice('udp', s.media, undefined, { rttMs: 180 }),
        s.ice('tcp', s.media, undefined, { rttMs: 181 }),
        call('udp', {
          rtt: { leastMs: 178, lowMs: 179, medianMs: 181, mostMs: 200 },
          connectMs: 3200,
          firstFrameMs: 4100,
        }),
      ],
    }),
    codes: ['quality-latency'],
    verdict: 'fail',
    says: ['178 ms on udp', '`budgets.rttMs`', 'connect time on udp (3200 ms'],
  },
  {
    name: 'packets that come in bursts',
    evidence: judged(call('udp', { measured: { jitterMs: 35, jitterLowMs: 28 } })),
    codes: ['quality-jitter'],
    verdict: 'fail',
    says: ['35 ms on udp', '`budgets.jitterMs`'],
  },
  {
    name: 'jitter for a moment only',
    evidence: judged(call('udp', { measured: { jitterMs: 22, jitterLowMs: 9 } })),
    codes: [],
    verdict: 'pass',
  },
  {
    name: 'jitter where the encoder has too little CPU',
    evidence: judged(call('udp', { measured: { jitterMs: 35, jitterLowMs: 28 }, limitedBy: 'cpu' })),
    codes: ['quality-jitter'],
    verdict: 'inconclusive',
  },
  {
    name: 'uneven packets over TCP, and no path over UDP to compare with',
    evidence: scene({
      claims: { budgets },
      without: ['media:udp', 'media:turn-udp'],
      asked: { paths: ['tcp'] },
      with: [call('tcp', { measured: { jitterMs: 35, jitterLowMs: 28 } })],
    }),
    codes: ['quality-jitter'],
    alternatives: ['quality-loss'],
    verdict: 'fail',
  },
  {
    name: 'media that fills the line',
    evidence: judged(
      call('udp', {
        measured: { ...lossy, jitterMs: 30, jitterLowMs: 25 },
        rtt: { leastMs: 210, lowMs: 260, medianMs: 600, mostMs: 660 },
      }),
    ),
    codes: ['quality-bandwidth'],
    verdict: 'fail',
    says: ['on udp', 'from 12 to 600 ms', 'loss on udp (6 %', 'round trip on udp (210 ms'],
  },
  {
    name: 'media that fills the line, and nobody set a budget: a picture does not come for want of room',
    evidence: scene({ with: [starved()] }),
    codes: ['quality-bandwidth'],
    suppressed: ['media-downlink-lost'],
    verdict: 'fail',
    says: ['from 12 to 640 ms'],
  },
  {
    name: 'pauses, and neither loss nor jitter',
    evidence: judged(call('udp', { measured: { freezes: 4, frozenMs: 1600 } })),
    codes: ['quality-freezes'],
    verdict: 'fail',
    says: ['40 % on udp', '`budgets.freezePercent`'],
  },
  {
    name: 'signalling that takes its time',
    evidence: judged(call('udp', { connectMs: 3500, firstFrameMs: 4500 })),
    codes: ['quality-connect-time'],
    verdict: 'fail',
    says: ['3500 ms on udp', 'first picture on udp (4500 ms'],
  },
  {
    name: 'a first picture that comes late, on an optional path',
    evidence: scene({
      claims: { budgets, paths: { required: ['tcp'], optional: ['udp'] } },
      with: [call('udp', { firstFrameMs: 5000 })],
    }),
    codes: ['quality-first-frame'],
    verdict: 'pass',
    says: ['5000 ms on udp'],
  },
  {
    name: 'figures over every budget on a machine that is starved',
    evidence: scene({
      claims: { budgets },
      with: [
        call('udp', { measured: { ...lossy, jitterMs: 90, jitterLowMs: 50 }, connectMs: 5000 }),
        s.observation('load', undefined, { lagP99Ms: 900, lagMostMs: 3000, cpuShare: 0.9, cores: 1 }),
      ],
    }),
    codes: ['vantage-starved'],
    suppressed: ['quality-loss', 'quality-jitter'],
    verdict: 'inconclusive',
  },
  {
    name: 'an agent for whom no worker takes the job',
    evidence: scene({ with: [agent('no-agent', { jobs: [] })] }),
    codes: ['agent-absent'],
    verdict: 'fail',
    says: ['"copilot"', 'within 10 s', 'no worker took the job', '`agent_name`'],
  },
  {
    name: 'an agent whose worker takes the job and never comes',
    evidence: scene({ with: [agent('no-agent', { jobs: [{ status: 'failed', error: 'boom' }] })] }),
    codes: ['agent-absent'],
    verdict: 'fail',
    says: ['"boom"', 'a worker the job'],
  },
  {
    name: 'an agent that comes too late',
    evidence: scene({ with: [agent('late-agent', { joinedMs: 12_300 })] }),
    codes: ['agent-absent'],
    verdict: 'fail',
    says: ['only 12.3 s after', '`num_idle_processes`'],
  },
  {
    name: 'an agent that comes and is silent',
    evidence: scene({ with: [agent('silent-agent', { joinedMs: 800 })] }),
    codes: ['agent-silent'],
    verdict: 'fail',
    says: ['joined after 0.8 s', '`agent.publishes`'],
  },
  {
    name: 'an ingress that keeps the server API to itself',
    evidence: scene({
      with: [agent('dispatch-refused', { refusal: { status: 404, body: 'Not Found', contentType: 'text/html' } })],
    }),
    codes: ['agent-dispatch-refused'],
    verdict: 'fail',
    says: ['answered with 404', '`/twirp'],
  },
];
