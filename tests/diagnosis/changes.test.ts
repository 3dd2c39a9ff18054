/** What changed between two runs: each kind from literal worlds, and pairs of runs that the lab recorded. */
import { test } from 'tap';
import { diffRuns } from '../../diagnosis/changes/index.js';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun } from '../../evidence/load.js';
import type { Evidence, Observation, Run, Vantage } from '../../evidence/run.js';
import {
  type Changes,
  candidate,
  certificate,
  dns,
  host,
  ice,
  ingress,
  joined,
  livekitHealth,
  media,
  nowhere,
  observation,
  scene,
  signal,
  tls,
  turn,
  turnAddress,
  turnHost,
} from './scene.js';

const vantage: Vantage = {
  name: 'laptop',
  os: 'linux',
  addresses: ['192.0.2.7'],
  mapped: { udp: '198.51.100.7:40001' },
  natMapping: 'none',
  clockSkewMs: 120,
};

function run(evidence: Evidence, more: Partial<Run> & { name?: string } = {}): Run {
  const { name = 'staging', ...rest } = more;
  return {
    schemaVersion: 1,
    tool: { name: 'livekit-doctor', version: '0.1.0' },
    startedAt: '2026-11-21T10:00:00.000Z',
    durationMs: 1000,
    vantage,
    environments: [
      { name, durationMs: 1000, ...evidence, observations: [...evidence.observations], ...diagnose(evidence) },
    ],
    ...rest,
  };
}

/** What is said when the healthy deployment has become this one. */
function said(after: Changes, before: Changes = {}): string[] {
  return diffRuns(run(scene(before)), run(scene(after))).map(({ text }) => text);
}

/** A join response with the usual of everything but this. */
const serverSays = (join: Parameters<typeof joined>[0]): Changes => ({ with: [joined(join)] });

const iceServers = [
  { url: `turn:${media}:3478?transport=udp`, hasCredential: true },
  { url: `turns:${turnHost}:443?transport=tcp`, hasCredential: true },
];

test('two runs of the same show nothing, whatever is drawn anew each time', async (t) => {
  t.same(said({}), []);
  const drawn = scene({
    with: [
      joined({ nodeId: 'ND_y', iceServers: [...iceServers].reverse() }),
      ice('udp', media, undefined, { rttMs: 31, mapped: '198.51.100.7:51111' }),
      turn('turn-udp', undefined, { relayed: `${media}:30777` }),
      dns(host, { addresses: [ingress] }),
    ],
  });
  const later = run(drawn, {
    startedAt: '2026-11-22T10:00:00.000Z',
    vantage: {
      ...vantage,
      name: 'pod-7',
      mapped: { udp: '198.51.100.7:51111' },
      clockSkewMs: -900,
      natMapping: 'unknown',
    },
  });
  t.same(diffRuns(run(scene()), later), []);
});

test('the advertised media address, with the finding and the paths that follow', async (t) => {
  const after: Changes = {
    ...serverSays({ candidates: [candidate('udp', nowhere, 7882), candidate('tcp', nowhere, 7881)] }),
    without: [`ice-udp:${media}:7882`, `ice-tcp:${media}:7881`],
  };
  const world = [ice('udp', nowhere, 'timeout'), ice('tcp', nowhere, 'timeout')];
  const elsewhere = { origin: 'claimed' as const, insteadOf: `${nowhere}:7882` };
  const answers = [ice('udp', media, undefined, elsewhere)];
  const claims = { media: { address: media } };
  t.same(
    said(
      { ...after, claims, with: [...(after.with ?? []), ...world, ...answers], without: [`ice-tcp:${media}:7881`] },
      { claims },
    ),
    [
      'verdict pass → fail',
      `media-address-wrong: The server tells participants to send media to ${nowhere}, where nothing answers, but the media answers at ${media}.`,
      'reach of udp and tcp ok → failed',
      'peer and media of udp and tcp ok → unreached',
      `advertised media address ${media} → ${nowhere}`,
    ],
  );
});

