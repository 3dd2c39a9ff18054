/** What a collector gets, decoded by the code that protobuf.js generated from OpenTelemetry's own definitions. */

import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import generated from 'otlp-decoder/build/src/generated/root.js';
import { type Test, test } from 'tap';
import { bufferOutput } from '../../cli/output.js';
import { openReports } from '../../cli/reports.js';
import type { Run } from '../../evidence/run.js';
import { cli } from '../cli/cli.js';
import { healthy, observation, run } from '../samples.js';
import { runs } from './runs.js';

/** Of protobuf.js; times are `Long`s, whose text is the number. */
interface Attributes {
  attributes: { key: string; value: { stringValue?: string } }[];
}
interface Span extends Attributes {
  name: string;
  traceId: Uint8Array;
  spanId: Uint8Array;
  /** The run's own has none. */
  parentSpanId: Uint8Array | null;
  startTimeUnixNano: object;
  endTimeUnixNano: object;
  status?: { code: number };
  events: Attributes[];
}
interface Metric {
  name: string;
  gauge?: { dataPoints: { asDouble: number }[] };
}
interface Message<T> {
  decode(body: Buffer): T;
}
interface Collector {
  trace: { v1: { ExportTraceServiceRequest: Message<{ resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }> } };
  metrics: {
    v1: { ExportMetricsServiceRequest: Message<{ resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] }> };
  };
}
const { trace, metrics } = (generated as unknown as { opentelemetry: { proto: { collector: Collector } } })
  .opentelemetry.proto.collector;

interface Request {
  path: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Takes everything, and answers with `status`. */
async function collector(t: Test, status = 200) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { requests, url: `http://127.0.0.1:${port}` };
}

async function send(of: Run, env: Record<string, string>) {
  const [out, progress] = [bufferOutput(), bufferOutput()];
  const { reporter, exitCode } = await openReports({ reporter: ['otlp'] }, [], { out, progress, cwd: '.', env });
  await reporter.onEnd(of);
  return { out: out.text(), progress: progress.text(), code: exitCode(of, 'error') };
}

const nanos = (time: object): bigint => BigInt(String(time));
const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('hex');
const attribute = (of: Attributes, key: string): string | undefined =>
  of.attributes.find((one) => one.key === `livekit_doctor.${key}`)?.value.stringValue;

function spansIn({ body }: Request): Span[] {
  const { resourceSpans } = trace.v1.ExportTraceServiceRequest.decode(body);
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

for (const [which, of] of Object.entries(runs)) {
  test(`${which}: a trace and metrics`, async (t) => {
    const { requests, url } = await collector(t);
    const { progress } = await send(of, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a%20b,x-other=c',
    });
    t.equal(progress, '');
    t.same(requests.map(({ path }) => path).sort(), ['/v1/metrics', '/v1/traces']);
    for (const { headers } of requests) t.match(headers, { 'x-team': 'a b', 'x-other': 'c' });

    const spans = spansIn(requests.find(({ path }) => path.endsWith('traces')) as Request);
    const byId = new Map(spans.map((span) => [hex(span.spanId), span]));
    const parent = (span: Span): Span | undefined => byId.get(hex(span.parentSpanId));
    t.equal(byId.size, spans.length, 'ids are unique');
    t.equal(new Set(spans.map(({ traceId }) => hex(traceId))).size, 1, 'one trace');
    const steps = of.environments.flatMap(({ observations }) => observations.flatMap(({ steps = [] }) => steps));
    const observations = of.environments.flatMap((one) => one.observations);
    t.equal(spans.length, 1 + of.environments.length + observations.length + steps.length);
    t.same(
      spans.filter((span) => !parent(span)).map(({ name }) => name),
      ['run'],
    );
    const environments = spans.filter(({ name }) => name === 'environment');
    t.same(
      environments.map((span) => ({ parent: parent(span)?.name, verdict: attribute(span, 'verdict') })),
      of.environments.map(({ verdict }) => ({ parent: 'run', verdict })),
    );
    t.same(
      environments.map(({ status }) => status?.code ?? 0),
      of.environments.map(({ verdict }) => ({ inconclusive: 0, pass: 1, fail: 2 })[verdict]),
    );
    t.same(
      environments.map(({ events }) => events.map((event) => attribute(event, 'code'))),
      of.environments.map(({ findings }) => findings.map(({ code }) => code.trim())),
    );
    for (const span of spans)
      t.ok(nanos(span.endTimeUnixNano) >= nanos(span.startTimeUnixNano), `${span.name} ends after it began`);

    const { resourceMetrics } = metrics.v1.ExportMetricsServiceRequest.decode(
      (requests.find(({ path }) => path.endsWith('metrics')) as Request).body,
    );
    const gauges = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics));
    const success = gauges.find(({ name }) => name === 'livekit_doctor_probe_success');
    t.same(
      success?.gauge?.dataPoints.map(({ asDouble }) => asDouble),
      of.environments.map(({ verdict }) => (verdict === 'pass' ? 1 : 0)),
    );
    t.ok(
      gauges.every(({ gauge }) => gauge),
      'nothing but gauges',
    );
  });
}

