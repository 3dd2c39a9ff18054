/** What a second run says of the first: failing, flapping, or not decided. */
import { test } from 'tap';
import type { Finding, Verdict } from '../../evidence/run.js';
import { settled, settledAtOnce, wantsConfirmation } from '../../run/confirm.js';

const finding = (code: string, severity: Finding['severity'] = 'error', target?: string): Finding => ({
  code,
  severity,
  args: target === undefined ? {} : { target },
  summary: '',
  cause: '',
  fix: '',
  evidence: [],
});
const of = (verdict: Verdict, ...findings: Finding[]) => ({ verdict, findings });
const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);
const a = finding('udp-filtered');
const b = finding('tcp-port-refused');
const warning = finding('quality-loss', 'warning');
const note = finding('nat-endpoint-dependent', 'info');

test('only what is new and bad is repeated', async (t) => {
  const healthy = settledAtOnce(of('pass', note));
  t.notOk(wantsConfirmation(of('pass', note), undefined));
  t.notOk(wantsConfirmation(of('pass'), settledAtOnce(of('fail', a))), 'what is over is over');
  t.ok(wantsConfirmation(of('fail', a), undefined));
  t.ok(wantsConfirmation(of('fail', a), healthy));
  t.ok(wantsConfirmation(of('fail'), healthy), 'without a cause, too');
  t.ok(wantsConfirmation(of('inconclusive'), healthy));
  t.ok(wantsConfirmation(of('pass', warning), healthy), 'a warning alerts, too');
  t.notOk(wantsConfirmation(of('fail', a), settledAtOnce(of('fail', a))), 'an outage is not looked at twice as often');
  t.ok(wantsConfirmation(of('fail', a, b), settledAtOnce(of('fail', a))), 'one more');
  t.ok(
    wantsConfirmation(
      of('fail', finding('x', 'error', 'turn')),
      settledAtOnce(of('fail', finding('x', 'error', 'signal'))),
    ),
  );
});

test('failing twice is failing, with what was found both times', async (t) => {
  const twice = settled(of('fail', a, b), of('fail', a, note));
  t.equal(twice.verdict, 'fail');
  t.notOk(twice.flapped);
  t.same(codes(twice.findings), ['udp-filtered', 'nat-endpoint-dependent']);
  t.same(codes(twice.unconfirmed), ['tcp-port-refused']);
});

test('failing, and passing at once, is flapping', async (t) => {
  const flapping = settled(of('fail', a), of('pass', note));
  t.match(flapping, { verdict: 'pass', flapped: true });
  t.same(codes(flapping.findings), ['nat-endpoint-dependent']);
  t.same(codes(flapping.unconfirmed), ['udp-filtered']);
});

test('a warning that comes only once is none', async (t) => {
  const once = settled(of('pass', warning), of('pass'));
  t.match(once, { verdict: 'pass', flapped: false, findings: [] });
  t.same(codes(once.unconfirmed), ['quality-loss']);
});

test('it fails, now for another reason: that it fails is confirmed, and the reason is the newer one', async (t) => {
  const other = settled(of('fail', a), of('fail', b));
  t.equal(other.verdict, 'fail');
  t.same(codes(other.findings), ['tcp-port-refused']);
  t.same(codes(other.unconfirmed), ['udp-filtered']);
});

test('where one of both could not decide, nothing is decided, unless it was known', async (t) => {
  t.equal(settled(of('fail', a), of('inconclusive')).verdict, 'inconclusive');
  t.equal(settled(of('inconclusive'), of('fail', a)).verdict, 'inconclusive');
  const failing = settledAtOnce(of('fail', a));
  const still = settled(of('inconclusive'), of('fail', a), failing);
  t.equal(still.verdict, 'fail');
  t.same(codes(still.findings), ['udp-filtered']);
});

test('the same code about another path is another finding', async (t) => {
  const [udp, tcp] = ['udp', 'tcp'].map((path) => ({ ...finding('forbidden-path-open'), args: { path } }));
  if (!udp || !tcp) throw new Error('there are two');
  t.ok(wantsConfirmation(of('fail', udp, tcp), settledAtOnce(of('fail', udp))));
  const { findings, unconfirmed } = settled(of('fail', udp, tcp), of('fail', udp));
  t.same([findings, unconfirmed], [[udp], [tcp]]);
});
