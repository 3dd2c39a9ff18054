/** A real Firefox calls a real Chromium over a real livekit-server, by each path, and nothing of it stays behind. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { findBrowser } from '../../browser/executable.js';
import { findFirefox } from '../../browser/firefox-executable.js';
import type { Exchange } from '../../browser/participants.js';
import type { Environment } from '../../environment/environment.js';
import type { MediaFacts } from '../../evidence/facts.js';
import { redactor as newRedactor } from '../../evidence/redaction.js';
import { allPaths, type Observation, type Path } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { probes } from '../../probes/index.js';
import { exchangeOf } from '../../probes/media.js';
import { judgeExchange } from '../../probes/media-outcome.js';
import type { Outcome, Probe } from '../../probes/probe.js';
import { observeEnvironment, type Plan } from '../../run/planner.js';
import { ownDirectory, untilNothingRemains } from '../fixtures/left-behind.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const paths = ['udp', 'tcp', 'turn-udp', 'turn-tls'] as const;
const turnTls = 'turns:turn.livekit.doctor.test:443?transport=tcp';
const browsers = { caller: 'firefox', callee: 'chromium' } as const;

function look(environment: Environment, more: readonly Probe[] = [], plan: Partial<Plan> = {}): Promise<Observation[]> {
  return observeEnvironment({
    environment: { ...environment, claims: { ...environment.claims, browsers: ['chromium', 'firefox'] } },
    probes: [...probes.filter(({ name }) => name !== 'peer'), ...more],
    depth: 'media',
    paths: allPaths,
    redactor: newRedactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
    ...plan,
  });
}

const byId = (observations: readonly Observation[], id: string): Observation | undefined =>
  observations.find((one) => one.id === id);

/** Meets as it is told, as soon as the Firefox is there. */
function tester(work: (meet: (path: Path, change?: Partial<Exchange>) => Promise<Outcome>) => Promise<void>): Probe {
  const redactor = newRedactor();
  return {
    name: 'tester',
    depth: 'media',
    deadlineMs: 60_000,
    targets: ({ shared }) => (shared.firefox ? [{ id: 'tester' }] : { waitingFor: 'browser:firefox' }),
    async observe(_, { known, signal }) {
      const { browser } = known.shared;
      if (!browser) return { state: 'unreached', facts: {}, waitedFor: 'browser' };
      await work(async (path, change) => {
        const turnUrl = path === 'turn-tls' ? { turnUrl: turnTls } : {};
        const exchange = await exchangeOf({ id: '', path, ...turnUrl }, known, redactor);
        const reports = await browser.exchange({ ...exchange, browsers, ...change }, signal);
        return judgeExchange({ path, ...turnUrl, browser, reports, startMs: 0 });
      });
      return { state: 'ok', facts: {} };
    },
  };
}

