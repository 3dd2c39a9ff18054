/** The command `wait` against real servers: that it ends, with which code, and that it leaves nothing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { type Called, cli, type Result, writeConfiguration } from './cli.js';

const noBrowser = { LIVEKIT_DOCTOR_BROWSER: '/nowhere/chromium' };

async function refused(t: Test, parameters: string[], message: RegExp, called: Called): Promise<void> {
  const { code, stdout, stderr } = await cli(['wait', ...parameters], called);
  t.equal(code, 2, parameters.join(' '));
  t.equal(stdout, '');
  t.match(stderr, message);
  t.notMatch(stderr, 'Waiting for', 'at once');
  t.notMatch(stderr, /^ +at /m, 'no stack trace');
}

function environmentOf({ stdout }: Result) {
  return (JSON.parse(stdout) as Run).environments[0];
}

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('what waiting cannot mend is refused at once', async (t) => {
    const cwd = t.testdir({
      'livekit-doctor.yaml': `environments: { staging: { url: "wss://x.test", auth: { apiKey: k, apiSecret: s } }, ready: { url: "wss://x.test", auth: { token: x } } }`,
    });
    const at = { cwd, env: noBrowser };
    await refused(t, ['stagin'], /did you mean "staging"/, at);
    await refused(t, ['staging', '--timeout', '90'], /lacks a unit: 90s is seconds/, at);
    await refused(t, ['staging', '--path', 'upd', '--depth', 'wire'], /no path "upd", did you mean "udp"/, at);
    await refused(t, ['staging', '--save', 'no/run.json', '--depth', 'wire'], /no\/run\.json cannot be written/, at);
    await refused(t, ['staging'], /LIVEKIT_DOCTOR_BROWSER names[\s\S]*--depth peer/, at);
    await refused(t, ['ready', '--depth', 'peer'], /ready has only a token.*--depth wire/, at);
    await refused(t, ['embedded'], /no deployment to wait for/, at);
    await refused(t, [], /no deployment to wait for/, { cwd: t.testdir(), env: noBrowser });
  });

  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());

  t.test('a deployment that works passes', async (t) => {
    const cwd = t.testdir();
    await writeConfiguration(cwd, embedded.environment);
    const result = await cli(['wait', 'own', '--depth', 'wire', '--timeout', '2m', '--json'], { cwd });
    t.equal(result.code, 0, result.stderr);
    t.match(environmentOf(result), {
      verdict: 'pass',
      asked: { depth: 'wire' },
      paths: { 'turn-tls': { reach: 'ok' } },
    });
    t.match(
      result.stderr,
      /^livekit-doctor \d.*\nWaiting for own {2}wss:\/\/livekit\.doctor\.test\/, at most 2 min 0 s\n/,
    );
    t.match(result.stderr, /\n\d+ s: works on the wire; once more, as a whole\n✓ \d+ s: passed\n/);
  });

  t.test('one that does not, ends at the time with its last verdict, the report and since when', async (t) => {
    const cwd = t.testdir();
    const missing = { ...embedded.environment, url: new URL('wss://missing.doctor.test') };
    await writeConfiguration(cwd, missing);
    const result = await cli(['wait', 'own', '--depth', 'wire', '--timeout', '3s', '--save', 'run.json'], { cwd });
    t.equal(result.code, 1, result.stderr);
    t.match(result.stdout, /✗ error {2}dns-name-missing[\s\S]*✗ fail {2}own/);
    const told = result.stderr.split('\n').filter((line) => line.includes('dns-name-missing'));
    t.equal(told.length, 2, result.stderr);
    t.match(told[0], /^\d+ s: The name `missing\.doctor\.test` does not exist/);
    t.match(told[1], /^✗ \d+ s: the time is over; since \d+ s: The name `missing\.doctor\.test` does not exist/);
    const judged = await cli(['diagnose', 'run.json'], { cwd });
    t.equal(judged.stdout, result.stdout, 'the same was saved');
  });

  t.test('Ctrl-C ends it without a report, and an older file stays as it was', async (t) => {
    const cwd = t.testdir();
    await writeConfiguration(cwd, { ...embedded.environment, url: new URL('wss://missing.doctor.test') });
    await writeFile(join(cwd, 'run.json'), 'older');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const result = await cli(['wait', 'own', '--depth', 'wire', '--save', 'run.json'], {
        cwd,
        onProgress: (text, kill) => void (text.includes('dns-name-missing') && kill(signal)),
      });
      t.equal(result.code, 130, result.stderr);
      t.equal(result.stdout, '');
      t.match(result.stderr, /Stopping… \(once more: at once\)\n$/);
    }
    const diagnosed = await cli(['diagnose', 'run.json'], { cwd });
    t.match(diagnosed.stderr, 'is not JSON', 'it is the older file');
  });
}
