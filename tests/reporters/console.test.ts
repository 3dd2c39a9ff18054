import { test } from 'tap';
import { renderRun } from '../../reporters/console.js';
import { duration } from '../../reporters/text.js';
import { healthy, observation, run, wrongAddress } from '../samples.js';
import { recorded } from './runs.js';

const style = { columns: 90, colour: false };
const recordedRuns = [
  await recorded('healthy.calls'),
  await recorded('turn-peer-denied'),
  await recorded('vantage-offline'),
];

test('a healthy environment: paths × layers with times, and the verdict', async (t) => {
  t.equal(
    renderRun(run(healthy), style),
    `staging  wss://livekit.example.com/

path   reach      peer       media
udp    ✓ 1.5 ms   ✓ 312 ms   ✓ 812 ms
tcp    ✓ 2.1 ms

✓ pass  staging  in 2.3 s
`,
  );
});

test('a troubled one: what was not looked at and why, then cause, fix and evidence', async (t) => {
  t.equal(
    renderRun(run(wrongAddress), style),
    `production  wss://livekit.example.com/

path   reach      peer          media
udp    ✗ failed   – unreached   – unreached
tcp    ✓ 2.1 ms                 – unsupported
– peer of udp; media of udp unreached: waited for ice-udp
– media of tcp unsupported: No browser was found.

✗ error  media-address-wrong
  Media is advertised at 10.0.0.5, where nothing answers; 203.0.113.30 does.
  cause   The server advertises an address that does not lead to it.
  fix     Set rtc.node_ip to 203.0.113.30 (it advertises 10.0.0.5 now) and
          rtc.use_external_ip to false.
  seen    ✗ ice-udp:10.0.0.5:7882: No answer to 14 checks.
          ✓ ice-udp:203.0.113.30:7882: answered in 1.5 ms
  or      hairpin-missing, which looks the same from here. Run the same check from outside
          the network.
  hides   udp-filtered, a consequence of this

✗ fail  production  1 error  in 2.3 s

Next: livekit-doctor explain media-address-wrong
`,
  );
});

test('a note is said without what to do, and a path that is not offered is called so', async (t) => {
  const note = {
    ...wrongAddress.findings[0],
    code: 'turn-not-offered',
    severity: 'info',
    summary: 'No TURN.',
  } as never;
  const paths = { udp: { required: true, reach: 'ok' }, 'turn-udp': { required: false, reach: 'unreached' } } as const;
  t.equal(
    renderRun(run({ ...healthy, paths, findings: [note] }), style),
    `staging  wss://livekit.example.com/

path       reach
udp        ✓ 1.5 ms
turn-udp   – unreached   optional
– reach of turn-udp unreached: the server does not offer it

i info  turn-not-offered
  No TURN.

✓ pass  staging  in 2.3 s
`,
  );
});

test('a path that must not work is shut, or works all the same', async (t) => {
  const silent = observation('ice-udp', '203.0.113.30:7882', {}, { state: 'failed' });
  const waits = observation('media', 'udp', {}, { state: 'unreached', waitedFor: 'ice-udp' });
  const open = healthy.observations.filter(({ probe }) => probe === 'ice-tcp');
  const paths = {
    udp: { required: false, forbidden: true, reach: 'failed', media: 'unreached' },
    tcp: { required: false, forbidden: true, reach: 'ok' },
    'turn-tls': { required: false, forbidden: true, reach: 'unreached' },
  } as const;
  t.equal(
    renderRun(
      run({ ...healthy, paths, observations: [silent, waits, ...open, ...healthy.observations.slice(0, 1)] }),
      style,
    ),
    `staging  wss://livekit.example.com/

path       reach         media
udp        ✓ shut        –       forbidden
tcp        ✗ works               forbidden
turn-tls   – unreached           forbidden
– reach of turn-tls unreached: nothing to look at was found

✓ pass  staging  in 2.3 s
`,
  );
});

