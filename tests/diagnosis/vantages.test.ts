/** One verdict from many vantages, of literal runs: who is blamed, and when nobody is. */
import { test } from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import { mergeRuns, newestOf, remerge } from '../../diagnosis/vantages/index.js';
import { decide } from '../../diagnosis/vantages/quorum.js';
import { runSchema } from '../../evidence/document.js';
import type { Evidence, Quorum, Run, SeenFrom } from '../../evidence/run.js';
import { runsOf } from '../../evidence/vantages.js';
import { run as runOf } from '../samples.js';
import * as s from './scene.js';

const wire = { asked: { depth: 'wire' as const }, without: ['peer:udp', 'peer:tcp', 'peer:turn-udp'] };
const healthy = s.scene({ asked: { depth: 'wire' } });
const udpSilent = s.scene({ ...wire, with: [s.ice('udp', s.media, 'timeout')] });

function seenBy(name: string, evidence: Evidence, startedAt = '2026-01-02T03:04:05.678Z', address?: string): Run {
  const environment = { ...evidence, ...diagnose(evidence), name: 'staging', durationMs: 100 };
  const one = runOf({ ...environment, observations: [...evidence.observations] });
  const mapped = address ? { udp: `${address}:40000` } : one.vantage.mapped;
  return { ...one, startedAt, vantage: { ...one.vantage, name, mapped } };
}

function merged(evidences: Record<string, Evidence>, quorum: Quorum = 'majority') {
  const runs = Object.entries(evidences).map(([name, evidence], i) =>
    seenBy(name, evidence, undefined, `198.51.100.${i}`),
  );
  const run = mergeRuns(runs, quorum, '0.1.0');
  const [environment] = run.environments;
  if (!environment) throw new Error('nothing was merged');
  const seenFrom = (code: string): SeenFrom | undefined =>
    environment.findings.find((finding) => finding.code === code)?.seenFrom;
  return { run, environment, seenFrom };
}

