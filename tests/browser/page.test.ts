/** What is decided in the page and around it, without a browser: which candidates belong to a path, where it may go. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { chromium } from 'playwright';
import t from 'tap';
import type { PartReport } from '../../browser/exchange.js';
import { findBrowser, missingBrowser } from '../../browser/executable.js';
import { launchArguments } from '../../browser/launch.js';
import { type Bounds, boundsOf, isWithin } from '../../browser/page/bounds.js';
import { belongs, firstEnds, narrowed, pathOfPair, pathOfUrl, withCandidates } from '../../browser/page/candidates.js';
import { servePage } from '../../browser/page-server.js';
import type { Environment } from '../../environment/environment.js';
import { allPaths, type Observation, type Path } from '../../evidence/run.js';
import { isAllowed } from '../../probes/allowed-address.js';
import { browser as browserProbe } from '../../probes/browser.js';
import { media as mediaProbe } from '../../probes/media.js';
import { judgeExchange } from '../../probes/media-outcome.js';
import type { Known } from '../../probes/probe.js';

const candidate = (protocol: string, type: string, address = '203.0.113.7'): string =>
  `candidate:1 1 ${protocol} 2130706431 ${address} 7882 typ ${type}`;

t.test('a candidate takes part only in its own path', async (t) => {
  const kinds = ['udp host', 'UDP srflx', 'tcp host', 'udp relay', 'tcp relay'];
  const allowed = (path: Path, origin: 'local' | 'remote') =>
    kinds.filter((kind) => {
      const [protocol = '', type = ''] = kind.split(' ');
      return belongs(path, origin, candidate(protocol, type));
    });
  const expected: Record<Path, [local: string[], remote: string[]]> = {
    udp: [
      ['udp host', 'UDP srflx'],
      ['udp host', 'UDP srflx', 'udp relay'],
    ],
    tcp: [['tcp host'], ['tcp host', 'tcp relay']],
    'turn-udp': [['udp relay'], ['udp host', 'UDP srflx', 'udp relay']],
    'turn-tcp': [['udp relay'], ['udp host', 'UDP srflx', 'udp relay']],
    'turn-tls': [['udp relay'], ['udp host', 'UDP srflx', 'udp relay']],
  };
  for (const path of allPaths) {
    t.same([allowed(path, 'local'), allowed(path, 'remote')], expected[path], path);
    t.ok(belongs(path, 'local', ''), 'the end of the candidates always may');
  }
});

t.test('a description loses the candidates of other paths and nothing else', async (t) => {
  const lines = ['v=0', `a=${candidate('udp', 'host')}`, `a=${candidate('tcp', 'host')}`, 'a=end-of-candidates', ''];
  for (const end of ['\r\n', '\n']) {
    const left = [...lines.slice(0, 1), ...lines.slice(2)].join('\r\n');
    const isOverTcp = (line: string): boolean => belongs('tcp', 'remote', line);
    t.equal(withCandidates(lines.join(end), isOverTcp), left, JSON.stringify(end));
  }
});

t.test('a server has so many candidates, as often as it says them, and not ten thousand', async (t) => {
  const isFirst = firstEnds();
  const offered = Array.from({ length: 10_000 }, (_, i) => candidate('udp', 'host', `2a00::${i.toString(16)}`));
  const taken = offered.filter(isFirst);
  t.same(taken, offered.slice(0, 64));
  t.same([...offered.slice(60, 70), `a=${offered[0]}`].filter(isFirst), [...offered.slice(60, 64), `a=${offered[0]}`]);
  t.notOk(isFirst(candidate('tcp', 'host', '2a00::1')), 'nor by another protocol');
});

t.test('one TURN URL is left, or none', async (t) => {
  const iceServers: RTCIceServer[] = [
    { urls: ['turn:10.0.0.1:3478?transport=udp', 'turn:10.0.0.1:3478?transport=tcp'], username: 'u', credential: 'c' },
    { urls: 'turns:a.example:443?transport=tcp', username: 'u', credential: 'c' },
    { urls: 'turns:b.example:443?transport=tcp', username: 'u', credential: 'c' },
    { urls: 'stun:stun.example' },
  ];
  const left = (path: Path, bounds?: Bounds) => {
    const { iceTransportPolicy, iceServers: servers } = narrowed(path, { iceServers }, bounds);
    return [iceTransportPolicy, ...(servers ?? []).map(({ urls, username }) => `${urls} ${username}`)];
  };
  t.same(left('udp'), ['all']);
  t.same(left('tcp'), ['all']);
  t.same(left('turn-udp'), ['relay', 'turn:10.0.0.1:3478?transport=udp u']);
  t.same(left('turn-tcp'), ['relay', 'turn:10.0.0.1:3478?transport=tcp u']);
  const bounds: Bounds = { turnUrl: 'turns:b.example:443?transport=tcp', addresses: [], kinds: ['public'] };
  t.same(left('turn-tls', bounds), ['relay', 'turns:b.example:443?transport=tcp u'], 'the one that was seen to work');
  t.same(left('turn-udp', bounds), ['relay'], 'not one at an address that nobody vouches for');
  const other = { ...bounds, turnUrl: 'turn:10.0.0.9:3478?transport=udp', addresses: ['10.0.0.1'] };
  t.same(left('turn-udp', other), ['relay', 'turn:10.0.0.1:3478?transport=udp u'], 'of another node');
});

t.test('a URL and a selected pair name their path', async (t) => {
  t.equal(pathOfUrl('turn:host'), 'turn-udp');
  t.equal(pathOfUrl('turns:host:443?transport=tcp'), 'turn-tls');
  t.equal(pathOfUrl('turns:host?transport=udp'), undefined);
  t.equal(pathOfUrl('stun:host'), undefined);
  t.equal(pathOfPair({ candidateType: 'prflx', protocol: 'tcp' }), 'tcp');
  t.equal(pathOfPair({ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }), 'turn-tls');
  t.equal(pathOfPair({ candidateType: 'prflx', protocol: 'udp', relayProtocol: 'tls' }), 'turn-tls', 'translated');
  t.equal(pathOfPair({ candidateType: 'relay', protocol: 'udp' }), undefined, 'which relay it was is not known');
  t.equal(pathOfPair({ candidateType: 'prflx', protocol: 'udp', relayProtocol: 'new' }), undefined);
});

t.test('the page goes nowhere that a probe would not go', async (t) => {
  const anyAddress = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom(
      '10.1.2.3',
      '127.0.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      'fe80::1',
      'fd00::1',
      '::1',
    ),
    fc.constantFrom('::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', '2001::1', '198.18.0.1', 'turn.example', ''),
    fc.constantFrom('2001:0:a00:1::', '2001:2::1', '2001:10::1', '2001:1ff::1', '3fff::1', '012.0.0.1', '10.0.0.01'),
  );
  fc.assert(
    fc.property(anyAddress, fc.array(anyAddress, { maxLength: 3 }), (one, signal) => {
      const vouched = { signal, claimed: [] };
      return !isWithin(boundsOf(vouched), one) || isAllowed(one, vouched) || signal.includes(one);
    }),
    { numRuns: 2000 },
  );
  const bounds = boundsOf({ signal: ['10.0.0.1'], claimed: ['192.168.7.7'] });
  t.same(
    ['10.9.9.9', '192.168.7.7', '203.0.113.1', '2a00::1', '100.64.0.8', '127.0.0.1', '169.254.169.254', 'x.local'].map(
      (address) => isWithin(bounds, address),
    ),
    [true, true, true, true, false, false, false, false],
  );
  t.same(
    ['2001:200::1', '2001:db8::1', '2001:470:1f0b::1', '3ffe::1'].filter((address) => !isWithin(bounds, address)),
    [],
  );
  t.notOk(belongs('udp', 'remote', candidate('udp', 'host', '127.0.0.1'), bounds), 'a candidate out of bounds');
  t.ok(belongs('udp', 'local', candidate('udp', 'host', '127.0.0.1'), bounds), 'one of our own is no matter of trust');
});

t.test('the browser is told of names and of verified keys alone', async (t) => {
  const plain = launchArguments({ names: [], trustedKeys: [] }).join(' ');
  t.notMatch(plain, 'ignore-certificate-errors');
  const told = launchArguments({
    names: [{ host: 'a.test', address: '10.0.0.1' }, { host: 'b.test', address: 'fd00::1' }, { host: 'c.test' }],
    trustedKeys: ['aaa=', 'bbb='],
  });
  t.ok(told.includes('--ignore-certificate-errors-spki-list=aaa=,bbb='));
  t.notOk(told.includes('--ignore-certificate-errors'));
  const rules = told.find((one) => one.startsWith('--host-resolver-rules=')) ?? '';
  for (const rule of [
    'MAP a.test 10.0.0.1',
    'MAP a.test. 10.0.0.1',
    'MAP b.test [fd00::1]',
    'MAP c.test ~NOTFOUND',
    'MAP c.test. ~NOTFOUND',
  ]) {
    t.ok(rules.split(/[=,]/).includes(rule), rule);
  }
});

t.test('a browser is found where it is', async (t) => {
  const home = t.testdir();
  const program = (...parts: string[]): string => {
    const file = join(home, ...parts);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  };
  const nowhere = { PLAYWRIGHT_BROWSERS_PATH: join(home, 'none') };
  const plain = program('a', 'chromium');
  const shell = program('b', 'chromium-headless-shell');
  const PATH = [dirname(plain), dirname(shell)].join(delimiter);
  t.same(findBrowser({ ...nowhere, PATH: dirname(plain) }), { executable: plain, origin: 'system' });
  t.same(findBrowser({ ...nowhere, PATH })?.executable, shell, 'the lighter one first');
  t.same(findBrowser({ PATH, LIVEKIT_DOCTOR_BROWSER: plain }), { executable: plain, origin: 'variable' });
  const named = { PATH, LIVEKIT_DOCTOR_BROWSER: join(home, 'nothing') };
  t.equal(findBrowser(named), undefined, 'what is named and not there is not replaced');
  t.match(missingBrowser(named), named.LIVEKIT_DOCTOR_BROWSER);
  t.equal(findBrowser({ ...nowhere, PATH: '' }), undefined);
  t.match(missingBrowser({}), /npx playwright install chromium/);

  const [, revision] = /chromium-(\d+)/.exec(chromium.executablePath()) ?? [];
  const downloaded = program('pw', `chromium-${revision}`, 'any-platform', 'chrome');
  program('pw', 'chromium-1', 'any-platform', 'chrome');
  t.same(findBrowser({ PATH, PLAYWRIGHT_BROWSERS_PATH: join(home, 'pw') }), {
    executable: downloaded,
    origin: 'playwright',
  });
});

t.test('the page is served from sources, and nothing else is', async (t) => {
  const server = await servePage();
  t.teardown(() => server.close());
  const get = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    return { status: response.status, text: await response.text() };
  };
  const { text } = await get('/');
  for (const [, file] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) t.equal((await get(file as string)).status, 200);
  t.notMatch((await get('/page/participant.js')).text, 'interface ');
  t.equal((await get('/page/../driver.js')).status, 404);
  t.equal((await get('/package.json')).status, 404);
});

const received = {
  firstFrameMs: 500,
  firstAudioMs: 510,
  framesDecoded: 3,
  frameWidth: 320,
  frameHeight: 180,
  videoBytes: 9000,
  audioBytes: 900,
  audioEnergy: 0.001,
  packetsLost: 0,
  picture: { frames: 5, fresh: 5, unreadable: 0, foreign: 0, repeated: 0, missed: 0 },
  voice: { looks: 20, voiced: 19, foreign: 0 },
};
const done: PartReport = {
  phase: 'done',
  joinMs: 50,
  connectMs: 200,
  publishMs: 250,
  selected: [
    {
      local: {
        candidateType: 'relay',
        protocol: 'udp',
        relayProtocol: 'tls',
        url: 'turns:t.example:443?transport=tcp',
      },
      remote: { candidateType: 'host', protocol: 'udp' },
    },
  ],
  received,
};

t.test('an exchange is ok only if both saw and heard the other, by the path itself', async (t) => {
  const judge = (callee: Partial<PartReport>, path: Path = 'turn-tls', turnUrl = 'turns:t.example?transport=tcp') =>
    judgeExchange({
      path,
      turnUrl: turnUrl.replace('?', ':443?'),
      browser: { name: 'chromium', version: '1' },
      reports: { caller: done, callee: { ...done, ...callee } },
      startMs: 100,
    });
  const fails = (kind: string, outcome: ReturnType<typeof judge>) =>
    t.match(outcome, { state: 'failed', failure: { kind } }, kind);

  t.match(judge({}), { state: 'ok', facts: { path: 'turn-tls', caller: { connectMs: 200 } } });
  t.same(
    judge({}).steps?.find(({ name }) => name === 'connect'),
    { name: 'connect', startMs: 150, endMs: 300 },
  );
  fails('join', judge({ phase: 'join', error: 'no permissions' }));
  fails('disconnected', judge({ phase: 'receive', error: 'disconnected' }));
  fails('timeout', judge({ phase: 'connect' }));
  fails('wrong-path', judge({}, 'turn-udp'));
  fails('wrong-path', judge({}, 'turn-tls', 'turns:other.example?transport=tcp'));
  fails('wrong-path', judge({ selected: [] }));
  const direct = {
    local: { candidateType: 'host', protocol: 'udp' },
    remote: { candidateType: 'host', protocol: 'udp' },
  };
  fails('wrong-path', judge({ selected: [...done.selected, direct] }));
  const { picture, voice } = received;
  const sees = (seen: Partial<typeof picture>) =>
    judge({ phase: 'receive', received: { ...received, picture: { ...picture, ...seen } } });
  fails('no-video', judge({ phase: 'receive', received: { ...received, framesDecoded: 0 } }));
  fails('no-video', sees({ frames: 0, fresh: 0 }));
  fails('frozen-video', sees({ fresh: 1, repeated: 4 }));
  fails('wrong-video', sees({ fresh: 0, foreign: 5 }));
  fails('unreadable-video', sees({ fresh: 0, unreadable: 5 }));
  const { firstAudioMs, ...unheard } = received;
  t.ok(firstAudioMs);
  const hears = (heard: Partial<typeof voice>, more: object = {}) =>
    judge({ phase: 'receive', received: { ...unheard, voice: { ...voice, ...heard }, ...more } });
  fails('no-audio', hears({ voiced: 0 }, { audioBytes: 0 }));
  fails('no-audio', hears({ voiced: 0 }, { audioEnergy: 0 }));
  fails('wrong-audio', hears({ voiced: 0, foreign: 20 }));
});

t.test('what a page says is made harmless', async (t) => {
  const hostile = {
    ...done,
    phase: 'join',
    error: `\u001b[2J${'x'.repeat(9999)}`,
    received: {
      ...received,
      framesDecoded: Number.NaN,
      audioEnergy: '<b>' as unknown as number,
      measured: { series: { atMs: Array.from({ length: 5000 }, () => '<b>') } } as never,
    },
    selected: Array.from({ length: 500 }, () => ({
      local: { candidateType: '\u001b]0;', protocol: 'y'.repeat(9999) },
      remote: { candidateType: '', protocol: '' },
    })),
  } satisfies PartReport;
  const { facts, ...outcome } = judgeExchange({
    path: 'udp',
    browser: { name: 'chromium', version: '1' },
    reports: { caller: hostile, callee: done },
    startMs: 0,
  });
  const text = JSON.stringify({ facts, outcome });
  t.ok(text.length < 10_000);
  t.notMatch(text, '\\u001b');
  t.match(facts, { caller: { received: { framesDecoded: 0, audioEnergy: 0 } } });
  t.match(facts, { caller: { received: { measured: { series: { atMs: Array.from({ length: 60 }, () => 0) } } } } });
});

t.test('what waits for what', async (t) => {
  const environment = { name: 'x', url: new URL('wss://a.test'), auth: { apiKey: 'k', apiSecret: 's' }, claims: {} };
  const own = { ...environment, resolvers: ['127.0.0.1'], ca: 'PEM' };
  const known = (of: Environment, observations: Partial<Observation>[], shared: Known['shared'] = {}): Known => ({
    environment: of,
    asked: { depth: 'media', paths: allPaths },
    observations: new Map(observations.map((one) => [one.id as string, one as Observation])),
    shared,
  });
  const iceServers = [
    { url: 'turn:10.0.0.1:3478?transport=udp', username: '', credential: '' },
    { url: 'turns:t.test:443?transport=tcp', username: '', credential: '' },
  ];
  const name = (host: string, address: string): Partial<Observation> => ({
    id: `dns:${host}`,
    state: 'ok',
    facts: { addresses: [address] },
  });
  const verified = (host: string, facts: object = {}): Partial<Observation> => ({
    id: `tls:${host}:443`,
    state: 'ok',
    facts: {
      chain: [{ spkiSha256: `key of ${host}`, fingerprint256: `hash of ${host}` }],
      ...facts,
    } as Observation['facts'],
  });
  const browserTargets = (...all: Parameters<typeof known>) => browserProbe.targets(known(...all));

  t.match(browserTargets(environment, []), [{ waitingFor: 'signal' }], 'not before somebody can join');
  const bare = [{ id: 'browser', names: [], trustedKeys: [] }];
  t.same(browserTargets(environment, [], { iceServers }), bare, 'then at once, if nothing is of its own');
  t.match(browserTargets(own, []), [{ waitingFor: 'signal' }]);
  t.match(browserTargets(own, [], { iceServers }), [{ waitingFor: 'dns:a.test' }]);
  const names = [name('a.test', '10.0.0.2'), name('t.test', '10.0.0.3')];
  t.match(browserTargets(own, names, { iceServers }), [{ waitingFor: 'tls:a.test:443' }]);
  const told = browserTargets(own, [...names, verified('a.test'), verified('t.test')], { iceServers });
  t.same(told, [
    {
      id: 'browser',
      names: [
        { host: 'a.test', address: '10.0.0.2' },
        { host: 't.test', address: '10.0.0.3' },
      ],
      trustedKeys: ['key of a.test', 'key of t.test'],
    },
  ]);
  const refused = { ...verified('t.test', { chainError: 'SELF_SIGNED_CERT_IN_CHAIN' }), state: 'failed' as const };
  t.match(browserTargets(own, [...names, verified('a.test'), refused], { iceServers }), [
    { trustedKeys: ['key of a.test'] },
  ]);

  const browser: Partial<Observation> = { id: 'browser', probe: 'browser', state: 'ok', facts: {} };
  const ice = (state: 'ok' | 'failed', origin = 'advertised'): Partial<Observation> => ({
    id: `ice-udp:${origin}`,
    probe: 'ice-udp',
    state,
    facts: { origin },
  });
  const udp = (...observations: Partial<Observation>[]) =>
    [mediaProbe.targets(known(environment, observations))].flat().find((one) => 'id' in one && one.id === 'media:udp');
  t.match(udp(), { waitingFor: 'ice-udp' });
  t.match(udp(ice('ok')), { waitingFor: 'browser' });
  t.same(udp(ice('ok'), browser), { id: 'media:udp', path: 'udp', roundTripMs: 0 });
  t.match(udp(ice('failed'), browser), { waitingFor: 'ice-udp:advertised' });
  t.match(udp(ice('ok', 'claimed'), ice('failed'), browser), { waitingFor: 'ice-udp:advertised' }, 'another address');
  t.match(udp(ice('ok'), { ...browser, state: 'unsupported' }), { waitingFor: 'browser' });

  const mixed = { ...own, claims: { browsers: ['chromium' as const, 'firefox' as const] } };
  const seen = [...names, verified('a.test'), refused, ice('ok')];
  const firefox = (shared: Known['shared'], ...more: Partial<Observation>[]) =>
    [browserTargets(mixed, [...seen, ...more], { iceServers, ...shared })].flat()[1];
  t.match(firefox({}), { id: 'browser:firefox', waitingFor: 'browser' });
  const chromium = { browser: {} as never };
  t.match(firefox(chromium), { waitingFor: 'media:udp' }, 'Chromium comes first');
  t.match(firefox(chromium, { id: 'media:udp', state: 'failed' }), {
    id: 'browser:firefox',
    names: [{ host: 'a.test' }, { host: 't.test' }],
    trustedCertificates: [{ host: 'a.test', port: 443, fingerprint256: 'hash of a.test' }],
  });
  const all = { ...own, claims: { browsers: ['chromium' as const, 'firefox' as const, 'webkit' as const] } };
  const webkit = (...calls: string[]) =>
    [
      browserTargets(all, [...seen, ...calls.map((id) => ({ id, state: 'ok' as const }))], {
        ...{ iceServers, ...chromium },
        firefox: {} as never,
      }),
    ].flat()[2];
  t.match(webkit('media:udp'), { id: 'browser:webkit', waitingFor: 'media:udp:firefox' }, 'one after the other');
  t.match(webkit('media:udp', 'media:udp:firefox'), { id: 'browser:webkit', other: 'webkit' });
  const offered = [mediaProbe.targets(known(environment, [], { iceServers }))].flat();
  t.same(
    offered.map((one) => 'id' in one && one.id),
    ['media:udp', 'media:tcp', 'media:turn-udp', 'media:turn-tls'],
    'what is not offered is not asked for',
  );
  const limited = { ...environment, unsupportedPaths: { 'turn-tls': 'port 443 is taken' } };
  const [turnUdp] = iceServers.filter(({ url }) => url.startsWith('turn:'));
  const withoutTls = [mediaProbe.targets(known(limited, [], { iceServers: turnUdp && [turnUdp] }))].flat();
  t.match(withoutTls.at(-1), { id: 'media:turn-tls', waitingFor: 'turn-tls' }, 'what cannot be had here says so');
});