t.test('in a network of our own', { timeout: 180_000 }, async (t) => {
  if (!(await inOwnNamespace(t, import.meta.url))) return;
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const { environment } = embedded;

  t.test('Firefox calls Chromium by each path, and trusts nothing that was not verified', async (t) => {
    const directory = ownDirectory(t);
    const judged = new Map<string, Outcome>();
    const observations = await look(environment, [
      tester(async (meet) => {
        const one = async (name: string, outcome: Promise<Outcome>): Promise<void> => {
          judged.set(name, await outcome);
        };
        await Promise.all(paths.map((path) => one(path, meet(path))));
        await Promise.all([
          one('by another name', meet('udp', { url: 'wss://127.0.77.1/', deadlineMs: 2500 })),
          one('a name that was not seen', meet('udp', { url: 'wss://other.doctor.test/', deadlineMs: 2500 })),
          one('a path that is not offered', meet('turn-tcp', { deadlineMs: 2500 })),
        ]);
      }),
    ]);

    const firefox = byId(observations, 'browser:firefox');
    t.match(firefox, { failure: undefined, state: 'ok', facts: { name: 'firefox', origin: findFirefox()?.origin } });
    const untilMs = Math.max(...observations.filter(({ id }) => /^media:[^:]+$/.test(id)).map(({ endMs }) => endMs));
    t.ok((firefox?.startMs ?? 0) >= untilMs, 'it starts when Chromium has done its part');
    for (const path of paths) {
      const outcome = judged.get(path);
      t.match(outcome, { failure: undefined, state: 'ok' }, path);
      const facts = outcome?.facts as MediaFacts | undefined;
      for (const side of [facts?.caller, facts?.callee]) {
        const local = side?.selected.map(({ local }) => local) ?? [];
        t.ok(local.length > 0);
        for (const { candidateType, protocol, relayProtocol } of local) {
          const relayed = path.startsWith('turn-');
          t.equal(candidateType === 'relay', relayed, `${candidateType} for ${path}`);
          t.equal(relayed ? relayProtocol : protocol, path.replace('turn-', ''));
        }
      }
    }
    const failure = { kind: 'join', message: /the caller failed while joining/ };
    t.match(judged.get('by another name'), { state: 'failed', failure }, 'a certificate counts where it was seen');
    t.match(judged.get('a name that was not seen'), { state: 'failed', failure });
    t.match(judged.get('a path that is not offered'), { state: 'failed', failure: { kind: 'timeout' } });
    t.same(await untilNothingRemains(directory), [], 'nothing stays behind');
  });

  t.test('without a Firefox the rest still runs', async (t) => {
    const { LIVEKIT_DOCTOR_FIREFOX } = process.env;
    t.teardown(() => {
      if (LIVEKIT_DOCTOR_FIREFOX === undefined) delete process.env.LIVEKIT_DOCTOR_FIREFOX;
      else process.env.LIVEKIT_DOCTOR_FIREFOX = LIVEKIT_DOCTOR_FIREFOX;
    });
    for (const [named, failure] of [
      ['/nowhere/firefox', { kind: 'browser-missing', message: /\/nowhere\/firefox/ }],
      ['/bin/false', { kind: 'browser-launch', message: /Firefox does not start/ }],
    ] as const) {
      process.env.LIVEKIT_DOCTOR_FIREFOX = named;
      const observations = await look(environment, [tester(async () => {})]);
      t.match(byId(observations, 'browser'), { state: 'ok' });
      t.match(byId(observations, 'browser:firefox'), { state: 'unsupported', failure }, named);
      t.match(byId(observations, 'tester'), { state: 'unsupported', failure }, 'and so is what needs it');
      t.match(byId(observations, 'media:udp'), { state: 'ok' }, 'while Chromium does its part');
    }
  });

  t.test('a run that is cancelled or dies leaves nothing behind', async (t) => {
    const directory = ownDirectory(t);
    const controller = new AbortController();
    const onTarget = (_: string, id: string): void => {
      if (id === 'browser:firefox') setTimeout(() => controller.abort(), 500);
    };
    await look(environment, [], { signal: controller.signal, events: { onTarget } });
    t.ok(controller.signal.aborted);
    t.same(await untilNothingRemains(directory), [], 'cancelled while it starts');

    const driver = new URL('../../browser/driver.ts', import.meta.url).href;
    const chromium = { executable: findBrowser()?.executable, names: [], trustedKeys: [] };
    const firefox = { ...findFirefox(), names: [{ host: 'a.test', address: '127.0.0.1' }], trustedCertificates: [] };
    const dying = (wait: string): string => `
      import { startBrowser } from ${JSON.stringify(driver)};
      const browser = await startBrowser(${JSON.stringify(chromium)}).ready;
      const starting = browser.startOther({ browser: 'firefox', options: ${JSON.stringify(firefox)} });
      ${wait}
      console.log('started');
      process.kill(process.pid, 'SIGKILL');`;
    const soon = 'await new Promise((resolve) => setTimeout(resolve, 500));';
    const scripts = t.testdir({ 'dies.mjs': dying('await starting;'), 'dies-early.mjs': dying(soon) });
    for (const name of ['dies.mjs', 'dies-early.mjs']) {
      const parameters = [...process.execArgv, join(scripts, name)];
      const error = await promisify(execFile)(process.execPath, parameters).catch((one) => one);
      t.match(error, { signal: 'SIGKILL', stdout: /started/ }, name);
      t.same(await untilNothingRemains(directory), [], name);
    }
  });
});
