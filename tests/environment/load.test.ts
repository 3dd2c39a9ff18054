import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { secretsOf } from '../../environment/environment.js';
import { embedded, type LoadRequest, loadEnvironments } from '../../environment/load.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { complaint } from './complaint.js';

const credentials = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'not-to-be-shown' };

/** Loads from a folder that holds the given file. */
function loadFrom(t: Test, file: string | undefined, request: Partial<LoadRequest> = {}) {
  const cwd = t.testdir(file === undefined ? {} : { 'livekit-doctor.yaml': file });
  return loadEnvironments({ arguments: [], cwd, env: credentials, ...request });
}

const whole = `environments:
  staging:
    url: https://livekit.staging.example.com/sfu
    auth: { apiKey: \${LIVEKIT_API_KEY}, apiSecret: "\${LIVEKIT_API_SECRET}" }
    tls: { ca: ./ca.pem, minDays: 14 }
    dns: { resolvers: [1.1.1.1, 9.9.9.9:5353, "[2001:db8::1]:53", 2001:db8::2], signal: 20.1.2.3 }
    media: { address: 20.4.5.6, udp: 30001-30009, tcp: \${TCP_PORT} }
    turn: { host: Turn.staging.example.com., address: "20.4.\${LAST}", externalTls: \${EXTERNAL} }
    paths: { required: [udp, tcp, turn-tls], optional: [turn-udp], forbidden: [turn-tcp] }
    server: { version: ">=1.9 <1.14", region: eu-west-1 }
    browsers: [chromium, firefox]
    budgets: { connectMs: 3000, firstFrameMs: 4000, lossPercent: 0.5, rttMs: \${RTT}, jitterMs: 30, freezePercent: 1 }
    agent: { name: copilot, joinWithin: 1m30s, publishes: true }
  small:
    url: ws://localhost:7880
    auth: { token: ready-made }
    media: { udp: 7882 }
    agent: { name: "7" }
`;

t.test('every key that is known reaches the environment, variables put in, file read', async (t) => {
  const env = {
    ...credentials,
    LIVEKIT_API_SECRET: `a }: "b" \${TCP_PORT}`,
    TCP_PORT: '7881',
    LAST: '5.7',
    EXTERNAL: 'true',
    RTT: '200',
  };
  const { certificate } = await makeCertificate({ ca: true });
  const loading = loadFrom(t, whole, { env });
  writeFileSync(join(t.testdirName, 'ca.pem'), `a comment\n${certificate}`);
  const [staging, small, ...others] = await loading;
  t.same(staging, {
    name: 'staging',
    url: new URL('wss://livekit.staging.example.com/sfu'),
    auth: { apiKey: 'key', apiSecret: `a }: "b" \${TCP_PORT}` },
    ca: certificate,
    resolvers: ['1.1.1.1', '9.9.9.9:5353', '[2001:db8::1]:53', '2001:db8::2'],
    claims: {
      dns: { resolvers: ['1.1.1.1', '9.9.9.9:5353', '[2001:db8::1]:53', '2001:db8::2'], signal: '20.1.2.3' },
      tls: { minDays: 14, privateCa: true },
      media: { address: '20.4.5.6', udp: '30001-30009', tcp: 7881 },
      turn: { host: 'turn.staging.example.com', address: '20.4.5.7', externalTls: true },
      paths: { required: ['udp', 'tcp', 'turn-tls'], optional: ['turn-udp'], forbidden: ['turn-tcp'] },
      server: { version: '>=1.9 <1.14', region: 'eu-west-1' },
      browsers: ['chromium', 'firefox'],
      budgets: { connectMs: 3000, firstFrameMs: 4000, lossPercent: 0.5, rttMs: 200, jitterMs: 30, freezePercent: 1 },
      agent: { name: 'copilot', joinWithinMs: 90_000, publishes: true },
    },
  });
  t.match(small, {
    name: 'small',
    auth: { token: 'ready-made' },
    claims: { media: { udp: '7882' }, agent: { name: '7', joinWithinMs: 10_000 } },
  });
  t.same(others, []);
});

