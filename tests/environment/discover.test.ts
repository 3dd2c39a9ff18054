/** Which file is read, and LiveKit's own projects. */
import { chownSync } from 'node:fs';
import t from 'tap';
import { type LoadRequest, loadEnvironments } from '../../environment/load.js';
import { makeCertificate } from '../../fixtures/certificates.js';
import { complaint } from './complaint.js';

const credentials = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'not-to-be-shown' };

function load(request: Partial<LoadRequest>) {
  const told: string[] = [];
  const whole = { arguments: [], cwd: '/', env: credentials, onFile: ({ shown = '' }) => void told.push(shown) };
  return { found: loadEnvironments({ ...whole, ...request }), told };
}

t.test('the first file upwards is read, and its own files beside it', async (t) => {
  const { certificate } = await makeCertificate({ ca: true });
  const folder = t.testdir({
    'livekit-doctor.yaml': 'environments: { top: { url: ws://top.test } }',
    work: {
      'livekit-doctor.yaml': 'environments: { work: { url: wss://work.test, tls: { ca: ca.pem } } }',
      'ca.pem': certificate,
      deep: { deeper: {} },
    },
    'other.yaml': 'environments: { other: { url: ws://other.test } }',
  });
  const deep = load({ cwd: `${folder}/work/deep/deeper` });
  t.match(await deep.found, [{ name: 'work', ca: certificate }]);
  t.same(deep.told, ['../../livekit-doctor.yaml']);

  const here = load({ cwd: `${folder}/work` });
  t.match(await here.found, [{ name: 'work' }]);
  t.same(here.told, ['livekit-doctor.yaml']);

  const given = load({ cwd: `${folder}/work`, config: '../other.yaml' });
  t.match(await given.found, [{ name: 'other' }]);
  t.same(given.told, ['../other.yaml']);

  const url = load({ cwd: `${folder}/work`, arguments: ['wss://x.test'] });
  await url.found;
  t.same(url.told, [], 'a URL needs none');
  t.equal(
    await complaint(load({ cwd: `${folder}/work/deep`, arguments: ['wrok'] }).found),
    'no environment "wrok" in ../livekit-doctor.yaml, did you mean "work"? there are: work, embedded',
  );
});

t.test("somebody else's file in a folder above is not trusted", async (t) => {
  const folder = t.testdir({ 'livekit-doctor.yaml': 'environments: { a: { url: ws://a.test } }', mine: {} });
  try {
    chownSync(`${folder}/livekit-doctor.yaml`, 54321, 54321);
  } catch {
    t.comment('only root can give a file away');
    return;
  }
  t.equal(
    await complaint(load({ cwd: `${folder}/mine` }).found),
    '../livekit-doctor.yaml belongs to another user, and is only read if you say so: --config ../livekit-doctor.yaml',
  );
  t.match(await load({ cwd: `${folder}/mine`, config: '../livekit-doctor.yaml' }).found, [{ name: 'a' }]);
  chownSync(`${folder}/mine`, 54321, 54321);
  t.match(await load({ cwd: `${folder}/mine` }).found, [{ name: 'a' }], 'a folder of theirs that was mounted here');
});

/** As `lk project add` writes it. */
const projects = `default_project: staging
projects:
    - name: staging
      project_id: ""
      url: https://staging.example.com
      api_key: APIstaging
      api_secret: not-to-be-shown
    - name: production
      project_id: p_123
      url: wss://example.com
      api_key: "12345"
      api_secret: 67890123
    - name: half
      url: wss://half.example.com
      api_key: APIhalf
      api_secret: ""
device_name: laptop
theme: ""
`;

t.test("a project of LiveKit's own command line", async (t) => {
  const HOME = t.testdir({
    '.livekit': { 'cli-config.yaml': projects },
    'livekit-doctor.yaml': `defaults: { auth: { apiKey: k, apiSecret: s } }
environments:
  a: { auth: { project: production }, media: { tcp: 7881 } }
  b: { url: ws://b.test, auth: { project: staging } }
  c: { auth: { project: stagin } }
`,
  });
  const env = { HOME };
  t.match(await load({ projects: ['staging', 'production', 'staging'], env }).found, [
    {
      name: 'staging',
      url: new URL('wss://staging.example.com'),
      auth: { apiKey: 'APIstaging', apiSecret: 'not-to-be-shown' },
    },
    { name: 'production', auth: { apiKey: '12345', apiSecret: '67890123' } },
  ]);
  const [a, b] = await load({ arguments: ['a', 'b'], cwd: HOME, env }).found;
  t.match(a, { url: new URL('wss://example.com'), auth: { apiKey: '12345' }, claims: { media: { tcp: 7881 } } });
  t.match(b, { url: new URL('ws://b.test'), auth: { apiKey: 'APIstaging' } });
  t.equal(
    await complaint(load({ arguments: ['c'], cwd: HOME, env }).found),
    'livekit-doctor.yaml:5:25: there is no project "stagin" in ~/.livekit/cli-config.yaml, did you mean "staging"? ' +
      'there are: staging, production, half',
  );
  const refused = (project: string, env = { HOME }) => complaint(load({ projects: [project], env }).found);
  t.equal(await refused('half'), 'the project "half" in ~/.livekit/cli-config.yaml has no api_secret');
  t.match(await refused('prod'), /^there is no project "prod" in ~\/\.livekit\/cli-config\.yaml; there are: staging, /);
  t.match(
    await refused('x', { HOME: '/nowhere' }),
    /cli-config\.yaml: there is no such file; "lk project add" makes it/,
  );
});

t.test("a file of LiveKit's own that is broken is not repeated", async (t) => {
  const refused = (file: string) => {
    const HOME = t.testdir({ '.livekit': { 'cli-config.yaml': file } });
    return complaint(load({ projects: ['x'], env: { HOME } }).found);
  };
  const shown = '~/.livekit/cli-config.yaml';
  t.equal(await refused('projects:\n  - "not-to-be-shown\n'), `${shown}:3:1: is not YAML`);
  t.equal(await refused('projects: not-to-be-shown\n'), `${shown}: expected a list of projects under "projects"`);
  for (const empty of ['', 'projects: []\n', 'projects: null\n', 'default_project: ""\n'])
    t.equal(await refused(empty), `there is no project "x" in ${shown}; "lk project add" adds one`);
  t.equal(
    await refused('projects: [{ name: x, url: "wss://k:not-to-be-shown@x.test", api_key: k, api_secret: s }]\n'),
    `the project "x" in ${shown}: its url carries credentials: they belong in LIVEKIT_API_KEY and LIVEKIT_API_SECRET`,
  );
});
