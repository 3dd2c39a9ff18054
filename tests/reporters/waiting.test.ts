/** The story of a wait, as it is read in the log of a pipeline and on a terminal. */
import { test } from 'tap';
import type { Depth, EnvironmentRun, Finding } from '../../evidence/run.js';
import type { Output } from '../../reporters/reporter.js';
import { waiting } from '../../reporters/waiting.js';
import { healthy } from '../samples.js';

function failing(code: string, more: Partial<EnvironmentRun> = {}, args: Finding['args'] = {}): EnvironmentRun {
  const finding = {
    code,
    severity: 'error' as const,
    args,
    summary: `It is ${code}.`,
    cause: '',
    fix: '',
    evidence: ['x'],
  };
  const asked = { depth: 'wire' as const, zoneFirst: true as const };
  return { ...healthy, name: 'a', verdict: 'fail', asked, findings: [finding], ...more };
}

const whole = { asked: { depth: 'media' as const } };

function story({ isTTY = false, depth = 'media' as Depth, names = ['a'] } = {}) {
  let text = '';
  let nowMs = 1000;
  const progress: Output = {
    write: (more) => {
      text += more;
    },
    isTTY,
    columns: 80,
    colour: false,
  };
  const told = waiting({ progress, depth, now: () => nowMs });
  told.begin(
    names.map((name) => ({ name, url: `wss://${name}.test/` })),
    300_000,
  );
  return {
    ...told,
    after: (ms: number): void => {
      nowMs += ms;
    },
    text: () => text,
    lines: () => text.trimEnd().split('\n'),
  };
}

test('one line for each change of the reason, with its age', async (t) => {
  const { reason, ready, whole: begins, end, after, lines } = story();
  reason(failing('dns-name-missing'));
  after(1000);
  reason(failing('dns-name-missing'));
  after(11_500);
  reason(failing('tls-default-certificate'));
  after(60_000);
  ready('a');
  begins();
  after(2000);
  end('passed');
  t.same(lines(), [
    'Waiting for a  wss://a.test/, at most 5 min 0 s',
    '0 s: It is dns-name-missing (dns-name-missing)',
    '12 s: It is tls-default-certificate (tls-default-certificate)',
    '1 min 12 s: works on the wire; now every path, up to media',
    '✓ 1 min 14 s: passed',
  ]);
});

test('when the time is over it says since when the reason has held', async (t) => {
  const { reason, end, after, lines } = story();
  after(3000);
  reason(failing('a-port', {}, { addresses: ['192.0.2.1'] }));
  after(3000);
  reason(failing('a-port', {}, { addresses: ['192.0.2.2'] }));
  after(294_000);
  reason(failing('a-port', whole, { addresses: ['192.0.2.2'] }));
  end('over');
  t.same(lines().slice(1), [
    '3 s: It is a-port (a-port)',
    '6 s: It is a-port (a-port)',
    '✗ 5 min 0 s: the time is over; since 6 s: It is a-port (a-port)',
  ]);
});

test('what only a whole check sees is told once, however often the wire works', async (t) => {
  const { reason, ready, whole: begins, lines } = story();
  for (let round = 0; round < 3; round += 1) {
    ready('a');
    begins();
    reason(failing('codec-disabled', whole));
  }
  t.same(lines().slice(1), [
    '0 s: works on the wire; now every path, up to media',
    '0 s: It is codec-disabled (codec-disabled)',
  ]);
});

test('several causes are named, and where there is none what is not proven', async (t) => {
  const { reason, lines } = story();
  const [one] = failing('first').findings;
  const [other] = failing('second').findings;
  reason(failing('first', { findings: [one, other, other] as Finding[] }));
  reason(failing('x', { findings: [], verdict: 'inconclusive' }));
  t.same(lines().slice(1), ['0 s: It is first (first; also second)', '0 s: udp, tcp not proven (inconclusive)']);
});

test('several environments are told apart', async (t) => {
  const { reason, ready, whole: begins, end, lines } = story({ names: ['a', 'b'], depth: 'wire' });
  reason(failing('dns-name-missing', { name: 'b' }));
  ready('a');
  ready('b');
  begins();
  reason(failing('udp-filtered', { name: 'b', asked: { depth: 'wire' } }));
  end('hopeless');
  t.same(lines().slice(2), [
    '0 s: b: It is dns-name-missing (dns-name-missing)',
    '0 s: a: works on the wire',
    '0 s: b: works on the wire',
    '0 s: all work on the wire; once more, as a whole',
    '0 s: b: It is udp-filtered (udp-filtered)',
    '✗ 0 s: waiting does not help; since 0 s: b: It is udp-filtered (udp-filtered)',
  ]);
});

test('on a terminal the line of the moment is refreshed, and what was before stays', async (t) => {
  const { reason, end, after, text } = story({ isTTY: true });
  reason(failing('dns-name-missing'));
  after(5000);
  reason(failing('dns-name-missing'));
  after(3000);
  reason(failing('tls-default-certificate'));
  end('passed');
  // As a terminal would show it: up, and erased to the end.
  const shown: string[] = [];
  for (const part of text().split('\n')) {
    const [, up, rest] = /^@\[(\d+)A@\[J(.*)$/.exec(part.replaceAll('\u001b', '@')) ?? [undefined, '0', part];
    shown.splice(shown.length - Number(up), Number(up));
    shown.push(rest ?? '');
  }
  t.match(text(), '… 0 s: It is dns-name-missing (dns-name-missing)  for 5 s');
  t.same(shown.slice(1, 3), ['0 s: It is dns-name-missing (dns-name-missing), for 8 s', '✓ 8 s: passed']);
});

test('more environments than the terminal has lines are counted', async (t) => {
  const names = Array.from({ length: 50 }, (_, i) => `region-${i}`);
  const { reason, text } = story({ isTTY: true, names });
  for (const name of names) reason(failing('dns-name-missing', { name }));
  const last = text().split('\u001b[J').at(-1)?.trimEnd().split('\n') ?? [];
  t.equal(last.length, 23);
  t.match(last[0], /^… 0 s: region-0: It is/);
  t.equal(last.at(-1), '  and 28 more');
});

test('where the terminal is narrow the code is still there', async (t) => {
  const { reason, text } = story({ isTTY: true });
  reason(
    failing('x', { findings: [{ ...failing('udp-filtered').findings[0], summary: 'word '.repeat(40) } as Finding] }),
  );
  const last = text().trimEnd().split('\n').at(-1) ?? '';
  t.match(last, /word ?… \(udp-filtered\) {2}for 0 s$/);
  t.ok([...last].length <= 80 + '@[1A@[J'.length);
});

test('what a server says cannot write elsewhere on the screen', async (t) => {
  const { reason, text } = story();
  reason(failing('x', { findings: [{ ...failing('x').findings[0], summary: 'bad\u001b[2J\nword' } as Finding] }));
  t.notMatch(text(), '\u001b');
  t.equal(text().split('\n').length, 3);
});
