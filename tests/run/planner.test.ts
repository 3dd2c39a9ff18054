import t from 'tap';
import { redactor } from '../../evidence/redaction.js';
import type { Observation } from '../../evidence/run.js';
import { allPaths } from '../../evidence/run.js';
import type { Outcome, Probe, Target } from '../../probes/probe.js';
import { gate } from '../../run/gate.js';
import { observeEnvironment, type Plan } from '../../run/planner.js';

const environment = { name: 'x', url: new URL('wss://x.test'), auth: { token: 'a-ready-token' }, claims: {} };

function plan(probes: Probe[], more: Partial<Plan> = {}): Promise<Observation[]> {
  return observeEnvironment({
    environment,
    probes,
    depth: 'media',
    paths: allPaths,
    redactor: redactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
    ...more,
  });
}

const ok = async (): Promise<Outcome> => ({ state: 'ok', facts: {} });

function probe(name: string, more: Partial<Probe> = {}): Probe {
  return { name, depth: 'wire', deadlineMs: 1000, targets: () => [{ id: name }], observe: ok, ...more };
}

/** Ready once `first` was observed. */
function after(name: string, first: string, more: Partial<Probe> = {}): Probe {
  return probe(name, {
    targets: ({ observations }) =>
      observations.get(first)?.state === 'ok' ? [{ id: name }] : [{ id: name, waitingFor: first }],
    ...more,
  });
}

const byId = (observations: Observation[]) => Object.fromEntries(observations.map((one) => [one.id, one]));
const states = (observations: Observation[]) =>
  Object.fromEntries(observations.map(({ id, state }) => [id, state]).sort());

t.test('whatever the order of the index, what waits starts when it can', async (t) => {
  const order: string[] = [];
  const note = (name: string) => async (): Promise<Outcome> => {
    order.push(name);
    return { state: 'ok', facts: {} };
  };
  const found = await plan([
    after('third', 'second', { observe: note('third') }),
    after('second', 'first', { observe: note('second') }),
    probe('first', { observe: note('first') }),
  ]);
  t.same(order, ['first', 'second', 'third']);
  t.same(states(found), { first: 'ok', second: 'ok', third: 'ok' });
});

t.test('what never became possible is unreached and names what it waited for', async (t) => {
  const fails = probe('first', {
    observe: async () => ({ state: 'failed', facts: {}, failure: { kind: 'timeout', message: 'silence' } }),
  });
  const found = byId(await plan([fails, after('second', 'first'), after('third', 'second')]));
  t.match(found.second, { state: 'unreached', waitedFor: 'first' });
  t.match(found.third, { state: 'unreached', waitedFor: 'second' });
});

t.test('unsupported is inherited with its reason, and is not unreached', async (t) => {
  const failure = { kind: 'browser-missing', message: 'no browser' };
  const browser = probe('browser', { observe: async () => ({ state: 'unsupported', facts: {}, failure }) });
  const found = byId(await plan([after('media', 'browser'), after('plots', 'media'), browser]));
  t.match(found.media, { state: 'unsupported', failure });
  t.match(found.plots, { state: 'unsupported', failure });
});

t.test('probes that wait for each other in a circle end as unreached', async (t) => {
  t.same(states(await plan([after('a', 'b'), after('b', 'a')])), { a: 'unreached', b: 'unreached' });
});

t.test('targets are asked for again when more is shared or changed', async (t) => {
  const session = { candidates: [] as string[] };
  const signal = probe('signal', {
    observe: async (_target, tools) => {
      tools.share('iceSession', session as never);
      for (const candidate of ['one', 'two']) {
        session.candidates.push(candidate);
        tools.changed();
      }
      return { state: 'ok', facts: {} };
    },
  });
  const ice = probe('ice', {
    targets: ({ shared }) =>
      shared.iceSession
        ? (shared.iceSession as unknown as typeof session).candidates.map((id) => ({ id: `ice:${id}` }))
        : { waitingFor: 'signal' },
  });
  t.same(states(await plan([ice, signal])), { signal: 'ok', 'ice:one': 'ok', 'ice:two': 'ok' });
  t.same(states(await plan([ice])), { ice: 'unreached' });
});

t.test('a probe is stopped at its deadline, and one that ignores it is left behind', async (t) => {
  const polite = probe('polite', {
    deadlineMs: 20,
    observe: (_target, { signal }) =>
      new Promise((resolve) => {
        const failure = { kind: 'timeout', message: 'silence' };
        signal.addEventListener('abort', () => resolve({ state: 'failed', facts: { sent: 14 }, failure }));
      }),
  });
  const deaf = probe('deaf', { deadlineMs: 20, observe: () => new Promise(() => {}) });
  const found = byId(await plan([polite, deaf]));
  t.match(found.polite, { state: 'failed', facts: { sent: 14 }, failure: { kind: 'timeout' } });
  t.match(found.deaf, { state: 'failed', failure: { kind: 'deadline' } });
});

