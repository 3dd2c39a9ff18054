// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what it is about
/** `defaults`, `extends` and variables: what an environment comes to be made of. */
import t, { type Test } from 'tap';
import type { Environment } from '../../environment/environment.js';
import { readEnvironmentFile } from '../../environment/file.js';
import { complaint } from './complaint.js';

const credentials = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'not-to-be-shown' };

function read(t: Test, file: string, env: Record<string, string> = credentials) {
  const folder = t.testdir({ 'livekit-doctor.yaml': file });
  return readEnvironmentFile(`${folder}/livekit-doctor.yaml`, 'livekit-doctor.yaml', env);
}

async function resolve(t: Test, file: string, names: string[], env?: Record<string, string>): Promise<Environment[]> {
  return (await read(t, file, env)).resolve(names);
}

const refused = (t: Test, file: string, names: string[], env?: Record<string, string>) =>
  complaint(resolve(t, file, names, env));

const family = `defaults:
  auth: { apiKey: \${KEY:-everybody}, apiSecret: \${SECRET} }
  tls: { minDays: 14 }
  paths: { required: [udp, tcp, turn-tls] }
  budgets: { rttMs: 200, lossPercent: 1 }
environments:
  cloud:
    media: { udp: 7882, tcp: 7881 }
    budgets: { rttMs: 100 }
  staging:
    extends: cloud
    url: wss://staging.example.com
    media: { address: 203.0.113.30 }
    paths: { required: [udp] }
  production:
    extends: staging
    url: wss://example.com
    auth: { token: ready }
    media: { tcp: 443 }
`;

t.test('what is nearer wins: maps key by key, lists as a whole, and auth as a whole', async (t) => {
  const file = await read(t, family, { SECRET: 'not-to-be-shown' });
  t.same(file.names, ['staging', 'production'], 'what has no URL, and others extend, is nothing to check');
  t.same(file.bases, ['cloud']);
  const [staging, production] = await file.resolve(file.names);
  t.match(staging, {
    url: new URL('wss://staging.example.com'),
    auth: { apiKey: 'everybody', apiSecret: 'not-to-be-shown' },
    claims: {
      tls: { minDays: 14 },
      media: { address: '203.0.113.30', udp: '7882', tcp: 7881 },
      budgets: { rttMs: 100, lossPercent: 1 },
    },
  });
  t.same(staging?.claims.paths, { required: ['udp'] });
  t.same(production?.auth, { token: 'ready' });
  t.same(production?.claims.media, { address: '203.0.113.30', udp: '7882', tcp: 443 });
  t.same(production?.claims.paths, { required: ['udp'] });
});

t.test('only the variables that count in the end are needed, and it is said who needs them', async (t) => {
  t.equal((await resolve(t, family, ['production'], {})).length, 1, 'its own auth needs none');
  t.equal(
    await refused(t, family, ['staging', 'production'], {}),
    'livekit-doctor.yaml:2:49: variable SECRET is not set, and staging needs it',
  );
  const two = 'defaults: { url: "ws://${HOST}" }\nenvironments: { a: {}, b: {} }\n';
  t.equal(await refused(t, two, ['a', 'b']), 'livekit-doctor.yaml:1:24: variable HOST is not set, and a and b need it');
});

t.test('a mistake in what is inherited is told once, where it stands', async (t) => {
  const file = (rest: string) => `defaults:\n  url: ws://a.test\n${rest}environments:\n  a: {}\n  b: { extends: a }\n`;
  const both = ['a', 'b'];
  t.equal(
    await refused(t, file('  media: { tcp: "http" }\n'), both),
    'livekit-doctor.yaml:3:17: media.tcp: expected a port (1 to 65535), found "http"',
  );
  t.match(
    await refused(t, file('  tsl: { minDays: 3 }\n'), both),
    /^livekit-doctor.yaml:3:3: unknown key "tsl" in defaults, did you mean "tls"\? [^\n]*$/,
  );
  t.equal(
    await refused(t, file('  tls: { ca: none.pem }\n'), both),
    'livekit-doctor.yaml:3:14: tls.ca: none.pem: there is no such file',
  );
  t.equal(
    await refused(t, file('  agent: { publishes: true }\n'), both),
    'livekit-doctor.yaml:3:3: missing key "name" in agent: expected a text that is not empty',
  );
  t.equal(
    await refused(t, file('  extends: a\n'), both),
    'livekit-doctor.yaml:3:12: defaults.extends: expected nothing, as every environment has defaults below all else, found "a"',
  );
  t.equal(
    await refused(t, 'defaults: [a]\nenvironments: { a: {} }\n', both),
    'livekit-doctor.yaml:1:11: defaults: expected a map, found a list',
  );
});

