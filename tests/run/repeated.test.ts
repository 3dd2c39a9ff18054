/** What was checked twice in a row: what counts, what is kept, and a deployment that is there again the second time. */
import t from 'tap';
import { parseRun } from '../../evidence/load.js';
import type { EnvironmentRun, Verdict } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { signalHost } from '../../fixtures/environments/embedded.js';
import { apart, confirmed, rejudged } from '../../run/repeated.js';
import { runChecks } from '../../run/run.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { flapping, healthy, run, wrongAddress } from '../samples.js';

const times = { first: '2026-01-02T03:04:05.700Z', second: '2026-01-02T03:04:08.000Z' };
const codes = (findings: EnvironmentRun['findings']) => findings.map(({ code }) => code);

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('two verdicts make one', async (t) => {
    const of = (verdict: Verdict): EnvironmentRun => ({ ...(verdict === 'fail' ? wrongAddress : healthy), verdict });
    const pairs: [Verdict, Verdict, Verdict, string][] = [
      ['fail', 'fail', 'fail', 'failing'],
      ['fail', 'pass', 'inconclusive', 'flapping'],
      ['pass', 'fail', 'inconclusive', 'flapping'],
      ['fail', 'inconclusive', 'inconclusive', 'undecided'],
      ['inconclusive', 'fail', 'inconclusive', 'undecided'],
      ['inconclusive', 'inconclusive', 'inconclusive', 'undecided'],
      ['inconclusive', 'pass', 'pass', 'passing'],
      ['pass', 'pass', 'pass', 'passing'],
    ];
    for (const [first, second, verdict, outcome] of pairs) {
      const made = confirmed(of(first), of(second), times);
      t.equal(made.verdict, verdict, `${first}, then ${second}`);
      t.equal(made.confirmation?.outcome, outcome, `${first}, then ${second}`);
    }
  });

  t.test('of what flaps the findings do not count, and nothing of both runs is lost', async (t) => {
    t.same(flapping.findings, []);
    t.same(codes(flapping.confirmation?.unconfirmed ?? []), ['media-address-wrong']);
    const whole = run(flapping, { ...healthy, name: 'other' });
    t.same(parseRun(JSON.stringify(whole), 'test'), whole, 'it is a run document');

    const [first, second, ...others] = apart(whole);
    t.same(others, []);
    t.same(first?.environments, [
      { ...wrongAddress, name: 'staging' },
      { ...healthy, name: 'other' },
    ]);
    t.equal(first?.startedAt, whole.startedAt);
    t.match(second, { startedAt: flapping.confirmation?.second.startedAt, durationMs: healthy.durationMs });
    t.equal(second?.environments.length, 1);
    t.match(second?.environments[0], { name: 'staging', verdict: 'pass', findings: [] });
    const laterMs = Date.parse(second?.startedAt ?? '') - Date.parse(whole.startedAt);
    const begins = ({ observations }: EnvironmentRun) => observations.map(({ startMs }) => startMs);
    t.same(
      begins(second?.environments[0] ?? healthy),
      begins(flapping).map((ms) => ms - laterMs),
      'by its own clock',
    );
  });

  t.test('what was checked twice in a row', async (t) => {
    const embedded = await startEmbedded();
    t.teardown(() => embedded.stop());
    const records = embedded.records.get(signalHost) ?? [];
    const check = async (onRepeat: () => void) => {
      const told: string[] = [];
      const made = await runChecks({
        environments: [embedded.environment],
        depth: 'wire',
        version: 'test',
        signal: new AbortController().signal,
        repeats: ({ verdict }) => verdict !== 'pass',
        events: {
          onRepeat: ({ verdict }) => {
            told.push(`repeat ${verdict}`);
            onRepeat();
          },
          onEnvironment: ({ verdict }) => void told.push(verdict),
        },
      });
      const [environment] = made.environments;
      if (!environment) throw new Error('it has been checked');
      return { made, environment, told };
    };

    t.test('it passes: once is enough', async (t) => {
      const { environment, told } = await check(() => t.fail('nothing is to be confirmed'));
      t.same(told, ['pass']);
      t.equal(environment.confirmation, undefined);
    });

    t.test('its name has no address, and has it again', async (t) => {
      embedded.records.delete(signalHost);
      const { made, environment, told } = await check(() => embedded.records.set(signalHost, records));
      t.same(told, ['repeat fail', 'inconclusive']);
      t.match(environment, { verdict: 'inconclusive', confirmation: { outcome: 'flapping' } });
      t.same(codes(environment.confirmation?.unconfirmed ?? []), ['dns-no-address']);
      t.equal(environment.paths.udp?.reach, 'ok', 'what was seen is what the second run saw');
      const { first, second } = environment.confirmation ?? {};
      t.match([first?.verdict, second?.verdict], ['fail', 'pass']);
      t.ok((first?.startedAt ?? '') < (second?.startedAt ?? ''));
      t.same(parseRun(JSON.stringify(made), 'test'), made, 'it is a run document');
      t.same(rejudged(environment), environment, 'and judged the same offline');
      t.same(
        apart(made).map(({ environments }) => environments.map(({ verdict }) => verdict)),
        [['fail'], ['pass']],
      );
    });

    t.test('its name still has none', async (t) => {
      embedded.records.delete(signalHost);
      const { environment, told } = await check(() => {});
      embedded.records.set(signalHost, records);
      t.same(told, ['repeat fail', 'fail']);
      t.match(environment, { verdict: 'fail', confirmation: { outcome: 'failing', unconfirmed: [] } });
      t.same(codes(environment.findings), ['dns-no-address']);
      t.same(rejudged(environment), environment);
    });
  });
}
