/** A deployment that comes up piece by piece while `wait` waits for it: what it tells, when it ends, and how. */
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { Run } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import type { Executed } from '../../fixtures/lab/inside.js';
import { openSandbox, type Sandbox } from '../../fixtures/lab/sandbox.js';
import { type Stage, stages } from '../../fixtures/lab/stages.js';

const livekitServer = await requireLivekitServer();
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const storyFile = '/run/lab/story';

/** What is told while a piece is missing. */
const reasons: Record<Stage, RegExp> = {
  names: /\(dns-name-missing/,
  certificate: /\(tls-default-certificate/,
  server: /\(ingress-backend-down/,
  media: /\((media-address-silent|udp-filtered)/,
};
/**
 * From the last piece on. It takes 2 s where nothing else keeps the machine busy, and 2 s more for two browsers. Here other
 * tests run beside on two cores, so that every part of it may take several times as long.
 */
const mostMs = { peer: 10_000, media: 20_000 };

/** Starts `wait` at the vantage; its story goes into a file. */
function startWait(sandbox: Sandbox, depth: keyof typeof mostMs): Promise<Executed> {
  const wait = [process.execPath, main, 'wait', '--depth', depth, '--timeout', '3m', '--json', '--config'];
  return sandbox.order({
    do: 'exec-at-vantage',
    command: ['sh', '-c', `exec "$@" 2>${storyFile}`, 'wait', ...wait],
  });
}

async function told(sandbox: Sandbox): Promise<string> {
  return (await sandbox.order({ do: 'exec', host: 'client', command: ['cat', storyFile] })).output;
}

async function comesUp(t: Test, sandbox: Sandbox, depth: keyof typeof mostMs): Promise<void> {
  const waiting = startWait(sandbox, depth);
  let ended = false;
  void waiting.finally(() => {
    ended = true;
  });
  for (const stage of stages) {
    while (!ended && !reasons[stage].test(await told(sandbox))) await new Promise((resolve) => setTimeout(resolve, 50));
    await sandbox.order({ do: 'bring-up', stage });
  }
  const upMs = performance.now();
  const { code, output } = await waiting;
  const tookMs = performance.now() - upMs;

  const story = await told(sandbox);
  t.comment(`it ended ${Math.round(tookMs)} ms after the last piece, at the depth ${depth}, having told:`);
  for (const line of story.trimEnd().split('\n')) t.comment(line);
  t.equal(code, 0, 'it ends with 0');
  t.ok(tookMs < mostMs[depth], `and soon: ${Math.round(tookMs)} ms`);
  const lines = story.split('\n');
  const places = stages.map((stage) => lines.findIndex((line) => reasons[stage].test(line)));
  t.same(
    places,
    [...places].sort((a, b) => a - b),
    'the reasons are told in the order of the pieces',
  );
  t.match(story, /^✓ \d+ s: passed$/m);
  const { environments, tool } = JSON.parse(output) as Run;
  t.equal(tool.name, 'livekit-doctor');
  t.match(environments, [{ verdict: 'pass', asked: { depth }, paths: { udp: { reach: 'ok', peer: 'ok' } } }]);
  t.notOk(environments[0]?.asked.zoneFirst, 'by a check as everybody makes it');
}

for (const depth of ['peer', 'media'] as const) {
  t.test(`names, certificate, server and media come one after the other, up to ${depth}`, async (t) => {
    const sandbox = await openSandbox({
      topology: 'cloud-kubernetes',
      vantage: 'open',
      faults: [],
      staged: true,
      livekitServer,
    });
    try {
      await comesUp(t, sandbox, depth);
    } finally {
      await sandbox.close();
    }
  });
}
