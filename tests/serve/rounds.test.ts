/** The rounds of checks, with runs that are handed in: what is repeated, what counts, and what is left out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import type { EnvironmentRun } from '../../evidence/run.js';
import type { Served } from '../../serve/protocol.js';
import { type RoundEvents, type Rounds, startRounds } from '../../serve/rounds.js';
import type { Checked, CheckRequest, Workers } from '../../serve/workers.js';
import { healthy, run, wrongAddress } from '../samples.js';

const failing: EnvironmentRun = { ...wrongAddress, name: 'staging' };
const served = (name: string, periodMs = 3_600_000): Served => ({
  name,
  url: 'wss://x.test/',
  periods: { wire: periodMs },
  packed: name,
});

const checked = (environment: EnvironmentRun): Checked => ({
  kind: 'checked',
  id: 1,
  run: run(environment),
  document: new Uint8Array(),
  usage: { rssBytes: 1 },
});

interface Going {
  readonly rounds: Rounds;
  readonly told: string[];
  until(line: string): Promise<void>;
}

function start(t: Test, check: (request: CheckRequest) => Promise<Checked>, wire = 8): Going {
  const told: string[] = [];
  const events: RoundEvents = {
    onRun: (_, { verdict }) => told.push(`run ${verdict}`),
    onSettled: ({ last }) => told.push(`settled ${last?.settled.verdict}${last?.settled.flapped ? ', flapped' : ''}`),
    onMissed: (_, slots, why) => told.push(`missed ${slots} ${why}`),
    onLost: (_, why) => told.push(`lost ${why}`),
    onNotKept: (why) => told.push(`not kept ${why}`),
  };
  const workers = { check } as Workers;
  const rounds = startRounds({ workers, limits: { wire, deep: 1 }, events, random: () => 0 });
  t.teardown(() => rounds.stop());
  return {
    rounds,
    told,
    async until(line) {
      for (let i = 0; i < 500 && !told.includes(line); i += 1) await sleep(20);
      t.ok(told.includes(line), `${line} among ${told.join('; ')}`);
    },
  };
}

test('one that fails and passes at once has flapped, and both runs are told', async (t) => {
  const runs = [failing, healthy];
  const { rounds, told, until } = start(t, async () => checked(runs.shift() ?? healthy));
  rounds.replace([served('staging')]);
  await until('settled pass, flapped');
  t.same(told, ['run fail', 'run pass', 'settled pass, flapped']);
  t.same(
    rounds.states[0]?.last?.settled.unconfirmed.map(({ code }) => code),
    ['media-address-wrong'],
  );
});

test('an outage is confirmed once, and one run that passes ends it', async (t) => {
  const runs = [failing, failing, failing, healthy];
  const { rounds, told, until } = start(t, async () => checked(runs.shift() ?? healthy));
  rounds.replace([served('staging', 1000)]);
  await until('settled pass');
  t.same(told.slice(0, 7), [
    'run fail',
    'run fail',
    'settled fail',
    'run fail',
    'settled fail',
    'run pass',
    'settled pass',
  ]);
});

test('a slot is left out while the one before goes on or waits, and nothing piles up', async (t) => {
  const going: { name: string; end: () => void }[] = [];
  t.teardown(() => {
    for (const { end } of going) end();
  });
  const { rounds, told, until } = start(
    t,
    ({ environment: { name } }) =>
      new Promise((resolve) => going.push({ name, end: () => resolve(checked({ ...healthy, name })) })),
    1,
  );
  rounds.replace([served('first', 1000), served('second', 1000)]);
  await until('missed 1 running');
  await until('missed 1 waiting');
  t.same(
    going.map(({ name }) => name),
    ['first'],
    'one at a time',
  );
  t.same(rounds.queue().wire, { running: 1, waiting: 1 });
  going[0]?.end();
  await until('settled pass');
  for (let i = 0; i < 100 && going.length < 2; i += 1) await sleep(20);
  t.equal(going[1]?.name, 'second', 'in turn');
  t.notOk(told.some((line) => line.startsWith('lost')));
});

test('a run that gives nothing is told, and the next one comes', async (t) => {
  let count = 0;
  const { rounds, until } = start(t, async () => {
    count += 1;
    if (count === 1) throw new Error('the process that checked has ended (SIGSEGV)');
    return checked(healthy);
  });
  rounds.replace([served('staging', 1000)]);
  await until('lost the process that checked has ended (SIGSEGV)');
  await until('settled pass');
});

test('another configuration: what stays keeps what is known of it, what goes is cancelled', async (t) => {
  let cancelled = false;
  const { rounds, told, until } = start(t, async ({ environment: { name }, signal }) => {
    if (name === 'staging') return checked(healthy);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        cancelled = true;
        reject(signal.reason);
      });
    });
  });
  // The second place begins after more than half of the first minute, so that this one is the first.
  rounds.replace([served('other', 1000), served('staging', 1000)]);
  await until('settled pass');
  const known = rounds.states.find(({ environment }) => environment.name === 'staging')?.last;
  rounds.replace([served('staging', 1000)]);
  t.ok(cancelled);
  t.equal(rounds.states.length, 1);
  t.equal(rounds.states[0]?.last?.since, known?.since);
  t.notOk(
    told.some((line) => line.startsWith('lost')),
    'what nobody wants is no loss',
  );
});

test('on demand: no more than so many wait, and whoever gives up is out of the queue', async (t) => {
  const { rounds } = start(
    t,
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    1,
  );
  const asked = Array.from({ length: 60 }, () => {
    const controller = new AbortController();
    return { controller, checking: rounds.checkNow(served('staging'), 'wire', controller.signal) };
  });
  const taken = asked.filter(({ checking }) => checking !== undefined);
  t.equal(taken.length, 50);
  for (const { controller } of taken) controller.abort(new Error('nobody waits'));
  const ends = await Promise.allSettled(taken.map(({ checking }) => checking));
  t.ok(ends.every((end) => end.status === 'rejected' && end.reason.message === 'nobody waits'));
  t.same(rounds.queue().wire, { running: 0, waiting: 0 });
});
