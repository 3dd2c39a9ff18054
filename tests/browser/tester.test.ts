/** Tests of the tester: where what is shown or said is wrong in a real browser, the check must fail. */
import { type Browser, chromium, type Page } from 'playwright';
import t from 'tap';
import type { Part, PartReport } from '../../browser/exchange.js';
import { findBrowser } from '../../browser/executable.js';
import { canSandbox, launchArguments } from '../../browser/launch.js';
import { servePage } from '../../browser/page-server.js';
import { type Exchange, openPage, permissions } from '../../browser/participants.js';
import { redactor as newRedactor } from '../../evidence/redaction.js';
import { allPaths } from '../../evidence/run.js';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { probes } from '../../probes/index.js';
import { exchangeOf } from '../../probes/media.js';
import { contentFailure } from '../../probes/media-content.js';
import type { Known, Probe } from '../../probes/probe.js';
import { observeEnvironment } from '../../run/planner.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

/** Scripts that a page runs before it makes its picture and voice. */
const wrong = {
  /** A camera that hangs: frames go on to be made, and all show the same. */
  'the picture stands still': () => {
    const native = HTMLCanvasElement.prototype.captureStream;
    HTMLCanvasElement.prototype.captureStream = function (rate) {
      const still = document.createElement('canvas');
      still.width = this.width;
      still.height = this.height;
      const context = still.getContext('2d');
      const first = document.createElement('canvas');
      first.width = this.width;
      first.height = this.height;
      first.getContext('2d')?.drawImage(this, 0, 0);
      setInterval(() => context?.drawImage(first, 0, 0), 50);
      return native.call(still, rate);
    };
  },
  'the voice is silent': () => {
    OscillatorNode.prototype.start = () => {};
  },
  'the picture is empty': () => {
    const native = HTMLCanvasElement.prototype.captureStream;
    HTMLCanvasElement.prototype.captureStream = function (rate) {
      const other = document.createElement('canvas');
      other.width = this.width;
      other.height = this.height;
      let hue = 0;
      const context = other.getContext('2d');
      setInterval(() => {
        hue += 10;
        if (context) context.fillStyle = `hsl(${hue} 90% 50%)`;
        context?.fillRect(0, 0, 999, 999);
      }, 50);
      return native.call(other, rate);
    };
  },
};

t.test('in a network of our own', { timeout: 110_000 }, async (t) => {
  if (!(await inOwnNamespace(t, import.meta.url))) return;
  const embedded = await startEmbedded();
  t.teardown(() => embedded.stop());
  const server = await servePage();
  t.teardown(() => server.close());

  let known: Known | undefined;
  const keeper: Probe = {
    name: 'keeper',
    depth: 'wire',
    deadlineMs: 1000,
    targets: ({ observations }) =>
      observations.has('ice-udp:127.0.0.1:7882') ? [{ id: 'keeper' }] : { waitingFor: 'ice-udp' },
    observe: async (_, tools) => {
      known = tools.known;
      return { state: 'ok', facts: {} };
    },
  };
  await observeEnvironment({
    environment: embedded.environment,
    probes: [...probes.filter(({ depth }) => depth === 'wire'), keeper],
    depth: 'wire',
    paths: allPaths,
    redactor: newRedactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
  if (!known) throw new Error('the wire probes did not reach UDP');
  const seen = known;

  const browser: Browser = await chromium.launch({
    executablePath: findBrowser()?.executable ?? '',
    args: launchArguments({ names: [], trustedKeys: [] }),
    chromiumSandbox: canSandbox(),
  });
  t.teardown(() => browser.close());
  // Without the front that ends TLS: this is about what is seen and heard.
  const url = `ws://127.0.0.1:${embedded.ports.http}`;
  const open = async (script?: () => void): Promise<Page> => {
    const context = await browser.newContext({ permissions });
    if (script) await context.addInitScript(script);
    return openPage(context, server);
  };

  /** The caller is as it should be; what the callee shows and sounds like is not. */
  const meet = async (
    callee: Page,
    { publishes = 'callee', nonce }: { publishes?: 'caller' | 'callee'; nonce?: number } = {},
  ) => {
    const caller = await open();
    const exchange: Exchange = {
      ...(await exchangeOf({ id: '', path: 'udp' }, seen, newRedactor())),
      url,
      deadlineMs: 5000,
    };
    const { tokens, ...common } = exchange;
    const take = (page: Page, part: Part): Promise<PartReport> =>
      page.evaluate((one) => globalThis.doctor.take(one), part);
    const [report] = await Promise.all([
      take(caller, { ...common, side: 'caller', token: tokens.caller, publish: true }),
      take(callee, { ...common, ...(nonce && { nonce }), side: publishes, token: tokens.callee, publish: true }),
    ]);
    await Promise.all([caller, callee].map((page) => page.context().close()));
    return { phase: report.phase, failure: contentFailure('caller', report.received), received: report.received };
  };

  const good = await meet(await open());
  t.match(good, { phase: 'done', failure: undefined });
  t.ok((good.received.picture?.fresh ?? 0) >= 3 && (good.received.voice?.voiced ?? 0) >= 3);
  t.ok((good.received.picture?.latencyMs ?? -1) > 0, 'and the delay is measured');

  // Each of these takes until its deadline, so they wait together, as many as two cores can bear.
  const [frozen, silent, empty] = await Promise.all([
    open(wrong['the picture stands still']).then((page) => meet(page)),
    open(wrong['the voice is silent']).then((page) => meet(page)),
    open(wrong['the picture is empty']).then((page) => meet(page)),
  ]);
  t.match(frozen, { phase: 'receive', failure: { kind: 'frozen-video' } });
  t.ok((frozen.received.framesDecoded ?? 0) > 10, 'although frames go on to be decoded');
  t.match(silent, { phase: 'receive', failure: { kind: 'no-audio' } });
  t.match(empty, { phase: 'receive', failure: { kind: 'unreadable-video' } });

  const [swapped, stale] = await Promise.all([
    open().then((page) => meet(page, { publishes: 'caller' })),
    open().then((page) => meet(page, { nonce: 12345 })),
  ]);
  const wrongVideo = { phase: 'receive', failure: { kind: 'wrong-video' } };
  t.match(swapped, { ...wrongVideo, received: { voice: { voiced: 0 } } }, "somebody else's picture and voice");
  t.match(stale, wrongVideo, 'of another run');
});
