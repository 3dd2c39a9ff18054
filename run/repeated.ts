/** An environment that was checked twice in a row, as one: pure, so what was saved can be judged anew and taken apart. */
import { diagnose } from '../diagnosis/index.js';
import type { Confirmation, EnvironmentRun, Run } from '../evidence/run.js';
import { shifted } from '../evidence/times.js';
import { settled } from './confirm.js';

interface Times {
  /** When each began, ISO 8601. */
  readonly first: string;
  readonly second: string;
}

/** What counts of both. `flapping` proves nothing: it is no failure that anybody could find, and no pass. */
export function confirmed(first: EnvironmentRun, second: EnvironmentRun, times: Times): EnvironmentRun {
  const { verdict, findings, unconfirmed } = settled(first, second);
  const outcome = outcomeOf(first, second);
  const { durationMs, paths, suppressed, observations } = first;
  return {
    ...second,
    verdict: outcome === 'flapping' ? 'inconclusive' : verdict,
    findings: [...findings],
    confirmation: {
      outcome,
      first: {
        startedAt: times.first,
        durationMs,
        verdict: first.verdict,
        paths,
        findings: first.findings,
        suppressed,
        observations,
      },
      second: { startedAt: times.second, verdict: second.verdict, findings: second.findings },
      unconfirmed: [...unconfirmed],
    },
  };
}

type Judged = Pick<EnvironmentRun, 'verdict'>;

function outcomeOf({ verdict: first }: Judged, { verdict: second }: Judged): Confirmation['outcome'] {
  const both = [first, second];
  if (both.includes('fail') && both.includes('pass')) return 'flapping';
  if (second === 'pass') return 'passing';
  return both.includes('inconclusive') ? 'undecided' : 'failing';
}

/** By the rules of this version: of what was repeated both runs, and what they say together. */
export function rejudged(environment: EnvironmentRun): EnvironmentRun {
  const { confirmation, ...alone } = environment;
  const second = { ...alone, ...diagnose(alone) };
  if (!confirmation) return second;
  const saved = { ...alone, ...confirmation.first };
  const times = { first: confirmation.first.startedAt, second: confirmation.second.startedAt };
  return confirmed({ ...saved, ...diagnose(saved) }, second, times);
}

/** The runs as if each had been made by itself: the one of all environments, and one for each repetition. */
export function apart(run: Run): Run[] {
  const firsts = run.environments.map(({ confirmation, ...environment }): EnvironmentRun => {
    if (!confirmation) return environment;
    const { startedAt: _, ...first } = confirmation.first;
    const { name, url, claims, asked } = environment;
    return { name, url, claims, asked, ...first };
  });
  const repetitions = run.environments.flatMap(({ confirmation, ...environment }): Run[] => {
    if (!confirmation) return [];
    const { startedAt, verdict, findings } = confirmation.second;
    const laterMs = Date.parse(startedAt) - Date.parse(run.startedAt);
    const observations = shifted(environment.observations, -laterMs);
    const second: EnvironmentRun = { ...environment, verdict, findings, observations };
    return [{ ...run, startedAt, durationMs: environment.durationMs, environments: [second] }];
  });
  return [{ ...run, environments: firsts }, ...repetitions];
}
