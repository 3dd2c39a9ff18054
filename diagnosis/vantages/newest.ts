/** Which runs count where a vantage made several of the same environment. */
import type { Run } from '../../evidence/run.js';

export interface Superseded {
  readonly vantage: string;
  readonly environment: string;
  readonly startedAt: string;
}

/** Sorted by the names of their vantages, one for each vantage, each environment in the newest one that has it. */
export function newestOf(all: readonly Run[]): { readonly runs: Run[]; readonly superseded: Superseded[] } {
  const newestFirst = [...all].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  const byVantage = new Map<string, Run>();
  const superseded: Superseded[] = [];
  for (const run of newestFirst) {
    const { name } = run.vantage;
    const kept = byVantage.get(name);
    const fresh = run.environments.filter((one) => !kept?.environments.some((other) => other.name === one.name));
    for (const one of run.environments.filter((other) => !fresh.includes(other))) {
      superseded.push({ vantage: name, environment: one.name, startedAt: run.startedAt });
    }
    byVantage.set(name, kept ? { ...kept, environments: [...kept.environments, ...fresh] } : run);
  }
  const runs = [...byVantage.values()].sort((a, b) => a.vantage.name.localeCompare(b.vantage.name));
  return { runs, superseded };
}