t.test('a token endpoint, with headers that hold secrets', async (t) => {
  const file = one(
    `    auth:\n      tokenEndpoint: https://app.example.com/api/token?code=\${CODE}\n      headers:\n` +
      `        Authorization: Bearer \${SESSION}\n        Accept: application/json\n        X-Tenant: acme\n`,
  );
  const [staging] = await loadFrom(t, file, { env: { CODE: 'a-function-key', SESSION: '12345678' } });
  if (typeof staging !== 'object') throw new Error('no environment');
  t.same(staging.auth, {
    tokenEndpoint: new URL('https://app.example.com/api/token?code=a-function-key'),
    headers: { Authorization: 'Bearer 12345678', Accept: 'application/json', 'X-Tenant': 'acme' },
  });
  t.same(secretsOf(staging.auth), ['Bearer 12345678', '12345678', 'acme', 'a-function-key']);
  const basic = Buffer.from('me:a-pass:words').toString('base64');
  t.same(secretsOf({ ...staging.auth, headers: { authorization: `Basic ${basic}` } } as typeof staging.auth), [
    `Basic ${basic}`,
    basic,
    'a-pass:words',
    'a-function-key',
  ]);
  const [bare] = await loadFrom(t, one('    auth: { tokenEndpoint: "http://localhost:3000/token" }\n'));
  t.match(bare, { auth: { tokenEndpoint: new URL('http://localhost:3000/token'), headers: {} } });
});

t.test('a token endpoint of another shape, with what its tokens must hold to', async (t) => {
  const file = one(`    auth:
      tokenEndpoint:
        url: https://app.example.com/rooms/{room}/token?as={identity}&key=\${CODE}
        method: PUT
        headers: { X-Session: "\${SESSION}" }
        body: { room: "{room}", who: ["{identity}", { pin: \${PIN} }], count: 2 }
        token: /data/jwt
        serverUrl: data.url
        answerWithin: 500ms
      maxTtl: 1h30m
      mayGrant: [roomAdmin]
`);
  const env = { CODE: 'a-function-key', SESSION: 'a-session', PIN: '12345678' };
  const [staging] = await loadFrom(t, file, { env });
  if (typeof staging !== 'object') throw new Error('no environment');
  t.same(staging.auth, {
    tokenEndpoint: new URL('https://app.example.com/rooms/{room}/token?as={identity}&key=a-function-key'),
    method: 'PUT',
    headers: { 'X-Session': 'a-session' },
    body: { room: '{room}', who: ['{identity}', { pin: '12345678' }], count: 2 },
    tokenAt: '/data/jwt',
    serverUrlAt: 'data.url',
  });
  t.same(secretsOf(staging.auth), ['a-session', 'a-session', 'a-function-key', '12345678']);
  t.same(staging.claims.token, { maxTtlMs: 5_400_000, mayGrant: ['roomAdmin'], answerWithinMs: 500 });
  const [ready] = await loadFrom(t, one('    auth: { token: x, maxTtl: 15m }\n'));
  t.match(ready, { auth: { token: 'x' }, claims: { token: { maxTtlMs: 900_000 } } });
});

t.test('only what is asked for must be right', async (t) => {
  const [small] = await loadFrom(t, whole, { arguments: ['small'], env: {} });
  t.match(small, { name: 'small', url: new URL('ws://localhost:7880') });
});

