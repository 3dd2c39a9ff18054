/** The gauges of the `prometheus` report, by the same names, as OpenTelemetry's metrics. */
import { ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Run } from '../../evidence/run.js';
import { registryOf } from '../prometheus.js';
import { timeOf } from './trace.js';

type Scope = ResourceMetrics['scopeMetrics'][number]['scope'];

export async function gaugesOf(run: Run, resource: Resource, scope: Scope): Promise<ResourceMetrics> {
  const began = Date.parse(run.startedAt);
  const [startTime, endTime] = [timeOf(began), timeOf(began + run.durationMs)];
  const families = await registryOf([run]).getMetricsAsJSON();
  const metrics = families.map(({ name, help, values }) => ({
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE as const,
    dataPoints: values.map(({ value, labels }) => ({
      startTime,
      endTime,
      attributes: Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])),
      value,
    })),
  }));
  return { resource, scopeMetrics: [{ scope, metrics }] };
}

/** UCUM, as OpenTelemetry wants it. A collector that writes for Prometheus adds nothing to a name that ends in it. */
const unitOf = (name: string): string => (name.endsWith('_seconds') ? 's' : '1');
