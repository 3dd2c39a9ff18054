/** Literal runs for the tests of what reads runs: a healthy deployment, and one with a wrong media address. */
import type { FactsByProbe, Origin } from '../evidence/facts.js';
import type { EnvironmentRun, Observation, Run, State } from '../evidence/run.js';
import { confirmed } from '../run/repeated.js';

export function observation<P extends keyof FactsByProbe>(
  probe: P,
  target: string | undefined,
  facts: Partial<FactsByProbe[P]>,
  rest: Partial<Omit<Observation, 'facts' | 'probe' | 'id'>> = {},
): Observation {
  return {
    id: target === undefined ? probe : `${probe}:${target}`,
    probe,
    state: 'ok',
    startMs: 10,
    endMs: 22.4,
    facts: facts as Observation['facts'],
    ...rest,
  };
}

const pair = (protocol: 'udp' | 'tcp', address: string, port: number) => ({
  local: { candidateType: 'host', protocol, address: '198.51.100.7', port: 40000 },
  remote: { candidateType: 'host', protocol, address, port },
  rttMs: 2,
});
const received = {
  firstFrameMs: 812.3,
  firstAudioMs: 640,
  framesDecoded: 25,
  frameWidth: 320,
  frameHeight: 180,
  videoBytes: 90_000,
  audioBytes: 8_000,
  audioEnergy: 0.2,
  packetsLost: 0,
};
const participant = { connectMs: 402, selected: [pair('udp', '203.0.113.30', 7882)], received };

const dns = observation('dns', 'livekit.example.com', {
  name: 'livekit.example.com',
  role: 'signal',
  source: 'resolver',
  answers: [],
  addresses: ['203.0.113.10'],
});
const tls = observation('tls', 'livekit.example.com:443', {
  role: 'signal',
  host: 'livekit.example.com',
  address: '203.0.113.10',
  port: 443,
  protocol: 'TLSv1.3',
  chain: [],
});
const signal = observation('signal', undefined, {
  host: 'livekit.example.com',
  port: 443,
  secure: true,
  upgraded: true,
  join: {
    serverVersion: '1.13.5',
    edition: 'Standard',
    protocol: 16,
    region: '',
    nodeId: 'ND_1',
    iceServers: [],
    iceLite: true,
    candidates: [],
  },
});
const iceUdp = (address: string, state: State, origin: Origin = 'advertised') =>
  observation(
    'ice-udp',
    `${address}:7882`,
    state === 'ok'
      ? { address, port: 7882, origin, sent: 1, received: 1, rttMs: 1.52, mapped: '198.51.100.7:40000' }
      : { address, port: 7882, origin, sent: 14, received: 0 },
    state === 'ok' ? {} : { state, endMs: 2910, failure: { kind: 'timeout', message: 'No answer to 14 checks.' } },
  );
const iceTcp = observation('ice-tcp', '203.0.113.30:7881', {
  address: '203.0.113.30',
  port: 7881,
  origin: 'advertised',
  sent: 1,
  received: 1,
  rttMs: 2.1,
  connectMs: 0.9,
});

export const healthy: EnvironmentRun = {
  name: 'staging',
  url: 'wss://livekit.example.com/',
  verdict: 'pass',
  durationMs: 2310,
  claims: {},
  asked: { depth: 'media' },
  paths: {
    udp: { required: true, reach: 'ok', peer: 'ok', media: 'ok' },
    tcp: { required: true, reach: 'ok' },
  },
  findings: [],
  suppressed: [],
  observations: [
    dns,
    tls,
    signal,
    iceUdp('203.0.113.30', 'ok'),
    iceTcp,
    observation('peer', 'udp', { path: 'udp', totalMs: 312 }),
    observation('media', 'udp', { path: 'udp', caller: participant, callee: participant }),
  ],
};

export const wrongAddress: EnvironmentRun = {
  ...healthy,
  name: 'production',
  verdict: 'fail',
  paths: {
    udp: { required: true, reach: 'failed', peer: 'unreached', media: 'unreached' },
    tcp: { required: true, reach: 'ok', media: 'unsupported' },
  },
  findings: [
    {
      code: 'media-address-wrong',
      severity: 'error',
      args: { advertised: '10.0.0.5', answers: '203.0.113.30' },
      summary: 'Media is advertised at 10.0.0.5, where nothing answers; 203.0.113.30 does.',
      cause: 'The server advertises an address that does not lead to it.',
      fix: 'Set rtc.node_ip to 203.0.113.30 (it advertises 10.0.0.5 now) and rtc.use_external_ip to false.',
      evidence: ['ice-udp:10.0.0.5:7882', 'ice-udp:203.0.113.30:7882'],
      alternatives: [{ code: 'hairpin-missing', separateBy: 'Run the same check from outside the network.' }],
    },
  ],
  suppressed: [{ code: 'udp-filtered', because: 'media-address-wrong' }],
  observations: [
    dns,
    tls,
    signal,
    iceUdp('10.0.0.5', 'failed'),
    iceUdp('203.0.113.30', 'ok', 'signal-host'),
    iceTcp,
    observation('peer', 'udp', {}, { state: 'unreached', waitedFor: 'ice-udp' }),
    observation('media', 'udp', {}, { state: 'unreached', waitedFor: 'ice-udp' }),
    observation(
      'media',
      'tcp',
      {},
      { state: 'unsupported', failure: { kind: 'no-browser', message: 'No browser was found.' } },
    ),
  ],
};

/** It failed, and passed when it was checked again at once. */
export const flapping: EnvironmentRun = confirmed({ ...wrongAddress, name: 'staging' }, healthy, {
  first: '2026-01-02T03:04:05.700Z',
  second: '2026-01-02T03:04:08.000Z',
});

export function run(...environments: EnvironmentRun[]): Run {
  return {
    schemaVersion: 1,
    tool: { name: 'livekit-doctor', version: '0.1.0' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 2330,
    vantage: {
      name: 'laptop',
      os: 'linux 6.1 x64',
      addresses: ['198.51.100.7'],
      mapped: { udp: '198.51.100.7:40000' },
      natMapping: 'none',
    },
    environments,
  };
}