test('what waited for something that waited itself names what all of it waits for', async (t) => {
  const waiting = (probe: 'ice-udp' | 'peer' | 'media', target: string | undefined, waitedFor: string) =>
    observation(probe, target, {}, { state: 'unreached', waitedFor });
  const text = renderRun(
    run({
      ...wrongAddress,
      paths: { udp: { required: true, reach: 'unreached', peer: 'unreached', media: 'unreached' } },
      observations: [
        waiting('ice-udp', undefined, 'signal'),
        waiting('peer', 'udp', 'ice-udp'),
        waiting('media', 'udp', 'media:udp'),
      ],
    }),
    style,
  );
  t.match(
    text,
    '– reach of udp; peer of udp unreached: waited for signal\n– media of udp unreached: waited for media:udp',
  );
});

test('where nothing was decided it says what is still open', async (t) => {
  const open = { ...healthy, verdict: 'inconclusive' as const, paths: { udp: { required: true } } };
  t.equal(
    renderRun(run(open), style),
    `staging  wss://livekit.example.com/

Required, and neither proven nor found at fault: udp.
? inconclusive  staging  in 2.3 s
`,
  );
});

test('one block for each environment, the troubled ones first, and a sum', async (t) => {
  const unsure = { ...healthy, name: 'canary', verdict: 'inconclusive' as const };
  const text = renderRun(run(healthy, unsure, wrongAddress), style);
  const at = ['production  wss', 'canary  wss', 'staging  wss', '3 environments: 1 fail, 1 inconclusive, 1 pass'];
  const places = at.map((part) => text.indexOf(part));
  t.same(
    places,
    [...places].sort((a, b) => a - b),
  );
  t.notOk(places.includes(-1));
});

test('lines fit the terminal, and are not stretched over a wide one', async (t) => {
  const widest = (columns: number) =>
    Math.max(
      ...renderRun(run(wrongAddress), { columns, colour: false })
        .split('\n')
        .map(({ length }) => length),
    );
  t.ok(widest(60) <= 60);
  t.ok(widest(300) <= 100);
});

