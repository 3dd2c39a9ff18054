/** `config`: what an environment comes to be made of, where from, and without its secrets. */
import { readFile } from 'node:fs/promises';
import { test } from 'tap';
import { parse } from 'yaml';
import { cli } from './cli.js';

const file = `defaults:
  auth:
    apiKey: \${LIVEKIT_API_KEY}
    apiSecret: \${LIVEKIT_API_SECRET}
  paths: { required: [udp, tcp] }
environments:
  staging:
    url: wss://livekit.\${DOMAIN:-staging.example.com}
    media: { udp: 7882, tcp: "\${TCP_PORT}" }
    agent: { name: copilot }
  production:
    extends: staging
    url: wss://livekit.example.com
    auth:
      tokenEndpoint: https://app.example.com/token?code=sesame-code
      headers: { Authorization: Bearer sesame-session, Accept: text/plain, X-Short: \${SHORT} }
    dns: { resolvers: ["\${RESOLVER}", 9.9.9.9] }
  ready: { url: wss://x.test/sesame-secret, auth: { token: sesame-token } }
`;
const env = {
  LIVEKIT_API_KEY: 'APIkey',
  LIVEKIT_API_SECRET: 'sesame-secret',
  TCP_PORT: '7881',
  SHORT: 'abc',
  RESOLVER: '1.1.1.1',
};

test('each value stands beside its line and where it comes from, and secrets are masked', async (t) => {
  const cwd = t.testdir({ 'livekit-doctor.yaml': file, below: {} });
  const { code, stdout, stderr } = await cli(['config'], { cwd: `${cwd}/below`, env });
  t.equal(code, 0, stderr);
  t.equal(stderr, 'Reading ../livekit-doctor.yaml\n');
  t.notMatch(stdout + stderr, 'sesame');
  t.same(stdout.split('\n').slice(0, 22), [
    '# Lines are those of ../livekit-doctor.yaml.',
    '',
    'environments:',
    '  staging:',
    '    url: wss://livekit.staging.example.com # line 8, default of DOMAIN',
    '    auth:',
    '      apiKey: APIkey # line 3 (defaults), variable LIVEKIT_API_KEY',
    '      apiSecret: (masked) # line 4 (defaults), variable LIVEKIT_API_SECRET',
    '    media:',
    '      udp: 7882 # line 9',
    '      tcp: 7881 # line 9, variable TCP_PORT',
    '    paths:',
    '      required: [udp, tcp] # line 5 (defaults)',
    '    browsers: [chromium] # default',
    '    agent:',
    '      name: copilot # line 10',
    '      joinWithin: 10s # default',
    '      publishes: false # default',
    '  production:',
    '    extends: staging # line 12',
    '    url: wss://livekit.example.com # line 13',
    '    auth:',
  ]);
  const { production, ready } = parse(stdout).environments;
  t.match(production, {
    auth: {
      tokenEndpoint: 'https://app.example.com/token?(masked)',
      headers: { Authorization: '(masked)', Accept: 'text/plain', 'X-Short': '(masked)' },
    },
    dns: { resolvers: ['1.1.1.1', '9.9.9.9'] },
    media: { udp: 7882, tcp: 7881 },
  });
  t.notOk('apiKey' in production.auth, 'auth is one thing');
  t.equal(ready.url, 'wss://x.test/[redacted]', 'a secret is masked wherever else it stands');
});

test('as JSON, for programs', async (t) => {
  const cwd = t.testdir({ 'livekit-doctor.yaml': file });
  const { code, stdout } = await cli(['config', 'production', 'embedded', '--json'], { cwd, env });
  t.equal(code, 0);
  t.notMatch(stdout, 'sesame');
  t.match(JSON.parse(stdout), {
    file: 'livekit-doctor.yaml',
    environments: [
      {
        name: 'production',
        values: { media: { tcp: 7881 } },
        from: {
          'media.tcp': 'line 9 (staging), variable TCP_PORT',
          'dns.resolvers': 'line 17, variable RESOLVER',
          'agent.joinWithin': 'default',
        },
        masked: ['auth.tokenEndpoint', 'auth.headers.Authorization', 'auth.headers.X-Short'],
      },
      { name: 'embedded' },
    ],
  });
});

test('what comes from elsewhere than a file', async (t) => {
  const HOME = t.testdir({
    '.livekit': {
      'cli-config.yaml':
        'projects: [{ name: here, url: wss://here.test, api_key: APIhere, api_secret: sesame-project }]\n',
    },
    'livekit-doctor.yaml': 'environments: { mine: { auth: { project: here } } }\n',
    elsewhere: { 'livekit-doctor.yaml': 'environments: { bare: { url: ws://bare.test } }\n' },
  });
  const given = async (parameters: string[], more: { cwd?: string; env?: object } = {}) => {
    const { code, stdout, stderr } = await cli(['config', ...parameters, '--json'], {
      cwd: HOME,
      ...more,
      env: { ...env, HOME, ...more.env },
    });
    t.equal(code, 0, stderr);
    t.notMatch(stdout + stderr, 'sesame');
    return JSON.parse(stdout).environments[0];
  };
  const project = 'project here in ~/.livekit/cli-config.yaml';
  const ofProject = { url: project, 'auth.apiKey': project, 'auth.apiSecret': project };
  t.match(await given([]), { name: 'mine', from: { ...ofProject, 'auth.project': 'line 1' } });
  t.match(await given(['--project', 'here']), {
    name: 'here',
    values: { url: 'wss://here.test/', auth: { apiKey: 'APIhere', apiSecret: '(masked)' } },
    from: ofProject,
  });
  const ofVariables = { 'auth.apiKey': 'variable LIVEKIT_API_KEY', 'auth.apiSecret': 'variable LIVEKIT_API_SECRET' };
  t.match(await given(['bare'], { cwd: `${HOME}/elsewhere` }), { from: { url: 'line 1', ...ofVariables } });
  t.match(await given(['wss://url.test']), { from: { url: 'argument', ...ofVariables } });
  const nowhere = { cwd: '/', env: { LIVEKIT_URL: 'wss://variable.test' } };
  t.match(await given([], nowhere), { from: { url: 'variable LIVEKIT_URL', ...ofVariables } });
});

test('a bad file is refused as it is by check', async (t) => {
  const cwd = t.testdir({ 'livekit-doctor.yaml': file });
  const config = await cli(['config'], { cwd, env: { ...env, TCP_PORT: undefined } });
  t.equal(config.code, 2);
  t.equal(config.stdout, '');
  t.equal(
    config.stderr,
    'livekit-doctor: livekit-doctor.yaml:9:31: variable TCP_PORT is not set, and staging and production need it\n',
  );
});

test('the JSON Schema is the one that is shipped', async (t) => {
  const { stdout } = await cli(['config', '--schema']);
  t.equal(stdout, await readFile(new URL('../../environment/livekit-doctor.schema.json', import.meta.url), 'utf8'));
});
