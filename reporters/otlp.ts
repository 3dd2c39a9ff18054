/**
 * OpenTelemetry: the run as a trace and as metrics, sent over HTTP as protobuf when it has ended
 * (opentelemetry.io/docs/specs/otel/protocol/exporter).
 */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { gaugesOf } from './otlp/metrics.js';
import { spansOf } from './otlp/trace.js';
import type { ReporterFactory, ReporterOptions } from './reporter.js';

type Env = ReporterOptions['env'];
type Signal = 'TRACES' | 'METRICS';

/** For a collector that does not answer; nobody waits long for a report of what went on. */
const patienceMs = 4000;

export const otlp: ReporterFactory = ({ env }) => {
  const [traces, metrics] = [targetOf(env, 'TRACES'), targetOf(env, 'METRICS')];
  const sendRun = async (run: Run): Promise<void> => {
    const resource = resourceOf(run, env);
    const scope = { name: run.tool.name, version: run.tool.version };
    const gauges = await gaugesOf(run, resource, scope);
    const outcomes = await Promise.allSettled([
      send(traces, new OTLPTraceExporter(traces), spansOf(run, resource, scope)),
      send(metrics, new OTLPMetricExporter(metrics), gauges),
    ]);
    // The second would mostly say the same.
    const failed = outcomes.find((one): one is PromiseRejectedResult => one.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return {
    onEnd: sendRun,
    async onRuns(runs) {
      for (const run of runs) await sendRun(run);
    },
  };
};

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMillis: number;
}

/** By the variables of OpenTelemetry's exporters. Throws where one of them cannot be understood. */
function targetOf(env: Env, signal: Signal): Target {
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || undefined;
  const variable = own ? `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT` : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT || 'http://localhost:4318';
  const url = own ?? `${base.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`;
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new Error(`${variable} is no URL with http:// or https://, like http://localhost:4318`);
  }
  const headers = {
    ...pairsOf(env.OTEL_EXPORTER_OTLP_HEADERS),
    ...pairsOf(env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`]),
  };
  return { url, headers, timeoutMillis: Number(env.OTEL_EXPORTER_OTLP_TIMEOUT) || patienceMs };
}

function resourceOf({ tool, vantage }: Run, env: Env) {
  return resourceFromAttributes({
    'service.name': env.OTEL_SERVICE_NAME || 'livekit-doctor',
    'service.version': tool.version,
    'host.name': printable(vantage.name),
    'os.description': printable(vantage.os),
    ...pairsOf(env.OTEL_RESOURCE_ATTRIBUTES),
  });
}

/** `key=value,key=value`, with percent-encoded values. */
function pairsOf(text = ''): Record<string, string> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), decoded(pair.slice(pair.indexOf('=') + 1).trim())]),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Exporter<Items> {
  export(items: Items, done: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

async function send<Items>(target: Target, exporter: Exporter<Items>, items: Items): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        exporter.export(items, ({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error('refused'))));
      }),
      // The exporter's own time begins when a connection stands.
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${target.timeoutMillis} ms`)), target.timeoutMillis);
      }),
    ]);
    await exporter.shutdown();
  } catch (error) {
    throw new Error(refusal(target, error as Error & { code?: unknown }));
  } finally {
    clearTimeout(timer);
  }
}

function refusal({ url }: Target, { message, code }: Error & { code?: unknown }): string {
  const { origin, pathname, port } = new URL(url);
  const why = typeof code === 'number' ? `HTTP ${code}` : message;
  const hint = port === '4317' ? '; port 4317 is for gRPC, and OTLP over HTTP mostly has 4318' : '';
  return `${printable(`${origin}${pathname}`)} did not take it (${printable(why)})${hint}; see OTEL_EXPORTER_OTLP_ENDPOINT`;
}