test('colours only where they are wanted, and symbols everywhere', async (t) => {
  const coloured = renderRun(run(wrongAddress), { ...style, colour: true });
  t.ok(coloured.includes('\u001b['));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
  t.equal(coloured.replace(/\u001b\[\d+m/g, ''), renderRun(run(wrongAddress), style));
});

test('text of a server never reaches the terminal raw', async (t) => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u202eevil';
  const finding = { ...wrongAddress.findings[0], code: evil, summary: evil, cause: evil, fix: evil } as never;
  const text = renderRun(
    run({
      ...wrongAddress,
      name: evil,
      url: evil,
      findings: [finding, { ...(finding as object), evidence: [evil, `peer:udp`] } as never],
      observations: [
        observation('media', 'udp', {}, { state: 'unreached', waitedFor: evil }),
        observation('peer', 'udp', {}, { state: 'unsupported', failure: { kind: 'x', message: evil } }),
        observation('signal', undefined, { join: { serverVersion: evil } as never }),
      ],
    }),
    style,
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  t.match(text, /evil/);
});

test('facts of another shape, from another version, cost their line and not the report', async (t) => {
  const odd = wrongAddress.observations.map((one) => ({ ...one, facts: { addresses: 5, chain: null, join: 'no' } }));
  t.match(renderRun(run({ ...wrongAddress, observations: odd as never }), style), /media-address-wrong/);
});

test('durations are said as people say them', async (t) => {
  t.same([0.04, 1.52, 9.96, 312.4, 999.6, 2330, 59_960, 185_000].map(duration), [
    '0.0 ms',
    '1.5 ms',
    '10 ms',
    '312 ms',
    '1.0 s',
    '2.3 s',
    '1 min 0 s',
    '3 min 5 s',
  ]);
});

const fifty = Array.from({ length: 50 }, (_, i) => ({ ...healthy, name: `region-${i + 1}` }));
const troubled = { ...wrongAddress, name: 'region-7' };

test('quiet: a line for each environment, the troubled ones first, with the codes', async (t) => {
  const unsure = { ...healthy, name: 'canary', verdict: 'inconclusive' as const };
  const of = run(healthy, unsure, wrongAddress);
  t.equal(
    renderRun(of, { ...style, detail: 'quiet' }),
    `✗ fail  production  1 error  in 2.3 s  media-address-wrong
? inconclusive  canary  in 2.3 s
✓ pass  staging  in 2.3 s
`,
  );
});

test('verbose: every observation with its facts and steps', async (t) => {
  const steps = [{ name: 'handshake', startMs: 12, endMs: 20.5 }];
  const tls = observation('tls', 'livekit.example.com:443', { host: 'livekit.example.com', port: 443 }, { steps });
  const nested = { ...tls, facts: { chain: [{ names: ['a', 'b'] }, { names: [] }], reused: false } };
  const text = renderRun(run({ ...healthy, observations: [nested] }), { ...style, detail: 'verbose' });
  t.match(
    text,
    `evidence
✓ tls:livekit.example.com:443 ok: ok (12 ms, from 10 ms)
    handshake  8.5 ms after 2.0 ms
    chain:
      1:
        names: a, b
      2:
        names: none
    reused: false
`,
  );
  const all = renderRun(run(healthy), { ...style, detail: 'verbose' });
  for (const { id } of healthy.observations) t.match(all, `✓ ${id} ok`);
});

test('of many environments the healthy ones are named at the end, and those with a fault stand whole before', async (t) => {
  const of = run(...fifty.map((one, i) => (i === 6 ? troubled : one)));
  const lines = renderRun(of, style).split('\n');
  t.equal(lines[0], 'region-7  wss://livekit.example.com/');
  t.ok(lines.length < 40, `${lines.length} lines`);
  const names = lines.slice(lines.findIndex((line) => line.startsWith('✓ pass  49 environments: region-1, ')));
  for (const { name } of of.environments) t.match(name === 'region-7' ? lines : names, new RegExp(`\\b${name}\\b`));
  t.match(lines.join('\n'), '50 environments: 1 fail, 49 pass');

  const some = renderRun(run(troubled, ...fifty.slice(7, 12)), style);
  t.match(some, '✓ pass  region-8  in 2.3 s\n✓ pass  region-9  in 2.3 s\n');
  const warned = {
    ...healthy,
    name: 'warned',
    findings: troubled.findings.map((one) => ({ ...one, severity: 'warning' as const })),
  };
  t.match(
    renderRun(run(...fifty.slice(0, 5), warned), style),
    /^warned {2}wss[\s\S]*! warning/,
    'a warning is no fault, and is shown',
  );
});

test('nothing that can be broken is wider than the terminal, from 40 columns on', async (t) => {
  const long = 'a'.repeat(120);
  const cells = { required: true, reach: 'unsupported', peer: 'unsupported', media: 'unreached' } as const;
  const of = run(
    { ...wrongAddress, paths: { ...wrongAddress.paths, 'turn-tls': { ...cells, required: false } } },
    healthy,
    ...recordedRuns,
  );
  const odd = run({
    ...wrongAddress,
    findings: wrongAddress.findings.map((one) => ({ ...one, fix: `Set ${long} now.` })),
  });
  for (const columns of [40, 60, 80, 100]) {
    for (const detail of ['usual', 'verbose'] as const) {
      for (const line of renderRun(of, { columns, colour: false, detail }).split('\n')) {
        // A word that is too long stays whole, so that it can be copied.
        const longest = Math.max(
          ...line
            .trim()
            .split(' ')
            .map((word) => [...word].length),
        );
        const isCommand = line.includes('livekit-doctor explain');
        if (longest < columns / 2 && !isCommand) t.ok([...line].length <= columns, `${columns}: ${line}`);
      }
    }
    t.match(
      renderRun(odd, { columns, colour: false }),
      `Set\n          ${long}\n          now.`,
      'a long word has a line of its own',
    );
  }
});

test('colours only repeat what the marks say', async (t) => {
  const of = run(wrongAddress, healthy, { ...healthy, name: 'canary', verdict: 'inconclusive' });
  for (const detail of ['quiet', 'usual', 'verbose'] as const) {
    const coloured = renderRun(of, { ...style, colour: true, detail });
    const plain = renderRun(of, { ...style, detail });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
    t.equal(coloured.replace(/\u001b\[\d+m/g, ''), plain);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
    const painted = [...coloured.matchAll(/\u001b\[3[123]m([^\u001b]*)/g)].map(([, text = '']) => text);
    t.ok(painted.length > 0);
    for (const text of painted) t.match(text, /^[✓✗?!–i]|^\d+ (fail|inconclusive|pass)$/, text);
  }
});