test('certificates: renewed, another authority, other names, and an older TLS', async (t) => {
  const shows = (name: string, facts: Parameters<typeof certificate>[1], protocol = 'TLSv1.3'): Changes => ({
    with: [tls(name, { protocol, chain: [certificate(name, { fingerprint256: 'cd'.repeat(32), ...facts })] })],
  });
  t.same(said(shows(host, { validTo: '2027-04-02T00:00:00.000Z' })), [
    `certificate of ${host} renewed (expires 2027-01-01 → 2027-04-02)`,
  ]);
  t.same(
    said(shows(host, { validTo: '2027-04-02T00:00:00.000Z', issuer: 'C=US, O=Example Trust, CN=R2' })),
    [`certificate of ${host} renewed (expires 2027-01-01 → 2027-04-02)`],
    'an authority may take turns with its intermediates',
  );
  t.same(said(shows(turnHost, { issuer: 'CN=Corporate Proxy' })), [
    `certificate of ${turnHost} issued by Example Trust → Corporate Proxy (expires 2027-01-01 as before)`,
  ]);
  t.same(said(shows(host, { subjectAltNames: [`DNS:${host}`, 'DNS:other.example.com'] })), [
    `certificate of ${host} is for ${host} → ${host}, other.example.com (expires 2027-01-01 as before)`,
  ]);
  t.same(said({ with: [tls(host, { protocol: 'TLSv1.2' })] }), [`TLS of ${host} TLSv1.3 → TLSv1.2`]);
});

test('the server, what stands in front of it, and its names', async (t) => {
  t.same(said(serverSays({ serverVersion: '1.13.5' }), serverSays({ serverVersion: '1.13.4' })), [
    'server 1.13.4 → 1.13.5',
  ]);
  t.same(said(serverSays({ serverVersion: '1.14.0', nodeId: 'ND_z', region: 'eu' })), [
    'server 1.13.5 → 1.14.0',
    'region of the server none → eu',
    'another node answered, or the same one was started anew: ND_x → ND_z',
  ]);
  t.same(said({ url: `wss://${host}/rtc` }), [`URL wss://${host}/ → wss://${host}/rtc`]);
  const { facts } = joined();
  const behind = (server: string): Changes => ({ with: [signal({ ...facts, health: { ...livekitHealth, server } })] });
  t.same(said(behind('envoy'), behind('nginx/1.22.1')), ['in front of the server nginx/1.22.1 → envoy']);
  t.same(said({ with: [dns(turnHost, { addresses: [turnAddress, '203.0.113.41'] })] }), [
    `${turnHost} resolves to ${turnAddress} → ${turnAddress}, 203.0.113.41`,
  ]);
});

test('what is offered: TURN, TCP, servers, ports and the order of candidates', async (t) => {
  const onlyUdp = { iceServers: iceServers.slice(0, 1) };
  t.ok(said(serverSays(onlyUdp)).includes('TURN/TLS no longer offered'));
  t.ok(said({}, serverSays(onlyUdp)).includes('TURN/TLS now offered'));
  t.same(
    said(
      serverSays({
        iceServers: [...iceServers.slice(0, 1), { url: 'turns:other.example.com:5349', hasCredential: true }],
      }),
    ),
    [`TURN/TLS server ${turnHost}:443 → other.example.com:5349`],
  );
  t.same(
    said(serverSays({ iceServers: [...iceServers, { url: 'stun:stun.example.com:3478', hasCredential: false }] })),
    ['STUN servers nothing → stun.example.com:3478'],
  );
  t.same(said(serverSays({ candidates: [candidate('udp', media, 7882), candidate('tcp', media, 7891)] })), [
    'advertised TCP port 7881 → 7891',
  ]);
  t.same(said({ with: [turn('turn-tls', undefined, { relayed: '203.0.113.41:30001' })] }), [
    `TURN/TLS relays from ${media} → 203.0.113.41`,
  ]);
  const second = { ...candidate('udp', ingress, 7882), priority: 1 };
  const [first, tcp] = [candidate('udp', media, 7882), candidate('tcp', media, 7881)];
  t.same(
    said(
      serverSays({ candidates: [first, { ...second, priority: 2 ** 31 - 1 }, tcp] }),
      serverSays({ candidates: [first, second, tcp] }),
    ),
    [
      `candidate order udp ${media}, then tcp ${media}, then udp ${ingress} → udp ${ingress}, then udp ${media}, then tcp ${media}`,
    ],
  );
  const equal = { ...second, priority: first.priority };
  t.same(said(serverSays({ candidates: [equal, first, tcp] }), serverSays({ candidates: [first, equal, tcp] })), []);
});