t.test('what is extended must be there, and end', async (t) => {
  const file =
    'environments:\n  c: { extends: b }\n  b:\n    extends: a\n  a: { extends: c }\n  staging: { extends: prodution }\n  production: { url: ws://a.test }\n';
  t.equal(
    await refused(t, file, ['staging']),
    'livekit-doctor.yaml:6:23: extends: there is no environment "prodution", did you mean "production"? there are: c, b, a, staging, production',
  );
  for (const names of [['a'], ['b', 'c'], ['a', 'b', 'c']]) {
    t.equal(
      await refused(t, file, names),
      'livekit-doctor.yaml:2:17: extends: goes round in a circle: c → b → a → c',
      names.join(),
    );
  }
  t.equal(
    await refused(t, 'environments: { a: { extends: a } }', ['a']),
    'livekit-doctor.yaml:1:31: extends: goes round in a circle: a → a',
  );
  t.equal(
    await refused(t, 'environments: { a: { url: ws://a.test, extends: [b] }, b: {} }', ['a']),
    'livekit-doctor.yaml:1:49: extends: expected the name of another environment, found a list',
  );
  t.equal(
    await refused(t, family, ['cloud'], { SECRET: 'x' }),
    'livekit-doctor.yaml:7:3: missing key "url" in cloud: expected a URL like wss://livekit.example.com, without credentials, query and fragment',
  );
});

t.test('a default stands in for a variable that is unset or empty', async (t) => {
  const port = (value: string) => `environments: { a: { url: ws://a.test, media: { tcp: ${value} } } }`;
  const tcp = async (value: string, env = {}) =>
    (await resolve(t, port(value), ['a'], { ...credentials, ...env }))[0]?.claims.media?.tcp;
  t.equal(await tcp('${PORT:-7881}'), 7881);
  t.equal(await tcp('${PORT:-7881}', { PORT: '' }), 7881);
  t.equal(await tcp('${PORT:-7881}', { PORT: '443' }), 443);
  t.equal(await tcp('${PORT:-78}${LAST:-81}'), 7881);
  t.equal(
    await refused(t, port('${PORT:-http}'), ['a']),
    'livekit-doctor.yaml:1:54: media.tcp: expected a port (1 to 65535), found "http"',
    'it stands in the file, and may be shown',
  );
  t.equal(
    await refused(t, port('${PORT:-${OTHER}}'), ['a']),
    'livekit-doctor.yaml:1:55: "${" opens a variable, expected "}" on the same line and no braces between; as text it is written "$${"',
  );
});

t.test('text is kept as it is, in whatever way it is written', async (t) => {
  const token = async (value: string, env: Record<string, string> = {}) => {
    const [found] = await resolve(
      t,
      `environments: { a: { url: ws://a.test, auth: { token: ${value} } } }`,
      ['a'],
      env,
    );
    return found && 'token' in found.auth ? found.auth.token : undefined;
  };
  t.equal(await token('"$${NOT}"'), '${NOT}');
  t.equal(await token('$${NOT}'), '${NOT}');
  t.equal(await token('"a $$ $x $ {b} $"'), 'a $$ $x $ {b} $');
  t.equal(await token('"$${"'), '${');
  t.equal(await token('${A}', { A: '${B} $${C}' }), '${B} $${C}', 'what a variable holds is not looked at again');
  t.equal(await token('${A:-a, b: "c" # [d] \'e\' &f *g \\n}'), 'a, b: "c" # [d] \'e\' &f *g \\n');
  t.equal(await token('${A:-}-${B:-}', {}), '-');
  t.equal(await token('${A}', { A: '\ue141' }), '\ue141');
});