const wholeAuth = 'auth: expected either apiKey and apiSecret, or tokenEndpoint (with headers), or token, or project';
const one = (rest: string) => `environments:\n  staging:\n    url: wss://a.example.com\n${rest}`;
const bad: { what: string; file: string; env?: LoadRequest['env']; says: string }[] = [
  {
    what: 'another way to get a token, which is not known',
    file: one('    auth: { tokenEndpiont: https://x.example.com }\n'),
    says:
      '4:13: unknown key "tokenEndpiont" in auth, did you mean "tokenEndpoint"? ' +
      'valid here: apiKey, apiSecret, tokenEndpoint, headers, token, project, maxTtl, mayGrant',
  },
  {
    what: 'a wrong type',
    file: one('    tls: { minDays: soon }\n'),
    says: '4:21: tls.minDays: expected a number of days, 0 or more, found "soon"',
  },
  {
    what: 'a path that is required and optional',
    file: one('    paths: { required: [udp], optional: [udp] }\n'),
    says: '4:42: paths.optional[0]: udp is required already, and a path is either required, optional or forbidden',
  },
  {
    what: 'paths that are forbidden, and required or optional as well',
    file: one(
      '    paths:\n      required: [udp, tcp]\n      optional: [turn-udp]\n      forbidden: [turn-udp, turn-tls, udp]\n',
    ),
    says: [
      '7:19: paths.forbidden[0]: turn-udp is optional already, and a path is either required, optional or forbidden',
      '7:39: paths.forbidden[2]: udp is required already, and a path is either required, optional or forbidden',
    ].join('\nlivekit-doctor.yaml:'),
  },
  {
    what: 'a version that is no range',
    file: one('    server: { version: "from 1.9" }\n'),
    says: '4:24: server.version: expected a range of versions like ">=1.9 <1.14", found "from 1.9"',
  },
  {
    what: 'a version that YAML takes for a number',
    file: one('    server: { version: 1.13 }\n'),
    says: '4:24: server.version: expected a range of versions like ">=1.9 <1.14", found 1.13',
  },
  {
    what: 'a browser that is not known',
    file: one('    browsers: [chromium, fire-fox]\n'),
    says: '4:26: browsers[1]: expected one of chromium, firefox, webkit, found "fire-fox", did you mean "firefox"?',
  },
  {
    what: 'a budget that is misspelt',
    file: one('    budgets:\n      lossPercents: 1\n'),
    says:
      '5:7: unknown key "lossPercents" in budgets, did you mean "lossPercent"? valid here: ' +
      'connectMs, firstFrameMs, lossPercent, rttMs, jitterMs, freezePercent',
  },
  {
    what: 'a budget of no time, and one with a unit',
    file: one('    budgets: { rttMs: 0, jitterMs: 30ms }\n'),
    says: [
      '4:23: budgets.rttMs: expected a number of milliseconds above 0, found 0',
      '4:36: budgets.jitterMs: expected a number of milliseconds above 0, found "30ms"',
    ].join('\nlivekit-doctor.yaml:'),
  },
  {
    what: 'an agent that nobody would wait for',
    file: one('    agent: { name: copilot, joinWithin: 3m }\n'),
    says: '4:41: agent.joinWithin: expected a duration like 10s, at most 2m, found "3m"',
  },
  {
    what: 'a name where an address is expected',
    file: one('    dns: { signal: a.example.com, resolvers: [ 1.1.1.1, 1.1.1.1:0 ] }\n'),
    says:
      '4:20: dns.signal: expected an IP address, found "a.example.com"\n' +
      'livekit-doctor.yaml:4:57: dns.resolvers[1]: expected an IP address, with :port if it is not 53, found "1.1.1.1:0"',
  },
  {
    what: 'two ways to get a token',
    file: one('    auth: { tokenEndpoint: https://app.example.com/token, token: x }\n'),
    says: `4:11: ${wholeAuth}`,
  },
  {
    what: 'headers for no endpoint',
    file: one('    auth: { apiKey: k, apiSecret: s, headers: { X-Id: abc } }\n'),
    says: `4:11: ${wholeAuth}`,
  },
  ...['https://user:not-to-be-shown@app.example.com/token', 'wss://app.example.com/token', 'app.example.com'].map(
    (url) => ({
      what: `a token endpoint that is none: ${url}`,
      file: one(`    auth: { tokenEndpoint: ${url} }\n`),
      says:
        '4:28: auth.tokenEndpoint: expected a URL like https://app.example.com/api/token, without credentials and ' +
        'fragment, or a map with url, found another text',
    }),
  ),
  {
    what: 'a key that a token endpoint does not have',
    file: one('    auth: { tokenEndpoint: { url: https://app.example.com, tokn: data.jwt } }\n'),
    says:
      '4:60: unknown key "tokn" in tokenEndpoint, did you mean "token"? ' +
      'valid here: url, method, headers, body, token, serverUrl, answerWithin',
  },
  {
    what: 'a token endpoint without a URL',
    file: one('    auth: { tokenEndpoint: { method: GET } }\n'),
    says:
      '4:13: missing key "url" in tokenEndpoint: expected a URL like https://app.example.com/api/token, without ' +
      'credentials and fragment',
  },
  {
    what: 'several mistakes in a token endpoint',
    file: one(
      '    auth:\n      tokenEndpoint:\n        url: app.example.com\n        method: get\n        body: 5\n' +
        '        token: data..jwt\n        answerWithin: 9s\n',
    ),
    says:
      '6:14: auth.tokenEndpoint.url: expected a URL like https://app.example.com/api/token, without credentials and ' +
      'fragment, found another text\n' +
      'livekit-doctor.yaml:7:17: auth.tokenEndpoint.method: expected one of POST, GET, PUT, PATCH, found another text, ' +
      'did you mean "GET"?\n' +
      'livekit-doctor.yaml:8:15: auth.tokenEndpoint.body: expected a map to send as JSON, or a text, found a number\n' +
      'livekit-doctor.yaml:9:16: auth.tokenEndpoint.token: expected a path in the answer, like data.token or ' +
      '/data/token, found another text\n' +
      'livekit-doctor.yaml:10:23: auth.tokenEndpoint.answerWithin: expected a duration like 500ms, at most 5s, found ' +
      'another text',
  },
  {
    what: 'placeholders without quotes, which are maps',
    file: one(
      '    auth:\n      tokenEndpoint:\n        url: https://app.example.com\n        body:\n          a: { room: {room} }\n' +
        '          b: [x, {identity}]\n',
    ),
    says:
      '8:22: auth.tokenEndpoint.body.a.room: room in braces is a map without quotes: write "{room}"\n' +
      'livekit-doctor.yaml:9:18: auth.tokenEndpoint.body.b[1]: identity in braces is a map without quotes: write ' +
      '"{identity}"',
  },
  {
    what: 'a body for GET',
    file: one('    auth: { tokenEndpoint: { url: https://app.example.com, method: GET, body: { a: b } } }\n'),
    says: '4:28: auth.tokenEndpoint: GET has no body: put {room} and {identity} into url',
  },
  {
    what: 'headers beside a token endpoint that has them inside',
    file: one('    auth: { tokenEndpoint: { url: https://app.example.com }, headers: { X-Id: abc } }\n'),
    says: '4:11: auth: headers belong in tokenEndpoint, beside url',
  },
  {
    what: 'a life of tokens that are made here',
    file: one('    auth: { apiKey: k, apiSecret: s, maxTtl: 1h }\n'),
    says: '4:11: auth: maxTtl and mayGrant are about tokens that are not made here: they need tokenEndpoint or token',
  },
  {
    what: 'a life that is none, and a grant that is none',
    file: one('    auth: { token: x, maxTtl: 1 day, mayGrant: [roomadmin] }\n'),
    says:
      '4:31: auth.maxTtl: expected a duration like 15m or 6h, found another text\n' +
      'livekit-doctor.yaml:4:49: auth.mayGrant[0]: expected one of roomAdmin, roomCreate, roomList, roomRecord, ' +
      'ingressAdmin, hidden, recorder, agent, sipAdmin, sipCall, found another text, did you mean "roomAdmin"?',
  },
  {
    what: 'headers that are a list',
    file: one('    auth: { tokenEndpoint: https://app.example.com, headers: [X-Id] }\n'),
    says: '4:62: auth.headers: expected a map from names of HTTP headers to texts, found a list',
  },
  {
    what: 'a header with a colon in its name, which may hold its value',
    file: one(
      '    auth:\n      tokenEndpoint: https://app.example.com\n      headers: { "X-Id: not-to-be-shown": a }\n',
    ),
    says: '6:18: auth.headers: expected names of HTTP headers, found another text',
  },
  {
    what: 'a header that is a number',
    file: one('    auth: { tokenEndpoint: https://app.example.com, headers: { X-Id: 12345 } }\n'),
    says: '4:70: auth.headers.X-Id: expected a text of one line, found a number',
  },
  {
    what: 'a header out of a variable that ends with a line break',
    file: one(`    auth: { tokenEndpoint: https://app.example.com, headers: { X-Id: "\${KEY}" } }\n`),
    env: { KEY: 'not-to-be-shown\n' },
    says: '4:70: auth.headers.X-Id: expected a text of one line, found another text',
  },
  {
    what: 'no credentials in the file nor in the variables',
    file: one(''),
    env: { LIVEKIT_API_KEY: 'key' },
    says: '2:3: staging has no auth, and LIVEKIT_API_SECRET is not set',
  },
  {
    what: 'a secret without quotes that is a tag to YAML',
    file: one('    auth: { token: !not-to-be-shown x }\n'),
    says: '4:20: no such tag is known; a text that begins with "!" needs quotes',
  },
];