test('what one of five sees, and the others prove to work, is its own fault', async (t) => {
  const { environment, seenFrom } = merged({ a: healthy, b: healthy, c: healthy, d: healthy, e: udpSilent });
  t.equal(environment.verdict, 'pass');
  t.equal(environment.paths.udp?.reach, 'ok');
  t.match(seenFrom('udp-filtered'), { sees: ['e'], denies: ['a', 'b', 'c', 'd'], abstains: [], blames: 'vantage' });
  const [finding] = environment.findings;
  t.match(finding?.summary, /^From 1 of 5 vantages \(e\), and not the deployment's fault: /);
  t.equal(finding?.severity, 'warning');
});

test("what all see who can judge it is the deployment's", async (t) => {
  const offline = s.scene({
    ...wire,
    without: [...wire.without, `tls:${s.host}:443`],
    notJoined: true,
    with: [
      s.observation('vantage', undefined, { hasNetwork: false, addresses: [], resolvers: [] }),
      s.dns(s.host, {}, s.failed('no-answer')),
      s.signal({}, s.failed('unreachable')),
    ],
  });
  const { environment, seenFrom } = merged({ a: udpSilent, b: udpSilent, c: offline });
  t.equal(environment.verdict, 'fail');
  t.equal(environment.paths.udp?.reach, 'failed');
  t.match(seenFrom('udp-filtered'), { sees: ['a', 'b'], denies: [], abstains: ['c'], blames: 'deployment' });
  t.match(seenFrom('vantage-offline'), { sees: ['c'], blames: 'vantage' });
});

test('as many against as for it: nobody is blamed', async (t) => {
  const { environment, seenFrom } = merged({ a: healthy, b: udpSilent });
  t.equal(environment.verdict, 'inconclusive');
  t.equal(environment.paths.udp?.reach, 'unreached');
  t.equal(seenFrom('udp-filtered')?.blames, 'undecided');
  t.match(environment.findings[0]?.summary, /^Undecided, from 1 of 2 vantages \(b\): /);
});

test('the quorum', async (t) => {
  const three = { a: healthy, b: healthy, c: udpSilent };
  t.equal(merged(three).environment.verdict, 'pass');
  t.equal(merged(three, 'any').environment.verdict, 'fail');
  t.equal(merged(three, 1).environment.verdict, 'fail');
  t.equal(merged(three, 2).environment.verdict, 'pass');
  t.equal(merged({ ...three, d: udpSilent, e: healthy }, 2).environment.verdict, 'fail');
  t.equal(merged({ a: udpSilent }, 2).environment.verdict, 'inconclusive', 'too few have looked');
  const rows: [number, number, Quorum, string][] = [
    [1, 0, 'majority', 'deployment'],
    [2, 1, 'majority', 'deployment'],
    [1, 1, 'majority', 'undecided'],
    [1, 2, 'majority', 'vantage'],
    [2, 0, 3, 'undecided'],
    [2, 1, 3, 'undecided'],
    [1, 2, 3, 'vantage'],
    [1, 9, 'any', 'deployment'],
    [0, 0, 'any', 'undecided'],
  ];
  for (const [sees, denies, quorum, blames] of rows) {
    t.equal(decide(sees, denies, quorum), blames, `${sees} see, ${denies} deny, of ${quorum}`);
  }
});

test('a vantage counts once, with its newest run', async (t) => {
  const [old, fresh] = [
    seenBy('a', udpSilent, '2026-01-02T03:04:05.678Z'),
    seenBy('a', healthy, '2026-01-02T03:05:05.678Z'),
  ];
  t.equal(mergeRuns([fresh, old], 'majority', '0.1.0').environments[0]?.verdict, 'pass');
  t.match(newestOf([old, fresh]).superseded, [{ vantage: 'a', environment: 'staging', startedAt: old.startedAt }]);
});

test('two findings of one code that are about different paths stay two', async (t) => {
  const open = s.scene({ ...wire, claims: { paths: { forbidden: ['udp', 'tcp'] } } });
  const { environment } = merged({ a: open, b: open });
  const about = environment.findings.filter(({ code }) => code === 'forbidden-path-open').map(({ args }) => args.path);
  t.same(about, ['udp', 'tcp']);
});

test('a merged run is a run: it can be taken apart, judged anew, and merged with more', async (t) => {
  const { run } = merged({ a: healthy, b: udpSilent });
  t.ok(runSchema.safeParse(JSON.parse(JSON.stringify(run))).success);
  t.same(
    runsOf(run).map(({ environments }) => environments[0]?.observations),
    [healthy.observations, udpSilent.observations],
  );
  t.same(remerge(run), run);
  const more = mergeRuns([run, seenBy('c', healthy)], 'majority', '0.1.0');
  t.equal(more.environments[0]?.verdict, 'pass');
  t.same(
    more.vantages?.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  const ids = run.environments[0]?.observations.map(({ id }) => id) ?? [];
  t.equal(new Set(ids).size, ids.length, 'each observation has an id of its own');
  t.ok(run.environments[0]?.findings.every(({ evidence }) => evidence.every((id) => ids.includes(id))));
});

test('silence without a control proves nothing, however often it is heard', async (t) => {
  const uncertain = s.scene({
    ...wire,
    with: [s.ice('udp', s.media, 'timeout'), s.turn('turn-udp', 'timeout')],
  });
  const { environment, seenFrom } = merged({ a: uncertain, b: uncertain });
  t.equal(environment.verdict, 'inconclusive');
  t.not(seenFrom(environment.findings[0]?.code ?? '')?.blames, 'deployment');
});

const skewed = (aheadMs: number): Evidence => {
  const now = Date.parse('2027-02-01T00:00:00Z');
  return s.scene({
    ...wire,
    notJoined: true,
    with: [
      s.tls(
        s.host,
        {
          chainError: 'CERT_HAS_EXPIRED',
          ourDate: new Date(now).toISOString(),
          peerDate: new Date(now - aheadMs).toISOString(),
        },
        s.failed('certificate'),
      ),
      s.signal({}, s.failed('certificate')),
    ],
  });
};

test('a clock: that of one vantage, or, where several networks agree, that of the deployment', async (t) => {
  const days = 60 * 86_400_000;
  const one = merged({ a: healthy, b: healthy, c: skewed(days) });
  t.match(one.seenFrom('vantage-clock-skew'), { sees: ['c'], blames: 'vantage', because: 'clock' });
  t.equal(one.environment.verdict, 'pass');
  const both = merged({ a: skewed(days), b: skewed(days) });
  t.match(both.seenFrom('vantage-clock-skew'), { blames: 'deployment', because: 'clock' });
  t.equal(both.environment.verdict, 'fail');
});

const intercepted = s.scene({
  ...wire,
  notJoined: true,
  with: [
    s.tls(
      s.host,
      {
        chainError: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        chain: [
          s.certificate(s.host, { issuer: 'O=Zscaler Inc., CN=Zscaler Root CA', fingerprint256: 'cd'.repeat(32) }),
        ],
      },
      s.failed('certificate'),
    ),
    s.signal({}, s.failed('certificate')),
  ],
});

test('interception: another certificate at one vantage, and the same everywhere', async (t) => {
  const one = merged({ a: healthy, b: intercepted });
  t.match(one.seenFrom('tls-intercepted'), { sees: ['b'], blames: 'vantage', because: 'interception' });
  t.equal(one.environment.verdict, 'pass');
  const all = merged({ a: intercepted, b: intercepted });
  t.match(all.seenFrom('tls-untrusted-issuer'), { blames: 'deployment' });
  t.notOk(all.seenFrom('tls-intercepted'), "what all networks are shown is the deployment's own");
});

test('what works inside says nothing about the way from outside', async (t) => {
  const inner = '10.0.0.5';
  const candidates = [s.candidate('udp', inner, 7882), s.candidate('tcp', inner, 7881)];
  const inside = s.scene({
    ...wire,
    without: [...wire.without, `ice-udp:${s.media}:7882`, `ice-tcp:${s.media}:7881`],
    with: [s.joined({ candidates }), s.ice('udp', inner), s.ice('tcp', inner)],
  });
  const notAllowed = (protocol: 'udp' | 'tcp') => ({
    ...s.ice(protocol, inner, 'address-not-allowed'),
    state: 'unsupported' as const,
  });
  const outside = s.scene({
    ...wire,
    without: [...wire.without, `ice-udp:${s.media}:7882`, `ice-tcp:${s.media}:7881`],
    with: [s.joined({ candidates }), notAllowed('udp'), notAllowed('tcp')],
  });
  const { environment, seenFrom } = merged({ a: inside, b: inside, c: outside });
  t.match(seenFrom('media-address-private'), { sees: ['c'], denies: [], abstains: ['a', 'b'], blames: 'deployment' });
  t.equal(environment.verdict, 'fail');
});

const innerNetwork = s.observation('nat', 'ipv4', {
  destinations: [
    { destination: '192.0.2.78:3478', kind: 'stun', local: '10.0.0.9:5000', mapped: `${s.media}:5000`, rttMs: 2 },
  ],
} as never);
const insideOf = (evidence: Evidence): Evidence => ({
  ...evidence,
  observations: [...evidence.observations, innerNetwork],
});

test('what only those inside have proven is not proven from outside, where a vantage is in its own way', async (t) => {
  const destinations = [`${s.media}:7882`, `${s.media}:3478`, '192.0.2.78:3478'];
  const blocked = s.scene({
    ...wire,
    with: [
      s.ice('udp', s.media, 'timeout'),
      s.turn('turn-udp', 'timeout'),
      s.observation(
        'nat',
        'ipv4',
        {
          destinations: destinations.map((destination) => ({ destination, kind: 'stun', local: '10.1.0.1:1' })),
        } as never,
        s.failed('timeout'),
      ),
    ],
  });
  const { environment, seenFrom } = merged({ a: insideOf(healthy), b: insideOf(healthy), c: blocked });
  t.match(seenFrom('udp-blocked-at-vantage'), { sees: ['c'], blames: 'vantage' });
  t.equal(environment.paths.udp?.reach, 'unreached');
  t.equal(environment.paths.tcp?.reach, 'ok');
  t.equal(environment.verdict, 'inconclusive');
  t.equal(merged({ a: healthy, b: insideOf(healthy), c: blocked }).environment.verdict, 'pass');
});

test("a clock that agrees with the deployment's from inside of it may be the same one", async (t) => {
  const days = 60 * 86_400_000;
  const { environment, seenFrom } = merged({ a: insideOf(healthy), b: skewed(days), c: skewed(days) });
  t.match(seenFrom('vantage-clock-skew'), { sees: ['b', 'c'], blames: 'deployment', because: 'clock' });
  t.equal(environment.verdict, 'fail');
});

test("two of one network, as far as is known, make no intercepted certificate the deployment's own", async (t) => {
  const at = (name: string, address?: string): Run => {
    const one = seenBy(name, intercepted, undefined, address);
    return address ? one : { ...one, vantage: { ...one.vantage, addresses: ['10.0.0.7'], mapped: {} } };
  };
  const codes = (...runs: Run[]) =>
    mergeRuns(runs, 'majority', '0.1.0').environments[0]?.findings.map(({ code }) => code) ?? [];
  t.ok(codes(at('a', '198.51.100.1'), at('b')).includes('tls-intercepted'));
  t.notOk(codes(at('a', '198.51.100.1'), at('b', '198.51.100.2')).includes('tls-intercepted'));
});

test('a zone that leads regions to ingresses of their own: where several networks fail, it is no split horizon', async (t) => {
  const region = '203.0.113.11';
  const broken = s.scene({
    ...wire,
    notJoined: true,
    without: [...wire.without, `tls:${s.host}:443`],
    with: [s.dns(s.host, { addresses: [region] }), s.signal({ address: region, upgraded: false }, s.failed('refused'))],
  });
  const { environment, seenFrom } = merged({ a: broken, b: broken, c: healthy });
  const [code = ''] = environment.findings.map((finding) => finding.code);
  t.match(seenFrom(code), { sees: ['a', 'b'], denies: ['c'], blames: 'deployment', because: 'quorum' }, code);
  t.equal(environment.verdict, 'fail');
  t.match(merged({ a: broken, c: healthy }).seenFrom(code), { blames: 'vantage', because: 'split-horizon' });
});

test('a proxy that hides the addresses of TCP makes nobody one of the inside', async (t) => {
  const proxied = s.ice('tcp', s.media, undefined, { mapped: '10.0.0.1:40000' });
  const open = s.scene({ ...wire, with: [proxied] });
  const noUdp = s.scene({ ...wire, with: [proxied, s.ice('udp', s.media, 'timeout')] });
  const noTcp = s.scene({ ...wire, with: [s.ice('tcp', s.media, 'timeout')] });
  const { seenFrom } = merged({ a: open, b: noUdp, c: noTcp });
  t.match(seenFrom('tcp-port-filtered'), { sees: ['c'], denies: ['a', 'b'], blames: 'vantage' });
});
