import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { exitCodeOf, exitCodes } from '../../cli/exit-code.js';
import { firstSentence, renderMarkdown } from '../../cli/markdown.js';
import { duration, list, more } from '../../cli/options.js';
import { bufferOutput, wantsColour } from '../../cli/output.js';
import { openReports, type ReportRequest } from '../../cli/reports.js';
import { writeAtomically } from '../../evidence/files.js';
import { healthy, run, wrongAddress } from '../samples.js';

test('the worst environment decides the exit code', async (t) => {
  const unsure = { ...healthy, verdict: 'inconclusive' as const };
  const warned = {
    ...healthy,
    findings: wrongAddress.findings.map((finding) => ({ ...finding, severity: 'warning' as const })),
  };
  t.equal(exitCodeOf(run(healthy), 'error'), 0);
  t.equal(exitCodeOf(run(healthy, unsure), 'error'), 3);
  t.equal(exitCodeOf(run(healthy, unsure, wrongAddress), 'error'), 1);
  t.equal(exitCodeOf(run(warned, unsure), 'error'), 3);
  t.equal(exitCodeOf(run(warned, unsure), 'warning'), 1);
  t.equal(exitCodeOf(run(), 'error'), 3, 'nothing was proven');
});

test('colours: FORCE_COLOR beats NO_COLOR beats the terminal', async (t) => {
  t.ok(wantsColour({}, true));
  t.notOk(wantsColour({}, false));
  t.notOk(wantsColour({ NO_COLOR: '1' }, true));
  t.ok(wantsColour({ NO_COLOR: '' }, true), 'an empty NO_COLOR says nothing');
  t.ok(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, false));
  t.notOk(wantsColour({ FORCE_COLOR: '0' }, true));
});

test('lists may have commas, be repeated, or both', async (t) => {
  t.same(list('turn-udp, tcp,', list('udp')), ['udp', 'turn-udp', 'tcp']);
  t.same(more('b', more('a')), ['a', 'b']);
});

test('a duration has units, and one that has none is told which', async (t) => {
  const known = {
    '90s': 90_000,
    '1m30s': 90_000,
    '500ms': 500,
    '1.5s': 1500,
    '1h1m1s1ms': 3_661_001,
    '24h': 86_400_000,
  };
  for (const [text, ms] of Object.entries(known)) t.equal(duration(text), ms, text);
  t.throws(() => duration('90'), /lacks a unit: 90s is seconds, 90m minutes/);
  for (const text of ['', 'soon', '-1s', '1s5m', '1e3s', '1 s'])
    t.throws(() => duration(text), /like 90s, 1m30s/, text);
  for (const text of ['0s', '0.4ms', '24h1ms']) t.throws(() => duration(text), /from 1ms to 24h/, text);
});

test('a file is replaced as a whole, and nothing is left beside it', async (t) => {
  const directory = t.testdir({ 'run.json': 'old' });
  await writeAtomically(join(directory, 'run.json'), 'new');
  t.equal(await readFile(join(directory, 'run.json'), 'utf8'), 'new');
  await t.rejects(writeAtomically(join(directory, 'missing', 'run.json'), 'x'), { code: 'ENOENT' });
  t.same(await readdir(directory), ['run.json']);
});

test('reports go where they were asked to go', async (t) => {
  const cwd = t.testdir({ folder: {} });
  const report = async (request: ReportRequest) => {
    const out = bufferOutput();
    const progress = bufferOutput();
    const { reporter, exitCode } = await openReports(request, [], { out, progress, cwd, env: {} });
    await reporter.onEnd(run(healthy));
    return { out: out.text(), progress: progress.text(), failed: exitCode(run(healthy), 'error') === exitCodes.usage };
  };
  const isRun = (text: string) => t.same(JSON.parse(text), run(healthy));

  t.match((await report({})).out, /^staging {2}wss/, 'the console, if nothing was asked for');
  t.equal((await report({ quiet: true })).out, '✓ pass  staging  in 2.3 s\n');
  t.match((await report({ verbose: true })).out, /\nevidence\n✓ dns:/);
  isRun((await report({ json: true })).out);
  const both = await report({ reporter: ['console=report.txt'], json: true, save: 'run.json' });
  isRun(both.out);
  isRun(await readFile(join(cwd, 'run.json'), 'utf8'));
  t.match(await readFile(join(cwd, 'report.txt'), 'utf8'), /^staging {2}wss/);
  const files = await report({ reporter: ['json=folder/other.json'] });
  t.match(files.out, /^staging/, 'something always goes to standard output');

  await t.rejects(report({ reporter: ['consle'] }), { name: 'ConfigurationError', message: /did you mean "console"/ });
  await t.rejects(report({ reporter: ['console'], json: true }), /standard output/);
  await t.rejects(report({ reporter: ['json=a', 'console=a'] }), /both go to a$/);
  await t.rejects(report({ reporter: ['json='] }), /file name after "="/);
  await t.rejects(report({ save: 'nowhere/run.json' }), /nowhere\/run\.json cannot be written: its directory does not/);
  await t.rejects(report({ save: 'folder' }), /folder cannot be written: it is a directory/);
});

test('our pages on a terminal: prose is filled, code and tables can be copied', async (t) => {
  const page = `# \`udp-filtered\`

<!-- not
shown -->
Packets to the **media port** are dropped, see [the guide](../guide.md) and [RFC 8445](https://example.org/rfc8445). It goes on.

- one \`key: value\` that is
  continued
- two

1. first

| key | value |
| --- | --- |
| \`rtc.udp_port\` | 7882 |

\`\`\`sh
nc -u -z  host 7882   # with **two** spaces

# no heading
\`\`\`
After it.
`;
  t.equal(
    renderMarkdown(page, { columns: 60, colour: false }),
    `udp-filtered

Packets to the media port are dropped, see the guide and
RFC 8445 (https://example.org/rfc8445). It goes on.

- one key: value that is continued
- two
1. first

key            value
rtc.udp_port   7882

    nc -u -z  host 7882   # with **two** spaces

    # no heading

After it.
`,
  );
  t.match(renderMarkdown(page, { columns: 60, colour: true }), '\u001b[1m');
  t.equal(
    firstSentence(page),
    'Packets to the media port are dropped, see the guide and RFC 8445 (https://example.org/rfc8445).',
  );
});
