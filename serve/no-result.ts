/** The metrics of a check on demand that came to no end. */
import { Gauge, Registry } from 'prom-client';
import type { Depth } from '../evidence/run.js';
import { printable } from '../evidence/text.js';

export function emptyRegistry(environment: string, depth: Depth, seconds: number): Registry {
  const registry = new Registry();
  const about = { environment: printable(environment, 200), depth };
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `livekit_doctor_${name}`, help, labelNames, registers: [registry] });
  const labelNames = Object.keys(about);
  gauge('probe_success', '1 if the verdict is pass.', labelNames).set(about, 0);
  const verdict = gauge('probe_verdict', '1 for the verdict of the run, 0 for the others.', [...labelNames, 'verdict']);
  for (const one of ['pass', 'fail', 'inconclusive']) {
    verdict.set({ ...about, verdict: one }, one === 'inconclusive' ? 1 : 0);
  }
  gauge('probe_duration_seconds', 'How long the run took.', labelNames).set(about, seconds);
  return registry;
}
