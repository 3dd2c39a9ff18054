import pc from 'picocolors';
import { test } from 'tap';
import { json } from '../../reporters/json.js';
import { multiplex } from '../../reporters/multiplex.js';
import { ndjson } from '../../reporters/ndjson.js';
import { progress } from '../../reporters/progress.js';
import type { Output } from '../../reporters/reporter.js';
import { renderStages, type Stages, stageOf } from '../../reporters/stages.js';
import { healthy, run, wrongAddress } from '../samples.js';

function output(isTTY = false): Output & { text: string } {
  return {
    text: '',
    isTTY,
    columns: 80,
    colour: false,
    write(more) {
      this.text += more;
    },
  };
}

test('one line for each stage, in the order in which they began', async (t) => {
  const stages: Stages = new Map();
  const lines = (columns = 80) => renderStages(stages, 1500, columns, pc.createColors(false));
  stageOf(stages, 'dns').looking.set('dns:livekit.example.com', 1488);
  stageOf(stages, 'ice-udp').looking.set('ice-udp:10.0.0.5:7882', 1000);
  stageOf(stages, 'ice-tcp').looking.set('ice-tcp:10.0.0.5:7881', 1000);
  stageOf(stages, 'added-later').looking.set('added-later', 500);
  t.same(lines(), [
    '… names       dns:livekit.example.com  12 ms',
    '… ICE         ice-udp:10.0.0.5:7882 and 1 more  500 ms',
    '… added-lat…  added-later  1.0 s',
  ]);
  stages.clear();
  for (const observation of wrongAddress.observations) stageOf(stages, observation.probe).seen.push(observation);
  t.same(lines(), [
    '✓ names       12 ms  dns:livekit.example.com: 203.0.113.10',
    '✓ TLS         12 ms  tls:livekit.example.com:443: TLSv1.3',
    '✓ signalling  12 ms  signal: livekit-server 1.13.5',
    '✗ ICE         ice-udp:10.0.0.5:7882: No answer to 14 checks.',
    '– peer        peer:udp: waited for ice-udp',
    '– media       media:tcp: No browser was found.',
  ]);
  t.same(lines(40).at(3), '✗ ICE         ice-udp:10.0.0.5:7882: No…');
});

test('off a terminal: one plain line for each observation that matters', async (t) => {
  const out = output();
  const reporter = progress({ progress: out });
  reporter.onStart?.([{ name: 'production', url: 'wss://livekit.example.com/' }]);
  for (const observation of wrongAddress.observations) reporter.onObservation?.('production', observation);
  const unsupported = wrongAddress.observations.at(-1);
  if (unsupported) reporter.onObservation?.('production', { ...unsupported, id: 'media:turn-tls' });
  t.equal(
    out.text,
    `Checking production  wss://livekit.example.com/
✓ dns:livekit.example.com: 203.0.113.10 (12 ms)
✓ tls:livekit.example.com:443: TLSv1.3 (12 ms)
✓ signal: livekit-server 1.13.5 (12 ms)
✗ ice-udp:10.0.0.5:7882: No answer to 14 checks. (2.9 s)
✓ ice-udp:203.0.113.30:7882: answered in 1.5 ms (12 ms)
✓ ice-tcp:203.0.113.30:7881: answered in 2.1 ms (12 ms)
– media:tcp: No browser was found. (12 ms)
`,
  );
  const before = out.text;
  reporter.stop();
  reporter.onObservation?.('production', healthy.observations[0] as never);
  t.equal(out.text, before, 'nothing after it was stopped');
});

test('what is checked again stands below what was seen first, by itself', async (t) => {
  const [plain, terminal, file] = [output(), output(true), output()];
  const reporters = [progress({ progress: plain }), progress({ progress: terminal })];
  const all = multiplex(
    [...reporters, ndjson({ out: file, progress: output(), env: {} })].map((reporter, i) => ({
      name: `${i}`,
      reporter,
    })),
    (_, error) => t.fail(String(error)),
  );
  all.onStart([{ name: 'production', url: 'wss://livekit.example.com/' }]);
  for (const observation of wrongAddress.observations) all.onObservation('production', observation);
  all.onRepeat(wrongAddress);
  const ice = healthy.observations.find(({ probe }) => probe === 'ice-udp');
  all.onObservation('production', ice as never);
  await all.onEnd(run(wrongAddress));
  for (const { text } of [plain, terminal]) {
    const [first = '', second = ''] = text.split('✗ fail: checked again at once\n');
    t.match(first, 'No answer to 14 checks.');
    t.match(second, '203.0.113.30:7882');
    t.notMatch(second, 'No answer to 14 checks.', 'of the second run alone');
  }
  t.notMatch(terminal.text.split('again at once\n')[1], '\u001b[2A', 'nothing of the first is overwritten');
  const events = file.text.trimEnd().split('\n');
  t.match(JSON.parse(events.at(-3) ?? ''), { event: 'repeat', environment: { name: 'production', verdict: 'fail' } });
});

test('with several environments each line says whose it is', async (t) => {
  const out = output();
  const reporter = progress({ progress: out });
  reporter.onStart?.([healthy, wrongAddress]);
  reporter.onObservation?.('staging', healthy.observations[0] as never);
  reporter.onEnvironment?.(wrongAddress);
  t.equal(
    out.text,
    `Checking staging  wss://livekit.example.com/
Checking production  wss://livekit.example.com/
staging  ✓ dns:livekit.example.com: 203.0.113.10 (12 ms)
production  ✗ fail in 2.3 s
`,
  );
});

