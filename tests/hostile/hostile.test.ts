/** The short form of `npm run hostile`: all cases, several in one check. How long it took decides nothing. */
import t from 'tap';
import { inOwnNamespace } from '../fixtures/own-namespace.js';
import { runHostile } from './hostile.js';

if (await inOwnNamespace(t, import.meta.url)) {
  t.test('hostile peers end in an observation', { timeout: 900_000 }, async (t) => {
    const { all, strays } = await runHostile({ atOnce: 4, together: 8 });
    for (const { layer, name, came, problems } of all) t.same(problems, [], `${layer}: ${name}: ${came}`);
    t.ok(all.length > 100, 'all of them');
    t.same(strays, [], 'no packet went anywhere else');
  });
}