t.test('an exception is an observation and harms nobody else', async (t) => {
  const throws = probe('throws', {
    observe: async () => {
      throw new Error('a bug');
    },
  });
  const found = byId(await plan([throws, probe('other')]));
  t.match(found.throws, { state: 'failed', failure: { kind: 'internal', message: 'a bug' } });
  const cannotTell = probe('cannot-tell', {
    targets({ observations }) {
      if (observations.has('other')) throw new Error('a bug');
      return { waitingFor: 'other' };
    },
  });
  const told = byId(await plan([cannotTell, probe('other'), after('another', 'other')]));
  t.match(told['cannot-tell'], { state: 'failed', failure: { kind: 'internal', message: 'a bug' } });
  t.equal(told.another?.state, 'ok');
  t.equal(found.other?.state, 'ok');
});

t.test('what this machine does not give is no failure of anybody else', async (t) => {
  const lacking = (code: string) =>
    Object.assign(new Error(`${code}: too many open files, open '/x'`), { code, syscall: 'open' });
  const failing = (name: string, kind: string, message: string) =>
    probe(name, { observe: async () => ({ state: 'failed', facts: { seen: 1 }, failure: { kind, message } }) });
  const throwing = probe('throws', {
    observe: async () => {
      throw lacking('EMFILE');
    },
  });
  const found = byId(
    await plan([
      throwing,
      failing('socket', 'unreachable', 'TCP connection to 192.0.2.1 port 443: EMFILE'),
      failing('network', 'unreachable', 'TCP connection to 192.0.2.1 port 443: EHOSTUNREACH'),
      failing('server', 'http', 'it answered 500: EMFILE'),
    ]),
  );
  t.match(found.throws, { state: 'unsupported', failure: { kind: 'machine', message: /no open file left/ } });
  t.match(found.socket, { state: 'unsupported', facts: { seen: 1 }, failure: { kind: 'machine' } });
  t.match(found.network, { state: 'failed', failure: { kind: 'unreachable' } });
  t.match(found.server, { state: 'failed', failure: { kind: 'http' } }, 'a server may lack it, too');
});

t.test('depth and path leave out what was not asked for', async (t) => {
  const probes = [
    probe('ice-udp', { paths: ['udp'] }),
    probe('turn-tls', { paths: ['turn-tls'] }),
    probe('media', { depth: 'media' }),
  ];
  t.same(states(await plan(probes, { depth: 'wire', paths: ['udp'] })), { 'ice-udp': 'ok' });
});

t.test('--only takes what it waits for along, and nothing else', async (t) => {
  const probes = [probe('dns'), after('tls', 'dns'), after('signal', 'dns'), after('ice', 'signal')];
  t.same(states(await plan(probes, { only: ['ice'] })), { dns: 'ok', signal: 'ok', ice: 'ok' });
});

t.test('a path that the environment cannot have here is unsupported, with what depends on it', async (t) => {
  const reason = 'port 443 cannot be bound';
  const found = byId(
    await plan([probe('turn-tls', { paths: ['turn-tls'] }), after('media:turn-tls', 'turn-tls')], {
      environment: { ...environment, unsupportedPaths: { 'turn-tls': reason } },
    }),
  );
  t.match(found['turn-tls'], { state: 'unsupported', failure: { message: reason } });
  t.match(found['media:turn-tls'], { state: 'unsupported', failure: { message: reason } });
});

t.test('secrets that a probe came to know are in no observation', async (t) => {
  const leaks = probe('leaks', {
    observe: async (_target, { redactor }) => {
      redactor.add('hunter2-hunter2');
      return {
        state: 'failed',
        facts: { body: 'hunter2-hunter2' },
        failure: { kind: 'http', message: 'not hunter2-hunter2' },
      };
    },
  });
  t.notMatch(JSON.stringify(await plan([leaks])), 'hunter2');
});

t.test('what a server calls secret takes none of our own words away', async (t) => {
  const signal = probe('signal', {
    observe: async (_target, { redactor }) => {
      for (const word of ['failed', 'timeout', 'ice-udp']) redactor.add(word);
      return { state: 'ok', facts: {} };
    },
  });
  const ice = after('ice-udp:192.0.2.1', 'signal', {
    observe: async () => ({ state: 'failed', facts: {}, failure: { kind: 'timeout', message: 'timeout' } }),
  });
  const relies = probe('relies', {
    targets: ({ observations }) =>
      observations.has('ice-udp:192.0.2.1') ? [{ id: 'relies' }] : { waitingFor: 'ice-udp:192.0.2.1' },
  });
  const found = await plan([signal, ice, relies]);
  t.match(
    found.find(({ probe }) => probe.startsWith('ice-udp')),
    { state: 'failed', failure: { kind: 'timeout', message: '[redacted]' } },
  );
  t.equal(byId(found).relies?.state, 'ok', 'and it is still known by its id');
});

