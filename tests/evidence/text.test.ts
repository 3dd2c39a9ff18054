import { test } from 'tap';
import { redactor } from '../../evidence/redaction.js';
import { printable } from '../../evidence/text.js';

test('secrets that are remembered, and whatever looks like one, are replaced everywhere', async (t) => {
  const redact = redactor();
  redact.add('s3cret/value+');
  redact.add('short');
  redact.add(undefined);
  t.equal(redact.text('a s3cret/value+ b s3cret%2Fvalue%2B short'), 'a [redacted] b [redacted] short');
  t.same(redact.json({ list: ['s3cret/value+'], 's3cret/value+': { n: 1, no: null } }), {
    list: ['[redacted]'],
    '[redacted]': { n: 1, no: null },
  });
  t.equal(redact.text('a=ice-pwd:abc\r\na=ice-ufrag:x'), 'a=ice-pwd:[redacted]\r\na=ice-ufrag:x');
  t.equal(redact.text('wss://x/rtc?access_token=abc&auto=1'), 'wss://x/rtc?access_token=[redacted]&auto=1');
});

test('a server that calls our words secret takes none of them from us', async (t) => {
  const redact = redactor();
  for (const word of ['address', '192.0.2.1', '[2001:db8::1]:443', '2026-01-01T00:00:00.000Z']) redact.add(word);
  const facts = { address: '192.0.2.1', at: '[2001:db8::1]:443', validTo: '2026-01-01T00:00:00.000Z' };
  t.same(redact.json(facts), facts);
  t.equal(redact.text('the address'), 'the [redacted]', 'a text may lose it');
});

test('a secret that was cut short is known by its beginning, and so is one that JSON escapes', async (t) => {
  const redact = redactor();
  const secret = 'a-secret-of-the-operator';
  redact.add(secret);
  redact.add('quoted "secret" \\ here');
  const said = printable(`${'x'.repeat(185)} ${secret}`);
  t.match(said, /a-secret-of-t…$/);
  t.equal(redact.text(said), `${'x'.repeat(185)} [redacted]…`);
  t.equal(redact.text(`first: ${said.slice(-14)}, then a-secret-of-t`), 'first: [redacted]…, then [redacted]');
  t.equal(redact.text('a-secret-of-another and a-secr'), 'a-secret-of-another and a-secr', 'others stay');
  t.equal(redact.text(JSON.stringify({ a: 'quoted "secret" \\ here' })), '{"a":"[redacted]"}');
});

test('a password that is a word of the public address hides nothing', async (t) => {
  const redact = redactor(['wss://livekit.example.com/', 'turn.example.com']);
  redact.add('livekit');
  redact.add('another-password');
  t.equal(redact.text('livekit.example.com: another-password'), 'livekit.example.com: [redacted]');
});

test('a token is replaced whole, and so is the beginning of one', async (t) => {
  const redact = redactor();
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6eyJyb29tIjoieCJ9fQ.c2lnbmF0dXJl';
  for (const length of [12, 20, 22, 40, token.length]) {
    t.equal(redact.text(`invalid token: ${token.slice(0, length)}…`), 'invalid token: [redacted]…', `${length}`);
  }
});

test('text of a peer cannot steer a terminal, and is bounded', async (t) => {
  t.equal(printable(' \u001b[31mred\u0007\r\nnext\u202eevil\u009b '), '[31mred next evil');
  t.equal(printable('x'.repeat(300)).length, 200);
  t.equal(printable('abcdef', 4), 'abc…');
});