test('a step lies where it was in time', async (t) => {
  const { requests, url } = await collector(t);
  const steps = [{ name: 'handshake', startMs: 12.5, endMs: 20.25 }];
  const of = run({ ...healthy, observations: [observation('tls', 'x:443', {}, { steps })] });
  await send(of, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/own`, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url });
  const request = requests.find(({ path }) => path === '/own') as Request;
  const step = spansIn(request).find(({ name }) => name === 'handshake') as Span;
  const began = BigInt(Date.parse(of.startedAt)) * 1_000_000n;
  t.equal(nanos(step.startTimeUnixNano) - began, 12_500_000n);
  t.equal(nanos(step.endTimeUnixNano) - began, 20_250_000n);
});

test('a collector that is not there, refuses or is silent costs a line, and no verdict', async (t) => {
  const silent = createTcpServer(() => {});
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  t.teardown(() => silent.close());
  const refused = await collector(t, 401);
  const cases = {
    'http://127.0.0.1:9': /127\.0\.0\.1:9\/v1\/traces did not take it \(.*ECONNREFUSED/,
    [`http://127.0.0.1:${(silent.address() as AddressInfo).port}`]: /did not take it \(/,
    [refused.url]: /did not take it \(HTTP 401\)/,
  };
  for (const [endpoint, line] of Object.entries(cases)) {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '300' };
    const { out, progress, code } = await send(run(healthy), env);
    t.match(progress, line);
    t.equal(progress.trimEnd().split('\n').length, 1, 'one line');
    t.equal(code, 2);
    t.match(out, /✓ pass/, 'the console has standard output');
    t.equal((await send(run({ ...healthy, verdict: 'inconclusive' }), env)).code, 3, 'the verdict stays');
  }
});

test('what cannot be sent is said before a run', async (t) => {
  const request = { out: bufferOutput(), progress: bufferOutput(), cwd: '.' };
  await t.rejects(openReports({ reporter: ['otlp=x.bin'] }, [], { ...request, env: {} }), {
    name: 'ConfigurationError',
    message: 'the report otlp is sent, not written: it takes no file',
  });
  await t.rejects(
    openReports({ reporter: ['otlp'] }, [], { ...request, env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' } }),
    { name: 'ConfigurationError', message: /OTEL_EXPORTER_OTLP_ENDPOINT is no URL with http:/ },
  );
});

test('the command line sends it, and keeps standard output for others', async (t) => {
  const { requests, url } = await collector(t);
  const file = `${t.testdir({ 'run.json': JSON.stringify(run(healthy)) })}/run.json`;
  const { stdout, code } = await cli(['report', file, '--reporter', 'otlp', '--reporter', 'json'], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
  });
  t.equal(code, 0);
  t.equal(JSON.parse(stdout).schemaVersion, 1);
  t.equal(requests.length, 2);
});
