/** The short form of `npm run fuzz`: some inputs for each target, the same at each time, and all that ever went wrong. */
import t from 'tap';
import { fuzz, keptCases } from './fuzz.js';
import { mutated } from './mutate.js';
import { targets } from './targets.js';

const inputs: Readonly<Record<string, number>> = { signalling: 2000, run: 1000, configuration: 2000 };
const usual = 20_000;

t.test('an input is made again from its number', (t) => {
  const seeds = [Buffer.from('one real message'), Buffer.from('another')];
  for (const number of [0, 1, 4711]) t.same(mutated(seeds, 1, number), mutated(seeds, 1, number));
  const all = new Set(Array.from({ length: 200 }, (_, number) => mutated(seeds, 1, number).toString('hex')));
  t.ok(all.size > 150, 'and another number gives another one');
  t.end();
});

for (const name of Object.keys(targets)) {
  t.test(name, { timeout: 300_000 }, async (t) => {
    const { accepted, crash } = await fuzz({ target: name, seed: 1, inputs: inputs[name] ?? usual });
    t.equal(crash?.error, undefined, crash ? `input ${crash.input}, kept as ${crash.file}` : 'nothing goes wrong');
    t.ok(accepted > 0, 'some of the damaged ones are still taken, so that more than the first look is tried');
    const target = targets[name]?.();
    for (const { name: file, bytes } of keptCases(name)) {
      await target?.take(bytes);
      t.pass(`what once went wrong is right: ${file}`);
    }
    await target?.close?.();
  });
}
