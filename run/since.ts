/** What changed since an earlier run, said only where something came that was not there then. */
import { diffRuns } from '../diagnosis/changes/index.js';
import type { Change, Run, Since } from '../evidence/run.js';
import { isHealthy } from '../reporters/trouble.js';

/** The earlier run of an environment, by its name. */
export type Earlier = (name: string) => Promise<Run | undefined> | Run | undefined;

/** Adds `since` to every environment for which an earlier run is known and that has a trouble which that had not. */
export async function withChanges(run: Run, kind: Since['run'], earlier: Earlier): Promise<Run> {
  const environments = await Promise.all(
    run.environments.map(async (environment) => {
      if (isHealthy(environment)) return environment;
      const before = await earlier(environment.name);
      const was = before?.environments.filter(({ name }) => name === environment.name);
      if (!before || !was?.length) return environment;
      const changes = diffRuns({ ...before, environments: was }, { ...run, environments: [environment] });
      if (!changes.some(isTrouble)) return environment;
      return { ...environment, since: { run: kind, startedAt: before.startedAt, changes } };
    }),
  );
  return { ...run, environments };
}

const isTrouble = ({ kind, effect }: Change): boolean =>
  effect === 'worse' && (kind === 'verdict' || kind === 'finding');
