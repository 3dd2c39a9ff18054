/** Runs for the tests of all formats. */
import { fileURLToPath } from 'node:url';
import { diagnose } from '../../diagnosis/index.js';
import { mergeRuns } from '../../diagnosis/vantages/index.js';
import { loadRun } from '../../evidence/load.js';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { flapping, healthy, run, wrongAddress } from '../samples.js';

export const recordedRuns = new URL('../../fixtures/runs/', import.meta.url);

export async function recorded(name: string): Promise<EnvironmentRun> {
  const [environment] = (await loadRun(fileURLToPath(new URL(`${name}.json`, recordedRuns)), name)).environments;
  if (!environment) throw new Error(`${name} has no environment`);
  return { ...environment, ...diagnose(environment), name };
}

export const threeFindings: EnvironmentRun = {
  ...wrongAddress,
  findings: ['error', 'warning', 'info'].map((severity, i) => ({
    ...wrongAddress.findings[0],
    code: `code-${i}`,
    severity,
  })) as EnvironmentRun['findings'],
};

export const runs: Record<string, Run> = {
  healthy: run(healthy),
  'three findings': run(threeFindings),
  inconclusive: run(await recorded('vantage-offline')),
  four: run(
    healthy,
    await recorded('media-address-wrong'),
    await recorded('turn-peer-denied'),
    await recorded('vantage-clock-skew'),
  ),
};

/** Each from its own place; the same topology of the lab. */
async function from(vantage: string, name: string): Promise<Run> {
  const one = run({ ...(await recorded(name)), name: 'staging' });
  return { ...one, vantage: { ...one.vantage, name: vantage } };
}
runs.merged = mergeRuns(
  await Promise.all([
    from('office', 'udp-filtered.turn-too'),
    from('home <b>|`x`', 'hairpin-missing'),
    from('cloud', 'tcp-port-filtered'),
  ]),
  'majority',
  '0.1.0',
);

runs.flapping = run(flapping);
/** What somebody else may have put into a run. */
const hostile = '"><script>alert(1)</script> ::error::x %0A # SKIP | `tick` ]]> & \u001b[31m \u0000 \\ {1}=\'';
runs.hostile = run({
  ...wrongAddress,
  name: hostile,
  findings: wrongAddress.findings.map((one) => ({ ...one, summary: hostile, cause: hostile, fix: hostile })),
  observations: wrongAddress.observations.map((one) =>
    one.failure ? { ...one, failure: { kind: 'timeout', message: hostile } } : one,
  ),
});