test('a UDP port of its own for each session is no change; another single port is', async (t) => {
  const at = (port: number, udp?: string): Changes => ({
    ...serverSays({ candidates: [candidate('udp', media, port), candidate('tcp', media, 7881)] }),
    ...(udp && { claims: { media: { udp } } }),
  });
  t.same(said(at(30_004, '30001-30009'), at(30_009, '30001-30009')), []);
  t.same(said(at(50_123), at(58_001)), [], 'nor where nothing is claimed: a range is what it looks like');
  t.same(said(at(7883), at(7882)), ['advertised UDP port 7882 → 7883']);
  t.same(said(at(30_010, '30001-30009'), at(30_009, '30001-30009')), ['advertised UDP port 30009 → 30010']);
});

test('round trips: only beyond noise, and without what this machine itself adds', async (t) => {
  const rtt = (rttMs: number, others = rttMs, lagMostMs = 60): Changes => ({
    with: [
      ice('udp', media, undefined, { rttMs }),
      ice('tcp', media, undefined, { rttMs: others + 2, connectMs: others + 1 }),
      observation('load', undefined, { lagP99Ms: 12, lagMostMs, cpuShare: 0.1, cores: 2 }),
    ],
  });
  t.same(said(rtt(52), rtt(12)), ['round trip to media +40 ms (12 → 52 ms)']);
  t.same(said(rtt(12), rtt(52)), ['round trip to media −40 ms (52 → 12 ms)']);
  t.same(said(rtt(32), rtt(12)), [], 'not more than 20 ms');
  t.same(said(rtt(140), rtt(100)), [], 'not more than 50 %');
  t.same(said(rtt(52, 300, 60), rtt(12)), [], 'seen once, on a machine that was late by as much itself');
  t.same(said(rtt(52, 300, 10), rtt(12)), ['round trip to media +40 ms (12 → 52 ms)'], 'and on one that was not');
});

test('loss: only where more is surely lost than before', async (t) => {
  const lost = (packetsLost: number): Changes => {
    const measured = {
      measuredMs: 4000,
      packetsReceived: 1000 - packetsLost,
      packetsLost,
      lossEvents: packetsLost,
      audioPacketsReceived: 0,
      audioPacketsLost: 0,
      freezes: 0,
      frozenMs: 0,
    };
    const received = { framesDecoded: 9, videoBytes: 1, audioBytes: 1, audioEnergy: 1, packetsLost, measured };
    const end = { selected: [], received };
    return { with: [observation('media', 'udp', { path: 'udp', caller: end, callee: end })] };
  };
  t.same(said(lost(80), lost(0)), ['loss by udp 0 → 8 %']);
  t.same(said(lost(10), lost(0)), [], 'ten of a thousand may be chance');
});

test('a path that is forbidden here is better for not working', async (t) => {
  const claims = { paths: { forbidden: ['tcp' as const] } };
  const silent = run(scene({ claims, with: [ice('tcp', media, 'timeout')] }));
  const reach = diffRuns(silent, run(scene({ claims }))).filter(({ what }) => what === 'reach of tcp');
  t.match(reach, [{ before: 'failed', after: 'ok', effect: 'worse' }]);
  t.ok(said({ claims }).includes('tcp required → forbidden'));
});

test('findings that went, and an agent that stays away', async (t) => {
  const silentTcp: Changes = { with: [ice('tcp', media, 'timeout')] };
  const gone = said({}, silentTcp);
  t.ok(gone.includes('verdict fail → pass'));
  t.ok(
    gone.some((line) => /^tcp-port-filtered is gone$/.test(line)),
    gone.join('; '),
  );
  const agent = (joinedMs?: number): Changes => ({
    with: [
      observation('agent', undefined, {
        name: 'copilot',
        joinWithinMs: 5000,
        publishes: false,
        ...(joinedMs !== undefined && { joinedMs }),
      }),
    ],
  });
  t.ok(said(agent(), agent(800)).includes('agent copilot joined → did not join'));
});

test('the vantage and the way of checking are told apart, after all else', async (t) => {
  const before = run(scene());
  const moved: Vantage = {
    ...vantage,
    name: 'office',
    addresses: ['192.0.2.9', '2001:db8::9'],
    mapped: { udp: '198.51.100.99:4000' },
    natMapping: 'endpoint-dependent',
    clockSkewMs: 61_000,
  };
  const after = run(scene({ claims: { media: { address: media } }, asked: { depth: 'peer' } }), {
    vantage: moved,
    tool: { name: 'livekit-doctor', version: '0.2.0' },
  });
  const changes = diffRuns(before, after);
  t.same(
    changes.map(({ about, text }) => `${about}: ${text}`),
    [
      `check: claimed media.address nothing → ${media}`,
      'check: asked for depth media → peer',
      'vantage: vantage laptop → office',
      'vantage: this vantage is seen as 198.51.100.7 → 198.51.100.99',
      'vantage: this vantage has IPv4 → IPv4 and IPv6',
      'vantage: NAT mapping none → endpoint-dependent',
      'vantage: clock of this vantage right → 61.0 s slow',
      'check: livekit-doctor 0.1.0 → 0.2.0',
    ],
  );
  t.same(
    changes.map(({ environment }) => environment),
    ['staging', 'staging', undefined, undefined, undefined, undefined, undefined, undefined],
  );
});

