/** What the exporter answers to a request. It takes names of its configuration, and never an address. */
import { gunzipSync } from 'node:zlib';
import { type Depth, depths, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { Metrics } from './metrics.js';
import type { Served } from './protocol.js';
import type { Rounds, State } from './rounds.js';

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Content-Security-Policy; absent: nothing may be done. */
  readonly policy?: string;
}

export interface Exporter {
  readonly version: string;
  readonly rounds: Rounds;
  readonly metrics: Metrics;
  environments(): readonly Served[];
}

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of X-Prometheus-Scrape-Timeout-Seconds. */
  readonly scrapeTimeout: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

const text = (status: number, body: string): Answered => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
const page = (body: string, policy: string): Answered => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body,
  policy,
});

export async function answer(asked: Asked, exporter: Exporter): Promise<Answered> {
  const { path } = asked;
  if (path === '/') return statusPage(exporter);
  if (path === '/metrics') {
    const { metrics } = exporter;
    return { status: 200, type: metrics.contentType, body: await metrics.text() };
  }
  if (path === '/probe') return probe(asked, exporter);
  if (path === '/report') return report(asked, exporter);
  if (path === '/healthz') return text(200, 'ok');
  if (path === '/readyz') return ready(exporter);
  return text(
    404,
    'There are: /, /metrics, /probe?environment=NAME&depth=wire, /report?environment=NAME&depth=wire, /healthz, /readyz',
  );
}

/** Ready to tell something: each environment has had its first look on the wire. */
function ready({ rounds }: Exporter): Answered {
  const missing = rounds.states.filter(({ last, depth }) => depth === 'wire' && !last);
  if (missing.length === 0) return text(200, 'ok');
  return text(503, `${missing.length} of ${rounds.states.length} checks had no first run yet`);
}

async function statusPage(exporter: Exporter): Promise<Answered> {
  const { statusPageOf, statusPolicy } = await import('./status-page.js');
  return page(statusPageOf(exporter), statusPolicy);
}

/** Either what was asked for, or what is wrong with the question. */
function named({ query }: Asked, known: readonly Served[]): { environment: Served; depth: Depth } | Answered {
  const strange = [...query.keys()].find((key) => !['environment', 'depth', 'format'].includes(key));
  if (strange !== undefined) {
    return text(
      400,
      `There is no parameter "${printable(strange, 80)}": what is checked is named by environment=NAME, as livekit-doctor.yaml calls it, and depth=wire, peer or media. An address is never taken.`,
    );
  }
  const twice = ['environment', 'depth', 'format'].find((key) => query.getAll(key).length > 1);
  if (twice !== undefined) return text(400, `${twice} is given twice: one check at a time.`);
  const name = query.get('environment');
  const names = known.map((one) => one.name).join(', ');
  if (!name) return text(400, `Which environment? ?environment=NAME, of: ${names}`);
  const environment = known.find((one) => one.name === name);
  if (!environment) return text(404, `There is no environment "${printable(name, 80)}". There are: ${names}`);
  const depth = query.get('depth') ?? 'wire';
  if (!isDepth(depth)) return text(400, `There is no depth "${printable(depth, 80)}". There are: ${depths.join(', ')}`);
  return { environment, depth };
}

const isDepth = (word: string): word is Depth => (depths as readonly string[]).includes(word);

/** Prometheus gives up at its timeout: the answer must be there before. */
const spareMs = 500;
const usualMs = 30_000;
const mostMs = 120_000;

function timeoutMs(header: string | undefined): number {
  const seconds = Number(header);
  if (header === undefined || !Number.isFinite(seconds) || seconds <= 0) return usualMs;
  return Math.min(mostMs, Math.max(seconds * 500, seconds * 1000 - spareMs));
}

async function probe(asked: Asked, { rounds, metrics, environments }: Exporter): Promise<Answered> {
  const found = named(asked, environments());
  if ('status' in found) return found;
  const { environment, depth } = found;
  const over = new AbortController();
  const give = (): void => over.abort();
  asked.signal.addEventListener('abort', give, { once: true });
  const limitMs = timeoutMs(asked.scrapeTimeout);
  const timer = setTimeout(give, limitMs);
  const began = performance.now();
  try {
    const checking = rounds.checkNow(environment, depth, over.signal);
    if (!checking) {
      metrics.probed(depth, 'refused');
      return text(503, 'Too many checks wait for their turn already. Ask less often, or allow more at a time.');
    }
    // The run closes what it opened meanwhile.
    const run = await Promise.race([checking.then((checked) => checked.run), aborted(over.signal)]);
    metrics.probed(depth, run.environments[0]?.verdict ?? 'inconclusive');
    return measured(await metricsOf(run), metrics);
  } catch (error) {
    const timedOut = over.signal.aborted;
    metrics.probed(depth, timedOut ? 'timeout' : 'lost');
    const seconds = (performance.now() - began) / 1000;
    const why = timedOut
      ? `the check did not end in ${limitMs} ms: give it a longer scrape_timeout`
      : printable((error as Error).message, 300);
    return measured(await metricsOfNothing(environment, depth, seconds, why), metrics);
  } finally {
    clearTimeout(timer);
    asked.signal.removeEventListener('abort', give);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void => reject(new Error('it was not ready in time'));
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
  });
}

const measured = (body: string, { contentType }: Metrics): Answered => ({ status: 200, type: contentType, body });

async function metricsOf(run: Run): Promise<string> {
  const { registryOf } = await import('../reporters/prometheus.js');
  return registryOf([run]).metrics();
}

/** As the blackbox exporter: what did not end in time did not succeed, and the target is up. */
async function metricsOfNothing(environment: Served, depth: Depth, seconds: number, why: string): Promise<string> {
  const { emptyRegistry } = await import('./no-result.js');
  return `# ${why}\n${await emptyRegistry(environment.name, depth, seconds).metrics()}`;
}

async function report(asked: Asked, { rounds, environments }: Exporter): Promise<Answered> {
  const found = named(asked, environments());
  if ('status' in found) return found;
  const { environment, depth } = found;
  const format = asked.query.get('format') ?? 'html';
  if (format !== 'html' && format !== 'json') {
    return text(400, `There is no format "${printable(format, 80)}". There are: html, json`);
  }
  const state = rounds.states.find((one) => one.environment.name === environment.name && one.depth === depth);
  if (!state?.last) return text(404, whyNoReport(state, depth));
  const document = gunzipSync(state.last.document).toString();
  if (format === 'json') return { status: 200, type: 'application/json; charset=utf-8', body: document };
  const { pageOf, policy } = await import('../reporters/html/page.js');
  return page(pageOf([JSON.parse(document) as Run]), policy);
}

function whyNoReport(state: State | undefined, depth: Depth): string {
  if (state) return 'It was not checked yet.';
  return `It is not checked at the depth ${depth} by itself: give it schedule: { ${depth}: 15m } in livekit-doctor.yaml.`;
}
