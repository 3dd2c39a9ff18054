/** What the soak's figures are made of, without any run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { upperBound } from '../../bench/soak/bound.js';
import { healthyTable, reliabilityDocument } from '../../bench/soak/document.js';
import { outcomeOf } from '../../bench/soak/faults.js';
import { sumsOfFaults, sumsOfHealthy } from '../../bench/soak/tally.js';
import {
  append,
  type FaultLine,
  type HealthyLine,
  holdsSecret,
  readLines,
  setAside,
} from '../../fixtures/soak/lines.js';

const about = { at: '2026-01-02T03:04:05.678Z', cores: 2, memoryGb: 8, load: 1.5, codes: [] };
const healthy = (condition: string, verdict: HealthyLine['verdict'], codes: string[] = []): HealthyLine => ({
  ...about,
  condition,
  depth: 'wire',
  verdict,
  durationMs: 60,
  codes,
});
const fault = (id: string, outcome: FaultLine['outcome'], codes: string[] = [id]): FaultLine => ({
  ...about,
  fault: id,
  family: 'dns',
  topology: 'plain',
  vantage: 'open',
  outcome,
  codes,
});

t.test('what so many runs prove', async (t) => {
  const near = (found: number, wanted: number): void => {
    t.ok(Math.abs(found - wanted) < 1e-4, `${found} is about ${wanted}`);
  };
  t.equal(upperBound(0, 0), 1, 'nothing proves nothing');
  t.equal(upperBound(0, 2), 1, 'a rate is at most 1');
  t.equal(upperBound(7, 7), 1);
  near(upperBound(0, 30_000), 0.0001);
  // R: binom.test(k, n, alternative = "less")$conf.int
  near(upperBound(1, 100), 0.04656);
  near(upperBound(5, 10), 0.77756);
  near(upperBound(3, 3000), 0.002583);
  t.ok(upperBound(20, 1_000_000) > 20e-6, 'more than what was seen');
});

t.test('what came of a fault', async (t) => {
  const verdict = { expected: ['fail'], found: 'fail' } as const;
  const right = { missing: [], innocent: [], verdict };
  t.equal(outcomeOf(right), 'named');
  t.equal(outcomeOf({ ...right, innocent: ['udp-filtered'] }), 'wrong', 'though it is named, too');
  t.equal(outcomeOf({ ...right, missing: ['dns-no-address'], innocent: ['udp-filtered'] }), 'wrong');
  const cannotTell = { expected: ['fail'], found: 'inconclusive' } as const;
  t.equal(
    outcomeOf({ missing: ['dns-no-address'], innocent: ['vantage-starved'], verdict: cannotTell }),
    'inconclusive',
  );
  t.equal(outcomeOf({ ...right, verdict: cannotTell }), 'inconclusive', 'named, and doubted');
  const passed = { expected: ['fail'], found: 'pass' } as const;
  t.equal(outcomeOf({ missing: ['dns-no-address'], innocent: [], verdict: passed }), 'silent');
  const ofVantage = { expected: ['inconclusive'], found: 'inconclusive' } as const;
  t.equal(outcomeOf({ ...right, verdict: ofVantage }), 'named');
  t.equal(outcomeOf({ missing: ['vantage-offline'], innocent: ['vantage-starved'], verdict: ofVantage }), 'wrong');
});

t.test('lines are summed over sittings, and none is lost', async (t) => {
  const file = join(t.testdir(), 'deeper', 'healthy.jsonl');
  t.same(readLines(file), []);
  append(file, healthy('quiet', 'pass'));
  append(file, healthy('quiet', 'fail', ['udp-filtered']));
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"at":"2026-01-`);
  t.equal(readLines(file).length, 2, 'without the one that was cut off');
  setAside(file);
  t.same(readLines(file), []);
});

t.test('sums', async (t) => {
  const lines = [
    ...Array.from({ length: 297 }, () => healthy('quiet', 'pass')),
    healthy('busy', 'inconclusive', ['vantage-starved']),
    healthy('busy', 'fail', ['udp-filtered']),
    healthy('busy', 'broken'),
  ];
  const [quiet, busy, all] = sumsOfHealthy(lines, ['quiet', 'loss-1', 'busy']);
  t.match(quiet, { condition: 'quiet', runs: 297, pass: 297, fail: 0, bound: 3 / 297 });
  t.match(busy, {
    runs: 3,
    inconclusive: 1,
    fail: 1,
    broken: 1,
    codes: { 'inconclusive: vantage-starved': 1, 'fail: udp-filtered': 1 },
  });
  t.match(all, { condition: 'all', runs: 300, pass: 297, fail: 1 });
  const [dns] = sumsOfFaults([
    fault('dns-no-address', 'named'),
    fault('dns-no-address', 'wrong'),
    fault('dns-server-failure', 'inconclusive'),
  ]);
  t.match(dns, { name: 'dns', faults: 2, times: 3, named: 1, inconclusive: 1, wrong: 1, silent: 0 });
});

t.test('a secret in a run document is seen', async (t) => {
  const jwt = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.c2ln`;
  t.ok(holdsSecret({ observations: [{ failure: { message: `token ${jwt} refused` } }] }, undefined));
  t.ok(holdsSecret({ deep: ['our-api-secret'] }, 'our-api-secret'));
  t.notOk(holdsSecret({ deep: ['nothing', 'eyJ is how one begins'] }, 'our-api-secret'));
});

t.test('the page says what was made, and what was not', async (t) => {
  const leftBy = { at: about.at, condition: 'quiet', depth: 'wire' as const, runs: 200 };
  const nothing = reliabilityDocument({ healthy: [], left: [], faults: [], hostile: false, versions: false });
  t.equal(nothing.match(/Not made yet/g)?.length, 2);
  t.notMatch(nothing, /hostile/);
  const page = reliabilityDocument({
    healthy: Array.from({ length: 3000 }, () => healthy('quiet', 'pass')),
    left: [
      { ...leftBy, secrets: 1, people: 0, rooms: 0, processes: 5 },
      { ...leftBy, secrets: 2, people: 0, rooms: 0, processes: 5 },
      { ...leftBy, secrets: 0, unknown: 'no answer' },
    ],
    faults: [fault('dns-no-address', 'silent', [])],
    fuzzing: {
      at: about.at,
      seed: 7,
      all: [{ target: 'stun', inputs: 1e6, accepted: 5e5, seconds: 9, slowestMs: 0.3 }],
    },
    hostile: true,
    versions: true,
  });
  t.match(page, 'on 2026-01-02 on a machine with 2 cores and 8 GiB');
  t.match(page, '| wire, quiet | 3,000 | 3,000 | 0 | 0 | ≤ 0.1 % | 1.5 |');
  t.match(page, 'fewer than one in 1,000 runs');
  t.match(page, '| `dns-no-address` | 1 of 1 | silent: nothing said (1) |');
  t.match(page, /Made so far: 1 of the lab's \d{3} faults, each once/);
  t.match(page, '| stun | 1,000,000 | 50 % |');
  t.match(page, '](reliability/hostile.md)');
  t.match(page, 'of each of 2 processes that made 400 runs: 3 run documents');
  t.match(page, '0 rooms 15 s later at the latest, 10 processes. 1 more could not ask the server.');
  t.match(healthyTable([healthy('busy', 'fail', ['udp-filtered'])]), 'fail: udp-filtered (1)');
});