test('an environment that is in one of them only', async (t) => {
  const changes = diffRuns(run(scene()), run(scene(), { name: 'production' }));
  t.same(
    changes.map(({ kind, text }) => `${kind}: ${text}`),
    ['environment: staging is only in the first run', 'environment: production is only in the second run'],
  );
});

test('facts of another shape, from another version, are no change and no crash', async (t) => {
  const before = run(scene());
  const shapes: Observation['facts'][] = [
    {},
    { chain: 1, join: { candidates: 'none' }, addresses: null, destinations: {}, resolvers: 7 },
  ];
  for (const strange of shapes) {
    const environments = before.environments.map((environment) => ({
      ...environment,
      observations: environment.observations.map((one) => ({ ...one, facts: strange })),
    }));
    const texts = diffRuns(before, { ...before, environments }).map(({ text }) => text);
    t.same(texts, []);
  }
});

async function recorded(pair: string): Promise<string[]> {
  const folder = new URL('../../fixtures/runs/pairs/', import.meta.url).pathname;
  const [before, after] = [await loadRun(`${folder}${pair}.before.json`), await loadRun(`${folder}${pair}.after.json`)];
  return diffRuns(before, after).map(({ text }) => text);
}

/** Each lab makes certificates and nodes of its own. */
const remade = /^certificate of .* as before\)$|^another node answered/;

test('two healthy runs of one environment, recorded in one lab, show nothing', async (t) => {
  for (const name of ['healthy.media', 'healthy.port-range']) {
    t.same(await recorded(name), [], name);
  }
});

test('pairs of recorded runs', async (t) => {
  const pairs: [string, string[]][] = [
    [
      'media-address',
      [
        'verdict pass → fail',
        'media-address-wrong: The server tells participants to send media to 203.0.113.77, where nothing answers, but the media answers at 203.0.113.20.',
        'reach of udp and tcp ok → failed',
        'advertised media address 203.0.113.20 → 203.0.113.77',
        'STUN servers global.stun.twilio.com:3478, stun.l.google.com:19302, stun1.l.google.com:19302 → 192.0.2.78:3478',
        'resolvers of this vantage 198.51.100.53 → 192.0.2.9, 198.51.100.53',
      ],
    ],
    [
      'turn-dropped',
      [
        'verdict pass → fail',
        'turn-not-offered: The environment requires turn-udp and turn-tls, but the server offers no TURN at all.',
        'reach of turn-udp and turn-tls ok → unreached',
        'TURN/UDP no longer offered',
        'TURN/TLS no longer offered',
        'STUN servers nothing → global.stun.twilio.com:3478, stun.l.google.com:19302, stun1.l.google.com:19302',
      ],
    ],
    [
      'certificate',
      [
        'verdict pass → fail',
        'tls-certificate-expired: The certificate of `livekit.staging.example.com` at 203.0.113.10:443 expired on 2026-11-18 15:45 UTC.',
        'reach of udp, tcp, turn-udp and turn-tls ok → unreached',
        'certificate of livekit.staging.example.com replaced (expires 2027-01-20 → 2026-11-18)',
      ],
    ],
    ['round-trip', ['round trip to media +39 ms (14 → 53 ms)']],
    [
      'mended',
      [
        'turn-tls-port-mismatch: TURN over TLS is advertised as `turns:turn-livekit.staging.example.com:443?transport=tcp`, but its server answers at 203.0.113.30:5349.',
        'advertised media address 203.0.113.99 → 203.0.113.20',
        'media-address-wrong is gone',
        'reach of udp and tcp failed → ok',
      ],
    ],
  ];
  for (const [name, expected] of pairs) {
    t.same(
      (await recorded(name)).filter((line) => !remade.test(line)),
      expected,
      name,
    );
  }
});
