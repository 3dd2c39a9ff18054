/**
 * The promise of the catalogue: every fault, made for real on each topology and from each vantage that it is about, gives
 * its code and only it; faults in pairs are both named, or the first; what is healthy passes.
 */
import t from 'tap';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { choose } from '../../fixtures/lab/choose.js';
import type { Choice } from '../../fixtures/lab/compose.js';
import { nameOf } from '../../fixtures/lab/matrix.js';
import { type Result, runChoices } from '../../fixtures/lab/result.js';

// Two cores, and other tests beside: each cell takes one to three seconds, and several wait at once.
t.setTimeout(1_200_000);
const livekitServer = await requireLivekitServer();
const signal = new AbortController().signal;

const cell = (choice: Choice): string => `${nameOf(choice)} on ${choice.topology} from ${choice.vantage}`;
const codesOf = ({ run }: Result): string[] =>
  run.environments.flatMap(({ findings }) => findings.map(({ code }) => code));

for (const words of ['healthy', 'dns', 'tls', 'signal', 'vantage', 'pairs']) {
  t.test(words, async (t) => {
    const choices = choose(words, {}) ?? [];
    t.ok(choices.length > 0, 'there is something to make');
    await runChoices(choices, {
      livekitServer,
      atOnce: 3,
      signal,
      onResult: (result) => {
        const { missing, innocent, verdict } = result;
        const said = { missing, innocent, verdict: verdict.expected.includes(verdict.found) || verdict.found };
        t.same(said, { missing: [], innocent: [], verdict: true }, `${cell(result)}: ${codesOf(result)}`);
      },
      onError: (choice, error) => t.fail(`${cell(choice)} could not be made: ${error.message}`),
    });
  });
}
