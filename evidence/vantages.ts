/** A merged run holds what every one of its vantages saw: put together, and taken apart again. */
import type { EnvironmentRun, EnvironmentView, Observation, Run, Vantage } from './run.js';

/** Of an observation in a merged run. */
export const idAt = (id: string, vantage: string): string => `${id}@${vantage}`;

/** As they stand in the merged environment. */
export function observationsAt(vantage: string, observations: readonly Observation[]): Observation[] {
  return observations.map((one) => ({ ...one, id: idAt(one.id, vantage), vantage }));
}

/** As it is in the run of the vantage itself. */
export const ownId = ({ id, vantage }: Pick<Observation, 'id' | 'vantage'>): string =>
  vantage === undefined ? id : id.slice(0, -idAt('', vantage).length);

/** What one vantage contributed to a merged run, as it was in its own. */
function observationsOf(vantage: string, observations: readonly Observation[]): Observation[] {
  return observations
    .filter((one) => one.vantage === vantage)
    .map(({ vantage: _, ...one }) => ({ ...one, id: ownId({ id: one.id, vantage }) }));
}

/** The environment as this vantage saw it. */
function environmentOf({ vantage, ...view }: EnvironmentView, { name, observations }: EnvironmentRun): EnvironmentRun {
  return { ...view, name, observations: observationsOf(vantage, observations) };
}

/** Of a merged environment: each vantage, and what it saw. Of any other: none. */
export function viewsOf(environment: EnvironmentRun): { vantage: string; environment: EnvironmentRun }[] {
  return (environment.vantages ?? []).map((view) => ({
    vantage: view.vantage,
    environment: environmentOf(view, environment),
  }));
}

/** The runs that a merged run was made of, each with those environments that it has a part in; any other run is one itself. */
export function runsOf(run: Run): Run[] {
  const { vantages } = run;
  if (!vantages) return [run];
  return vantages.map(({ startedAt, durationMs, version, ...vantage }) => ({
    schemaVersion: run.schemaVersion,
    tool: { ...run.tool, version },
    startedAt,
    durationMs,
    vantage: vantage satisfies Vantage,
    environments: run.environments.flatMap((environment) =>
      viewsOf(environment).flatMap((view) => (view.vantage === vantage.name ? [view.environment] : [])),
    ),
  }));
}
