/** Nothing secret is in any report of any recorded run; and the search sees what is. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SignalResponse } from '@livekit/protocol';
import { test } from 'tap';
import { loadRun } from '../../evidence/load.js';
import { choose } from '../../fixtures/lab/choose.js';
import { composeLab } from '../../fixtures/lab/compose.js';
import { configuredSecrets, overheardSecrets } from '../lab/known-secrets.js';
import { run, wrongAddress } from '../samples.js';
import { secretsIn } from '../secrets.js';
import { renderAll } from './render.js';
import { recordedRuns as folder } from './runs.js';

test('every recorded run can be reported in every format, and nothing secret is in it', async (t) => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const of = await loadRun(fileURLToPath(new URL(file, folder)), file);
    const cells = choose(file.replace(/\.json$/, '').replace('.', '/'), {}) ?? [];
    const secrets = new Set(cells.flatMap((cell) => configuredSecrets(composeLab(cell))));
    const texts = await renderAll(of);
    for (const [name, text] of Object.entries(texts)) {
      t.ok(text.length > 0 || name === 'github', `${file} as ${name}`);
    }
    t.same(secretsIn(Object.values(texts).join('\n'), [...secrets]), [], `nothing secret in ${file}`);
  }
});

test('a secret that slips into a run is seen in what is written of it', async (t) => {
  const secret = 'a-secret+that/nobody?may=see';
  const password = 'q3kXz0bWgk1sB7mPq2nVtE5r';
  const slips: Record<string, string> = {
    'as it is': `HTTP 401: ${secret}`,
    'in a URL': `wss://livekit.example.com/?key=${encodeURIComponent(secret)}`,
    'in base64': `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
    'a token': 'invalid token: eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e30',
    'a token in base64': `token ${Buffer.from('Bearer eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e30').toString('base64')}`,
    'an ICE password': `a=ice-pwd:${password}`,
  };
  for (const [how, message] of Object.entries(slips)) {
    const failure = { kind: 'no-join', message };
    const [first, ...others] = wrongAddress.observations;
    if (!first) throw new Error('there are observations');
    const leaky = run({ ...wrongAddress, observations: [{ ...first, state: 'failed', failure }, ...others] });
    const texts = await renderAll(leaky);
    const seenIn = Object.keys(texts).filter((name) => secretsIn(texts[name] ?? '', [secret]).length > 0);
    for (const name of ['json', 'ndjson', 'html', 'otlp', 'upload', 'console', 'progress']) {
      t.ok(seenIn.includes(name), `${how}, in ${name}`);
    }
  }
  t.same(secretsIn('what a=ice-pwd:[redacted] and [redacted] leave', [secret]), []);
});

test('what a lab and its signalling know as secret', (t) => {
  const lab = composeLab({ topology: 'external-turn', vantage: 'open', faults: ['turn-credentials-rejected'] });
  t.same(configuredSecrets(lab).sort(), [
    'a-secret-between-livekit-and-coturn-in-the-lab',
    'a-secret-of-the-cloud-lab-and-of-nothing-else',
    'a-secret-that-coturn-does-not-know',
  ]);
  const join = new SignalResponse({
    message: {
      case: 'join',
      value: { iceServers: [{ urls: ['turn:x'], username: 'u', credential: 'p4ss' }] } as never,
    },
  });
  const messages = [join.toBinary(), Buffer.from('v=0\r\na=ice-ufrag:x\r\na=ice-pwd:0123\r\n')];
  const lines = messages.map((message) => `${Buffer.from(message).toString('base64')}\n`).join('');
  t.same(overheardSecrets(lines), ['p4ss', '0123']);
  t.end();
});
