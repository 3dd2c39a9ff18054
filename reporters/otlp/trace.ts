/** A run as a trace: run → environment → observation → step, with the times at which each of them was. */
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type HrTime,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { EnvironmentRun, Finding, Observation, Run, Verdict } from '../../evidence/run.js';
import { printable } from '../../evidence/text.js';
import { ranked } from '../findings.js';
import { keyFact } from '../key-fact.js';

const prefix = 'livekit_doctor';
const mostOfText = 600;
const mostOfProse = 2000;

type Scope = ReadableSpan['instrumentationScope'];

interface Made {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status?: SpanStatus;
  readonly findings?: readonly Finding[];
}

/** The run's own span first. Its status is an error where the verdict is `fail`; of an observation, where it led to an error. */
export function spansOf(run: Run, resource: Resource, scope: Scope): ReadableSpan[] {
  const began = Date.parse(run.startedAt);
  const traceId = randomBytes(16).toString('hex');
  const spans: ReadableSpan[] = [];
  const add = (made: Made, parent?: ReadableSpan): ReadableSpan => {
    const endMs = Math.max(made.startMs, made.endMs);
    const context = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: TraceFlags.SAMPLED };
    const at = (ms: number): HrTime => timeOf(began + ms);
    const span: ReadableSpan = {
      name: made.name,
      kind: SpanKind.INTERNAL,
      spanContext: () => context,
      ...(parent && { parentSpanContext: parent.spanContext() }),
      startTime: at(made.startMs),
      endTime: at(endMs),
      duration: timeOf(endMs - made.startMs),
      ended: true,
      status: made.status ?? { code: SpanStatusCode.UNSET },
      attributes: made.attributes,
      events: (made.findings ?? []).map((finding) => ({
        name: 'finding',
        time: at(endMs),
        attributes: ofFinding(finding),
        droppedAttributesCount: 0,
      })),
      links: [],
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
    spans.push(span);
    return span;
  };

  const failed = run.environments.find(({ verdict }) => verdict === 'fail');
  const root = add({
    name: 'run',
    startMs: 0,
    endMs: run.durationMs,
    attributes: {
      [`${prefix}.vantage`]: printable(run.vantage.name),
      [`${prefix}.nat_mapping`]: run.vantage.natMapping,
      [`${prefix}.environments`]: run.environments.map(({ name }) => printable(name)),
    },
    status: statusOf(worst(run), failed?.findings),
  });
  for (const environment of run.environments) {
    const span = add(ofEnvironment(environment), root);
    const blamed = new Set(
      environment.findings.filter(({ severity }) => severity === 'error').flatMap(({ evidence }) => evidence),
    );
    for (const observation of environment.observations) {
      const seen = add(ofObservation(observation, blamed.has(observation.id)), span);
      for (const { name, startMs, endMs } of observation.steps ?? [])
        add({ name: printable(name), startMs, endMs, attributes: {} }, seen);
    }
  }
  return spans;
}

function worst({ environments }: Run): Verdict {
  const verdicts = environments.map(({ verdict }) => verdict);
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

function statusOf(verdict: Verdict, findings: readonly Finding[] = []): SpanStatus {
  // What was not decided is neither: the attribute tells.
  if (verdict !== 'fail') return { code: verdict === 'pass' ? SpanStatusCode.OK : SpanStatusCode.UNSET };
  const [first] = ranked(findings);
  return { code: SpanStatusCode.ERROR, message: printable(first?.summary ?? 'a required path failed', mostOfText) };
}

function ofEnvironment(environment: EnvironmentRun): Made {
  const { name, url, verdict, durationMs, paths, findings, suppressed, observations, asked } = environment;
  const startMs = observations.length > 0 ? Math.min(...observations.map((one) => one.startMs)) : 0;
  const attributes: Attributes = {
    [`${prefix}.environment`]: printable(name),
    [`${prefix}.url`]: printable(url),
    [`${prefix}.verdict`]: verdict,
    [`${prefix}.depth`]: asked.depth,
    [`${prefix}.codes`]: findings.map(({ code }) => printable(code)),
    [`${prefix}.suppressed`]: suppressed.map(({ code }) => printable(code)),
  };
  if (environment.confirmation) {
    const { outcome, first, unconfirmed } = environment.confirmation;
    attributes[`${prefix}.confirmation`] = outcome;
    attributes[`${prefix}.first_verdict`] = first.verdict;
    attributes[`${prefix}.unconfirmed`] = unconfirmed.map(({ code }) => printable(code));
  }
  for (const [path, { required, forbidden, ...states }] of Object.entries(paths)) {
    attributes[`${prefix}.path.${path}.claim`] = forbidden ? 'forbidden' : required ? 'required' : 'optional';
    for (const [layer, state] of Object.entries(states)) attributes[`${prefix}.path.${path}.${layer}`] = state;
  }
  const endMs = Math.max(startMs + durationMs, ...observations.map((one) => one.endMs));
  return { name: 'environment', startMs, endMs, attributes, status: statusOf(verdict, findings), findings };
}

function ofObservation(observation: Observation, blamed: boolean): Made {
  const { id, probe, state, startMs, endMs, facts, failure, waitedFor } = observation;
  const says = keyFact(observation);
  const attributes: Attributes = {
    [`${prefix}.observation`]: printable(id),
    [`${prefix}.state`]: state,
    [`${prefix}.says`]: says,
    ...(failure && { 'error.type': printable(failure.kind) }),
    ...(waitedFor !== undefined && { [`${prefix}.waited_for`]: printable(waitedFor) }),
  };
  for (const [name, value] of Object.entries(facts)) {
    const plain = plainFact(value);
    if (plain !== undefined) attributes[`${prefix}.fact.${printable(name)}`] = plain;
  }
  const isError = state === 'failed' && blamed;
  return {
    name: printable(probe),
    startMs,
    endMs,
    attributes,
    ...(isError && { status: { code: SpanStatusCode.ERROR, message: says } }),
  };
}

/** What an attribute can hold; the whole evidence is in the run document. */
function plainFact(value: unknown): string | number | boolean | string[] | undefined {
  if (typeof value === 'string') return printable(value, mostOfText);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (!Array.isArray(value) || !value.every((one): one is string => typeof one === 'string')) return undefined;
  return value.slice(0, 32).map((one) => printable(one));
}

function ofFinding({ code, severity, summary, cause, fix, evidence, alternatives }: Finding): Attributes {
  return {
    [`${prefix}.code`]: printable(code),
    [`${prefix}.severity`]: severity,
    [`${prefix}.summary`]: printable(summary, mostOfText),
    [`${prefix}.cause`]: printable(cause, mostOfProse),
    [`${prefix}.fix`]: printable(fix, mostOfProse),
    [`${prefix}.evidence`]: evidence.map((id) => printable(id)),
    ...(alternatives && { [`${prefix}.alternatives`]: alternatives.map((one) => printable(one.code)) }),
  };
}

/** Whole seconds and nanoseconds. */
export function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
