/** When is looked, what counts as passed, and what is told of it; the checks themselves are scripted here. */
import t from 'tap';
import type { Environment } from '../../environment/environment.js';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import type { RunOptions } from '../../run/run.js';
import { waitForPass } from '../../run/wait.js';
import { neverHeals } from '../../run/wait-hopeless.js';
import { healthy, run, wrongAddress } from '../samples.js';

const environment = (
  name: string,
  auth: Environment['auth'] = { apiKey: 'key', apiSecret: 'secret' },
): Environment => ({
  name,
  url: new URL('wss://livekit.example.com'),
  auth,
  claims: {},
});

const isQuick = (options: RunOptions): boolean => options.zoneFirst === true;
const kindOf = (options: RunOptions): string => (isQuick(options) ? 'quick' : 'whole');

interface Script {
  readonly names?: readonly string[];
  readonly auth?: Environment['auth'];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What a check finds of each environment: that it is healthy, or not. The number counts the checks of this kind. */
  answer(options: RunOptions, number: number, name: string): Promise<boolean> | boolean;
}

/** Waits as the script says; answers with what happened, in its order. */
async function play({ names = ['a'], auth, timeoutMs = 60_000, signal, answer }: Script) {
  const log: string[] = [];
  const numbers = new Map<string, number>();
  let running = 0;
  let most = 0;
  const check = async (options: RunOptions): Promise<Run> => {
    most = Math.max(most, ++running);
    const asked = options.environments.map(({ name }) => name);
    const counted = `${kindOf(options)} ${asked}`;
    const number = (numbers.get(counted) ?? 0) + 1;
    numbers.set(counted, number);
    log.push(`${counted} ${options.depth}`);
    try {
      const found = await Promise.all(
        asked.map(async (name): Promise<EnvironmentRun> => {
          const passes = await answer(options, number, name);
          const { depth, zoneFirst } = options;
          return { ...(passes ? healthy : wrongAddress), name, asked: { depth, ...(zoneFirst && { zoneFirst }) } };
        }),
      );
      options.signal.throwIfAborted();
      return run(...found);
    } finally {
      running -= 1;
    }
  };
  const waited = await waitForPass(
    {
      environments: names.map((name) => environment(name, auth)),
      depth: 'peer',
      version: 'test',
      signal: signal ?? new AbortController().signal,
      timeoutMs,
      passes: ({ verdict }) => verdict === 'pass',
      events: {
        onReason: ({ name, asked }) => void log.push(`${name} fails ${asked.zoneFirst ? 'quickly' : 'as a whole'}`),
        onReady: (name) => void log.push(`${name} ready`),
        onWhole: () => void log.push('begins'),
      },
    },
    { check, everyMs: 5 },
  );
  return { ...waited, log, most: () => most, running: () => running };
}

t.test('quick looks until one passes, then one whole check', async (t) => {
  const { end, run, log } = await play({ answer: (options, number) => !isQuick(options) || number > 2 });
  t.equal(end, 'passed');
  t.same(log, [
    'quick a wire',
    'a fails quickly',
    'quick a wire',
    'a fails quickly',
    'quick a wire',
    'a ready',
    'begins',
    'whole a peer',
  ]);
  t.same(run.environments[0]?.asked, { depth: 'peer' }, 'the report is of the whole check');
});

t.test('a whole check that fails goes back to quick looks', async (t) => {
  const { end, log } = await play({ answer: (options, number) => isQuick(options) || number > 1 });
  t.equal(end, 'passed');
  const round = ['quick a wire', 'a ready', 'begins', 'whole a peer'];
  t.same(log, [...round, 'a fails as a whole', ...round]);
});

t.test('a look that hangs keeps nobody: the next one begins, and what it says later is old news', async (t) => {
  let release = (_: boolean): void => {};
  const hanging = new Promise<boolean>((resolve) => {
    release = resolve;
  });
  const { end, log, most } = await play({
    answer: (options, number) => {
      if (!isQuick(options)) return true;
      if (number === 1) return hanging;
      if (number === 3) release(false);
      return number > 5;
    },
  });
  t.equal(end, 'passed');
  t.equal(most(), 2);
  t.equal(log.filter((line) => line === 'a fails quickly').length, 4, 'looks 2 to 5, and not the first');
});