for (const { what, file, env = credentials, says } of bad) {
  t.test(`refused: ${what}`, async (t) => {
    const message = await complaint(loadFrom(t, file, { env }));
    t.equal(message, `livekit-doctor.yaml:${says}`);
    t.notMatch(message, 'not-to-be-shown');
  });
}

t.test('what is said in one place with an anchor holds in every place', async (t) => {
  const shared =
    'environments:\n  a: { url: ws://a.test, dns: &dns { signal: 1.2.3.4 } }\n  b: { url: ws://b.test, dns: *dns }\n';
  t.match(await loadFrom(t, shared), [
    { claims: { dns: { signal: '1.2.3.4' } } },
    { claims: { dns: { signal: '1.2.3.4' } } },
  ]);
  const billions = `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`;
  t.match(await complaint(loadFrom(t, billions)), /^livekit-doctor.yaml:\d+:\d+: more than 100000 values/);
  const endless = 'environments: &all { a: *all }';
  t.match(await complaint(loadFrom(t, endless)), /^livekit-doctor.yaml:1:\d+: more than 100000 values/);
});

t.test('the ready-made environments load, given their variables', async (t) => {
  const env = {
    ...credentials,
    LIVEKIT_HOST: 'livekit.example.com',
    INGRESS_ADDRESS: '20.1.2.3',
    MEDIA_ADDRESS: '20.4.5.6',
    TURN_ADDRESS: '20.4.5.7',
  };
  for (const name of ['cloud-kubernetes', 'helm-port-range']) {
    const config = new URL(`../../fixtures/environments/${name}.yaml`, import.meta.url).pathname;
    t.match(await loadEnvironments({ arguments: [], config, cwd: '/', env }), [
      { name, url: new URL('wss://livekit.example.com'), claims: { media: { address: '20.4.5.6', tcp: 7881 } } },
    ]);
  }
});

