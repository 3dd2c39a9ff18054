/** `merge` of runs that three vantages of the lab made at the same time: exit codes, warnings, and what reads the result. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import type { Run } from '../../evidence/run.js';
import { cli } from './cli.js';

const recorded = fileURLToPath(new URL('../../fixtures/runs/vantages/', import.meta.url));
const files = ['inside.json', 'open.json', 'udp-blocked.json'].map((name) => join(recorded, name));

test('the deployment is at fault by the vantages that could judge it', async (t) => {
  const { code, stdout, stderr } = await cli(['merge', ...files]);
  t.equal(code, 1);
  t.equal(stderr, '', 'nothing to warn of');
  t.match(stdout, /^✗ error {2}udp-filtered\n[\s\S]*Seen from open;/m);
  t.match(stdout, /From 1 of 3 vantages \(udp-blocked\), and not the deployment's fault/);
  t.equal((await cli(['merge', recorded, '--quorum', '2'])).code, 3, 'one is too few');
});

test('what is at fault at a vantage fails nothing, by warnings neither', async (t) => {
  const [inside = '', open = ''] = files;
  const cwd = t.testdir();
  const healthy = JSON.parse(await readFile(open, 'utf8')) as Run;
  const [environment] = healthy.environments;
  // As it would be without the firewall.
  for (const one of environment?.observations ?? []) {
    if (one.probe !== 'ice-udp') continue;
    one.state = 'ok';
    delete one.failure;
    Object.assign(one.facts, { received: 1, rttMs: 1, mapped: '192.0.2.130:40000' });
  }
  await writeFile(join(cwd, 'open.json'), JSON.stringify(healthy));
  const { code, stdout } = await cli(['merge', inside, 'open.json', '--fail-on', 'warning', '--json'], { cwd });
  const run = JSON.parse(stdout) as Run;
  t.match(run.environments[0]?.findings[0], {
    code: 'hairpin-missing',
    severity: 'warning',
    seenFrom: { blames: 'vantage', because: 'hairpin' },
  });
  t.equal(run.environments[0]?.verdict, 'pass');
  t.equal(code, 0);
});

test('a merged run is read by all that reads runs, and comes out the same again', async (t) => {
  const cwd = t.testdir();
  await cli(['merge', recorded, '--save', 'merged.json', '--quiet'], { cwd });
  const saved = JSON.parse(await readFile(join(cwd, 'merged.json'), 'utf8')) as Run;
  const diagnosed = await cli(['diagnose', 'merged.json', '--json'], { cwd });
  t.equal(diagnosed.code, 1);
  t.same(JSON.parse(diagnosed.stdout), saved);
  const again = await cli(['merge', 'merged.json', '--json'], { cwd });
  t.same(JSON.parse(again.stdout), saved);
  const report = await cli(['report', 'merged.json', '--reporter', 'markdown'], { cwd });
  t.equal(report.code, 0);
  t.match(report.stdout, /\| vantage \| alone \|/);
  const same = await cli(['diff', 'merged.json', 'merged.json', '--exit-code'], { cwd });
  t.equal(same.code, 0);
  t.equal(same.stdout, '');
});

test('what makes one verdict less than it seems is said', async (t) => {
  const cwd = t.testdir({ runs: { 'other.json': '{}' } });
  await cp(recorded, join(cwd, 'runs', 'deep'), { recursive: true });
  const change = async (name: string, to: (run: Run) => void): Promise<void> => {
    const run = JSON.parse(await readFile(join(recorded, name), 'utf8')) as Run;
    to(run);
    await writeFile(join(cwd, 'runs', `changed-${name}`), JSON.stringify(run));
  };
  await change('open.json', (run) => {
    run.startedAt = new Date(Date.parse(run.startedAt) + 3_600_000).toISOString();
    for (const one of run.environments) one.url = 'wss://elsewhere.example.com/';
  });
  const { code, stderr } = await cli(['merge', 'runs', '--quiet'], { cwd });
  t.equal(code, 1);
  t.match(stderr, /passed over: runs\/other\.json is JSON, but not a run/);
  t.match(stderr, /the runs are 1 h apart \(more than 15 min, --within\)/);
  t.match(stderr, /2 runs of staging from open: the newest counts.*--vantage NAME/);
  t.match(stderr, /staging is not the same everywhere \(.*elsewhere\.example\.com\/ from open/);
  t.notMatch((await cli(['merge', 'runs', '--within', '2h'], { cwd })).stderr, /apart/);
});