t.test('with a ready token there is one connection at a time', async (t) => {
  const { most } = await play({
    auth: { token: 'x' },
    answer: async (_, number) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return number > 2;
    },
  });
  t.equal(most(), 1);
});

t.test('several are looked at each for itself, and pass all at once', async (t) => {
  const { end, log } = await play({
    names: ['a', 'b'],
    answer: (options, number, name) => (isQuick(options) ? name === 'a' || number > 2 : name === 'a' || number > 1),
  });
  t.equal(end, 'passed');
  t.equal(log.filter((line) => line === 'quick a wire').length, 1, 'who is ready is left in peace');
  t.same(
    log.filter((line) => line.startsWith('whole') || line.includes('as a whole')),
    ['whole a,b peer', 'b fails as a whole', 'whole a,b peer'],
  );
});

t.test('when the time is over, a last whole check says what is so', async (t) => {
  const { end, run, log, running } = await play({ timeoutMs: 40, answer: () => false });
  t.equal(end, 'over');
  t.same(log.slice(-2), ['whole a peer', 'a fails as a whole']);
  t.notOk(log.includes('begins'), 'nobody is told that it works');
  t.equal(run.environments[0]?.verdict, 'fail');
  t.equal(running(), 0);
  const late = await play({ timeoutMs: 40, answer: (options) => !isQuick(options) });
  t.equal(late.end, 'passed', 'also that it works after all');
});

t.test('an interruption ends all looks, and rejects', async (t) => {
  const interrupt = new AbortController();
  let looking = 0;
  const playing = play({
    signal: interrupt.signal,
    answer: async ({ signal }, number) => {
      looking += 1;
      if (number === 2) interrupt.abort();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      looking -= 1;
      return false;
    },
  });
  await t.rejects(playing, { name: 'AbortError' });
  t.equal(looking, 0, 'all are over');
});

t.test('a mistake of ours ends it', async (t) => {
  const playing = play({
    names: ['a', 'b'],
    answer: (_, number, name) => {
      if (name === 'a' && number === 2) throw new Error('a bug');
      return false;
    },
  });
  await t.rejects(playing, { message: 'a bug' });
});

t.test('what is not the deployment’s is not waited for', async (t) => {
  const own = environment('a');
  const unsupported = (kind: string): EnvironmentRun => ({
    ...healthy,
    verdict: 'inconclusive',
    paths: { udp: { required: true, reach: 'ok', peer: 'ok', media: 'unsupported' } },
    observations: [
      {
        id: 'browser',
        probe: 'browser',
        state: 'unsupported',
        startMs: 0,
        endMs: 1,
        facts: {},
        failure: { kind, message: '' },
      },
    ],
  });
  t.ok(neverHeals(own, unsupported('browser-launch')));
  t.notOk(neverHeals(own, unsupported('token-endpoint')), 'a backend may give tokens later');
  t.notOk(neverHeals(own, wrongAddress));
  const silent = { ...unsupported('browser-launch'), paths: { udp: { required: true, reach: 'failed' as const } } };
  t.notOk(neverHeals(own, silent), 'something else is missing, too');

  const refused = (code: string): EnvironmentRun => ({
    ...wrongAddress,
    findings: wrongAddress.findings.map((finding) => ({ ...finding, code })),
  });
  const ready = environment('a', { token: 'x' });
  t.ok(neverHeals(ready, refused('token-time-invalid')));
  t.notOk(neverHeals(ready, refused('token-key-unknown')), 'pods that are rolled read their keys again');
  t.notOk(neverHeals(own, refused('token-time-invalid')), 'the next one is made anew');
});

t.test('a token that will never do ends the wait at once', async (t) => {
  const check = async ({ depth, zoneFirst }: RunOptions): Promise<Run> =>
    run({
      ...wrongAddress,
      name: 'a',
      asked: { depth, ...(zoneFirst && { zoneFirst }) },
      findings: wrongAddress.findings.map((finding) => ({ ...finding, code: 'token-grant-missing' })),
    });
  const { end } = await waitForPass(
    {
      environments: [environment('a', { token: 'x' })],
      depth: 'wire',
      version: 'test',
      signal: new AbortController().signal,
      timeoutMs: 60_000,
      passes: () => false,
      events: { onReason() {}, onReady() {}, onWhole() {} },
    },
    { check, everyMs: 5 },
  );
  t.equal(end, 'hopeless');
});
