/** A further environment goes behind the last one, and every other byte stays. */
import t from 'tap';
import { parse } from 'yaml';
import { insertAt, nameFrom, placeForMore } from '../../init/index.js';

function add(source: string): string | undefined {
  const place = placeForMore(source);
  return place && insertAt(source, place, `${' '.repeat(place.indent)}added: 1`);
}

t.test('it stands behind what belongs to the last one', async (t) => {
  const own = 'environments:\n  own:\n    url: wss://x.test\n';
  t.equal(add(own), `${own}\n  added: 1\n`);
  t.equal(add(own.trimEnd()), `${own}\n  added: 1\n`, 'without a line break at the end');
  t.equal(add(`${own}    # tcp: 1\n\n# all else\n`), `${own}    # tcp: 1\n\n  added: 1\n\n# all else\n`);
  t.equal(add(`${own}defaults: {}\n`), `${own}\n  added: 1\ndefaults: {}\n`);
  t.same(parse(add('# a\nenvironments:\n    "a b": { url: x } # why\n') ?? ''), {
    environments: { 'a b': { url: 'x' }, added: 1 },
  });
  const references = `environments:\n  own: { auth: { token: \${TOKEN} } }\n`;
  t.equal(add(references), `${references}\n  added: 1\n`);
  const text = 'environments:\n  own:\n    url: |\n      wss://x.test\n';
  t.same(parse(add(text) ?? ''), { environments: { own: { url: 'wss://x.test\n' }, added: 1 } });
});

t.test('there is no simple place in braces, or where nothing is', async (t) => {
  t.equal(add('environments: { own: { url: x } }\n'), undefined);
  t.equal(add('{ "environments": { "own": 1 } }'), undefined);
  t.equal(add('environments:\n'), undefined);
  t.equal(add('other: 1\n'), undefined);
  t.equal(add(''), undefined);
});

t.test('a name out of the host', async (t) => {
  const names = {
    'wss://livekit.staging.example.com': 'staging',
    'wss://livekit.example.com/path': 'example',
    'wss://livekit-eu.example.com:8443': 'livekit-eu',
    'wss://livekit.example': 'livekit',
    'ws://localhost:7880': 'localhost',
    'ws://192.0.2.1:7880': '192.0.2.1',
    'wss://[2001:db8::1]': '2001-db8--1',
  };
  for (const [url, name] of Object.entries(names)) t.equal(nameFrom(new URL(url)), name);
});