test('on a terminal the lines are rewritten in place', async (t) => {
  const out = output(true);
  const reporter = progress({ progress: out });
  reporter.onStart?.([healthy]);
  for (const observation of healthy.observations) reporter.onObservation?.('staging', observation);
  await reporter.onEnd?.(run(healthy));
  t.match(out.text, /✓ ICE .*ice-udp:203\.0\.113\.30:7882: answered in 1\.5 ms; ice-tcp/);
  t.match(out.text, /✓ media .*first frames after 812 ms/);

  const twice = output(true);
  const again = progress({ progress: twice });
  again.onStart?.([healthy]);
  again.onTarget?.('staging', 'dns', 'dns:livekit.example.com');
  while (!twice.text.includes('\u001b[1A')) await new Promise((resolve) => setTimeout(resolve, 10));
  again.stop();
  t.match(twice.text.split('\u001b[1A').at(-1), '… names');
});

/** As a terminal of so many rows shows it: lines that have left it at the top cannot be reached any more. */
function screen(text: string, rows: number): { shown: string[]; whole: string[] } {
  const whole = [''];
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about
  for (const [part, up, erase, character] of text.matchAll(/\u001b\[(\d+)A|\u001b\[(2K|J)|([\s\S])/gu)) {
    if (up) at = Math.max(at - Number(up), whole.length - rows, 0);
    else if (erase === '2K') whole[at] = '';
    else if (erase === 'J') whole.splice(at, whole.length, '');
    else if (character === '\n') {
      at += 1;
      whole[at] ??= '';
    } else whole[at] = (whole[at] ?? '') + (part ?? '');
  }
  return { shown: whole.slice(-rows), whole };
}

test('50 environments on a terminal of 24 lines: counts, what has trouble, what is slowest', async (t) => {
  const out = { ...output(true), rows: 24 };
  const reporter = progress({ progress: out });
  const redrawn = async (): Promise<void> => {
    const before = out.text.length;
    while (out.text.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const all = Array.from({ length: 50 }, (_, i) => ({
    ...healthy,
    name: `region-${i}`,
    url: `wss://${i}.example.com/`,
  }));
  reporter.onStart?.(all);
  for (const { name } of all.slice(0, 40)) reporter.onTarget?.(name, 'ice-udp', 'ice-udp:203.0.113.30:7882');
  await redrawn();
  for (const one of all.slice(0, 10)) reporter.onEnvironment?.(one);
  reporter.onEnvironment?.({ ...wrongAddress, name: 'region-33' });
  reporter.onEnvironment?.({ ...wrongAddress, name: 'region-34', verdict: 'inconclusive' });
  const failed = wrongAddress.observations.find(({ state }) => state === 'failed');
  reporter.onObservation?.('region-20', failed as never);
  await redrawn();
  const { shown, whole } = screen(out.text, 24);
  t.equal(whole[0], 'Checking 50 environments');
  t.equal(whole.length, 25, 'nothing was left behind');
  t.match(shown[0], /^✗ 1 fail {2}\? 1 inconclusive {2}✓ 10 pass {2}… 28 under way {2}10 to come {2}\d+ ms$/);
  t.match(shown.slice(1, 5), [
    '✗ region-33  fail in 2.3 s',
    '? region-34  inconclusive in 2.3 s',
    /^… region-20 {2}ICE {2}.* ✗ ice-udp:10\.0\.0\.5:7882: No answer to/,
    /^… region-10 {2}ICE {2}\d+ ms$/,
  ]);
  t.equal(shown.at(-2), '  and 19 more');
  t.same(
    shown.filter((line) => [...line].length > 79),
    [],
  );

  // What becomes less is taken away again.
  for (const one of all) reporter.onEnvironment?.(one);
  await reporter.onEnd?.(run(...all));
  const ended = screen(out.text, 24);
  t.match(ended.whole.slice(0, 2), ['Checking 50 environments', /^✓ 50 pass {2}/]);
  t.same(ended.whole.slice(2).join(''), '');
});

test('as many as fit have a line each', async (t) => {
  const out = { ...output(true), rows: 24 };
  const reporter = progress({ progress: out });
  reporter.onStart?.([healthy, wrongAddress]);
  reporter.onEnvironment?.(healthy);
  await reporter.onEnd?.(run(healthy, wrongAddress));
  t.match(out.text, 'Checking staging  wss://livekit.example.com/\nChecking production');
  t.match(screen(out.text, 24).whole.slice(2, 4), ['✓ staging  pass in 2.3 s', /^… production/]);
});

test('what one reporter throws reaches neither the others nor the run', async (t) => {
  const written = output();
  const errors: string[] = [];
  const both = multiplex(
    [
      {
        name: 'broken',
        reporter: {
          onObservation: () => {
            throw new Error('first');
          },
          onEnd: async () => {
            throw new Error('second');
          },
        },
      },
      { name: 'json', reporter: json({ out: written, progress: output(), env: {} }) },
    ],
    (name, error) => errors.push(`${name}: ${(error as Error).message}`),
  );
  both.onObservation('staging', healthy.observations[0] as never);
  await both.onEnd(run(healthy));
  t.same(errors, ['broken: first'], 'said once');
  t.same(JSON.parse(written.text), run(healthy));
});