t.test('an argument is a URL, a name of the file, or the embedded environment', async (t) => {
  const env = { ...credentials, TCP_PORT: '1', LAST: '5.7', EXTERNAL: 'true' };
  t.match(await loadFrom(t, whole, { arguments: ['small', 'embedded', 'https://x.test:8443/a', 'small'], env }), [
    { name: 'small' },
    embedded,
    { name: 'x.test:8443/a', url: new URL('wss://x.test:8443/a'), auth: { apiKey: 'key' }, claims: {} },
  ]);
  t.match(await loadFrom(t, 'environments: { embedded: { url: ws://mine.test } }', { arguments: ['embedded'] }), [
    { name: 'embedded', url: new URL('ws://mine.test') },
  ]);
  const file = t.testdir({ 'other.yaml': 'environments: { there: { url: ws://there.test, tls: { ca: ca.pem } } }' });
  const { certificate } = await makeCertificate({ ca: true });
  writeFileSync(join(file, 'ca.pem'), certificate);
  const given = { arguments: [], cwd: '/', config: join(file, 'other.yaml'), env };
  t.match(await loadEnvironments(given), [{ name: 'there', ca: certificate }]);
  const url = {
    arguments: ['wss://there.test'],
    cwd: file,
    env: { LIVEKIT_TOKEN: 'ready', LIVEKIT_DOCTOR_CA: 'ca.pem' },
  };
  t.match(await loadEnvironments(url), [
    { ca: certificate, auth: { token: 'ready' }, claims: { tls: { privateCa: true } } },
  ]);
});

t.test('with no argument the file counts, then LIVEKIT_URL, then the embedded environment', async (t) => {
  const env = { ...credentials, LIVEKIT_URL: 'wss://variable.test' };
  t.match(await loadFrom(t, 'environments: { mine: { url: ws://mine.test } }', { env }), [{ name: 'mine' }]);
  t.match(await loadFrom(t, undefined, { env }), [{ name: 'variable.test' }]);
  t.same(await loadFrom(t, undefined, { env: {} }), [embedded]);
});

t.test('a wrong command line is answered with what would be right', async (t) => {
  const asked = (argument: string, more: Partial<LoadRequest> = {}) =>
    complaint(loadFrom(t, whole, { arguments: [argument], ...more }));
  t.equal(
    await asked('stagin'),
    'no environment "stagin" in livekit-doctor.yaml, did you mean "staging"? there are: staging, small, embedded',
  );
  t.equal(await asked('x', { config: 'none.yaml' }), 'none.yaml: there is no such file');
  t.equal(
    await complaint(loadFrom(t, undefined, { arguments: ['livekit.example.com'] })),
    'no environment "livekit.example.com": there is no livekit-doctor.yaml here or above (a URL begins with wss:// or ws://)',
  );
  t.equal(
    await asked('wss://x.test', { env: {} }),
    'a URL needs credentials, and LIVEKIT_API_KEY and LIVEKIT_API_SECRET are not set (or LIVEKIT_TOKEN)',
  );
  t.equal(
    await asked('wss://x.test', { env: { LIVEKIT_API_KEY: 'k' } }),
    'a URL needs credentials, and LIVEKIT_API_SECRET is not set',
  );
  t.equal(await asked('ftp://x.test'), 'the argument is not a URL like wss://livekit.example.com');
  t.equal(
    await complaint(loadFrom(t, undefined, { env: { ...credentials, LIVEKIT_URL: 'wss://k:not-to-be-shown@x.test' } })),
    'LIVEKIT_URL carries credentials: they belong in LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  );
  t.equal(
    await asked('wss://x.test/rtc?access_token=not-to-be-shown'),
    'the argument carries a query or a fragment, which mean nothing here',
  );
  t.notMatch(await asked('key:not-to-be-shown@x.test'), 'not-to-be-shown');
});
