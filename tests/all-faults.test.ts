/**
 * The promise of the catalogue: every fault, made for real on each topology and from each vantage that it is about, gives
 * its code and only it; faults in pairs are both named, or the first; what is healthy passes. And no report of any of
 * them holds what is secret in its lab.
 *
 * As long as all the tests beside it together, so it begins with them: tap goes by the alphabet.
 */
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { requireLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { choose } from '../fixtures/lab/choose.js';
import { type Choice, composeLab } from '../fixtures/lab/compose.js';
import { nameOf } from '../fixtures/lab/matrix.js';
import { type Result, type RunOptions, runChoices } from '../fixtures/lab/result.js';
import type { Sandbox } from '../fixtures/lab/sandbox.js';
import { configuredSecrets, overheardSecrets } from './lab/known-secrets.js';
import { renderAll } from './reporters/render.js';
import { secretsIn } from './secrets.js';

// Two cores, and other tests beside: each cell takes one to three seconds, and several wait at once.
t.setTimeout(2_400_000);
const livekitServer = await requireLivekitServer();
const signal = new AbortController().signal;

const cell = (choice: Choice): string => `${nameOf(choice)} on ${choice.topology} from ${choice.vantage}`;
const codesOf = ({ run }: Result): string[] =>
  run.environments.flatMap(({ findings }) => findings.map(({ code }) => code));

const said = (result: Result): string => `${cell(result)}: ${codesOf(result)}`;

const overheard = '/run/lab/overheard';
const variables = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('lab/overhear.mjs', import.meta.url))}`,
  OVERHEARD: overheard,
};
const searched = { cells: 0, secrets: 0, ms: 0 };

/** In every format, what the lab's own servers know, and what they told in this run. */
async function search(t: Test, result: Result, sandbox: Sandbox): Promise<void> {
  const startMs = performance.now();
  const { output } = await sandbox.order({ do: 'exec', host: 'client', command: ['cat', overheard] });
  const secrets = [...configuredSecrets(composeLab(result)), ...overheardSecrets(output)];
  for (const [name, text] of Object.entries(await renderAll(result.run))) {
    const found = secretsIn(text, secrets);
    if (found.length > 0) t.fail(`${cell(result)}: the report ${name} holds ${found}`);
  }
  searched.cells++;
  searched.secrets += secrets.length;
  searched.ms += performance.now() - startMs;
}

function make(t: Test, choices: Choice[], atOnce: number, on: Pick<RunOptions, 'onResult' | 'onError'>): Promise<void> {
  const look = (result: Result, sandbox: Sandbox) => search(t, result, sandbox);
  return runChoices(choices, { livekitServer, atOnce, signal, variables, look, ...on });
}

/** Shows what came out the first time, so that a cell that needs a second one is not forgotten. */
function suspicious(t: Test, choice: Choice, what: string): Choice {
  t.comment(`once more: ${cell(choice)}: ${what}`);
  const { faults, topology, vantage, hidden } = choice;
  return { faults, topology, vantage, ...(hidden && { hidden }) };
}

/** A browser needs both cores: each of these on one topology, and alone. `npm run lab -- media` makes them on all. */
const withBrowsers = ['media'];

for (const words of ['healthy', 'dns', 'tls', 'signal', 'ice', 'turn', 'media', 'vantage', 'drift', 'pairs']) {
  t.test(words, async (t) => {
    const all = choose(words, {}) ?? [];
    const alone = withBrowsers.includes(words);
    const choices = alone ? all.filter((one, i) => all.findIndex((other) => nameOf(other) === nameOf(one)) === i) : all;
    t.ok(choices.length > 0, 'there is something to make');
    const again: Choice[] = [];
    await make(t, choices, alone ? 1 : 3, {
      onResult: (result) => {
        if (result.ok) t.pass(said(result));
        else again.push(suspicious(t, result, said(result)));
      },
      onError: (choice, error) => void again.push(suspicious(t, choice, error.message)),
    });
    // What another test's work on these cores may have brought about is made once more, alone; then it counts.
    await make(t, again, 1, {
      onResult: (result) => {
        const { missing, innocent, verdict } = result;
        const found = { missing, innocent, verdict: verdict.expected.includes(verdict.found) || verdict.found };
        t.same(found, { missing: [], innocent: [], verdict: true }, said(result));
      },
      onError: (choice, error) => t.fail(`${cell(choice)} could not be made: ${error.message}`),
    });
  });
}

t.test('secrets were looked for', async (t) => {
  const { cells, secrets, ms } = searched;
  t.comment(`${secrets} secrets in the reports of ${cells} cells, ${Math.round(ms / cells)} ms for each`);
  t.ok(secrets > 2 * cells, 'a secret of the API and what was overheard, on average');
});