t.test('cleanups run in reverse, each once, also when one fails and when the run is cancelled', async (t) => {
  for (const cancel of [false, true]) {
    const cleaned: string[] = [];
    const run = new AbortController();
    const opens = probe('opens', {
      observe: async (_target, tools) => {
        tools.onEnd(() => void cleaned.push('first'));
        tools.onEnd(() => Promise.reject(new Error('will not close')));
        tools.onEnd(() => void cleaned.push('last'));
        if (cancel) run.abort();
        return { state: 'ok', facts: {} };
      },
    });
    const found = await plan([opens, after('never', 'opens')], { signal: run.signal });
    t.same(cleaned, ['last', 'first']);
    t.equal(byId(found).never?.state, cancel ? 'unreached' : 'ok');
  }
});

t.test('what is still said while everything is being closed starts nothing', async (t) => {
  const session = { candidates: ['one'] };
  const looked: string[] = [];
  const closed: string[] = [];
  const opens = probe('opens', {
    observe: async (_target, tools) => {
      tools.share('iceSession', session as never);
      tools.onEnd(() => {
        session.candidates.push('two');
        tools.changed();
        tools.onEnd(() => void closed.push('late'));
      });
      return { state: 'ok', facts: {} };
    },
  });
  const ice = probe('ice', {
    targets: ({ shared }) => (shared.iceSession ? session.candidates.map((id) => ({ id: `ice:${id}` })) : []),
    observe: async ({ id }) => {
      looked.push(id);
      return { state: 'ok', facts: {} };
    },
  });
  t.same(states(await plan([opens, ice])), { opens: 'ok', 'ice:one': 'ok' });
  t.same(looked, ['ice:one']);
  t.same(closed, ['late'], 'and what is opened then is closed');
});

t.test('environments take turns at what is deeper than the wire, and at nothing else', async (t) => {
  for (const cancel of [false, true]) {
    const turns = gate(1);
    const events: string[] = [];
    const run = new AbortController();
    const environmentOf = (name: string): Promise<Observation[]> => {
      const wire = probe('wire', {
        observe: async () => {
          events.push(`${name} wire`);
          return { state: 'ok', facts: {} };
        },
      });
      const media = after('media', 'wire', {
        depth: 'media',
        observe: async (_target, tools) => {
          events.push(`${name} media`);
          tools.onEnd(() => void events.push(`${name} closed`));
          if (cancel) run.abort();
          return { state: 'ok', facts: {} };
        },
      });
      return plan([wire, media], { gate: turns, signal: run.signal });
    };
    await Promise.all(['a', 'b', 'c'].map(environmentOf));
    const wires = ['a wire', 'b wire', 'c wire'];
    const deep = (name: string): string[] => [`${name} media`, `${name} closed`];
    t.same(events, [...wires, ...(cancel ? deep('a') : ['a', 'b', 'c'].flatMap(deep))]);
  }
});

t.test(
  'an environment that waits for silence, or for an agent, keeps none of the others from their turn',
  async (t) => {
    const turns = gate(1);
    const events: string[] = [];
    let silence: () => void = () => {};
    const silent = new Promise<void>((resolve) => {
      silence = resolve;
    });
    const says = (what: string, until?: Promise<void>) => async (): Promise<Outcome> => {
      events.push(what);
      await until;
      return { state: 'ok', facts: {} };
    };
    const waiting = [
      probe('browser', { depth: 'media', observe: says('a browser') }),
      probe('agent', { depth: 'media', waits: true, observe: says('a agent', silent) }),
      probe('ice', { observe: says('a ice', silent) }),
      after('media', 'ice', { depth: 'media', observe: says('a media') }),
    ];
    const healthy = [
      probe('browser', { depth: 'media', observe: says('b browser') }),
      after('media', 'browser', {
        depth: 'media',
        observe: async () => {
          silence();
          return says('b media')();
        },
      }),
    ];
    const found = await Promise.all([waiting, healthy].map((probes) => plan(probes, { gate: turns })));
    t.same(events, ['a agent', 'a ice', 'a browser', 'b browser', 'b media', 'a media']);
    for (const observations of found) t.ok(observations.every(({ state }) => state === 'ok'));
  },
);

t.test('a peer that lists thousands of addresses does not start thousands of checks', async (t) => {
  const many: Target[] = Array.from({ length: 5000 }, (_, i) => ({ id: `ice:${i}` }));
  t.equal((await plan([probe('ice', { targets: () => many })])).length, 256);
});
