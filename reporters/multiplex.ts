import type { Reporter } from './reporter.js';

export type Hooks = Required<Omit<Reporter, 'exitCode'>>;

export interface Named {
  readonly name: string;
  readonly reporter: Reporter;
}

/**
 * One reporter out of many. What one of them throws never reaches the run or the others: `onError` is told, once for
 * each reporter, and its later hooks are still called, so that a report that stumbled over one observation is written.
 */
export function multiplex(reporters: readonly Named[], onError: (name: string, error: unknown) => void): Hooks {
  const told = new Set<string>();
  const failed = (name: string, error: unknown): void => {
    if (told.has(name)) return;
    told.add(name);
    onError(name, error);
  };
  const tell = (hook: (reporter: Reporter) => void): void => {
    for (const { name, reporter } of reporters) {
      try {
        hook(reporter);
      } catch (error) {
        failed(name, error);
      }
    }
  };
  // One after the other: two of them may write to the same terminal.
  const tellInTurn = async (hook: (reporter: Reporter) => void | Promise<void>): Promise<void> => {
    for (const { name, reporter } of reporters) {
      try {
        await hook(reporter);
      } catch (error) {
        failed(name, error);
      }
    }
  };
  return {
    onStart: (environments) => tell((reporter) => reporter.onStart?.(environments)),
    onTarget: (environment, probe, id) => tell((reporter) => reporter.onTarget?.(environment, probe, id)),
    onObservation: (environment, observation) => tell((reporter) => reporter.onObservation?.(environment, observation)),
    onEnvironment: (environment) => tell((reporter) => reporter.onEnvironment?.(environment)),
    onRepeat: (environment) => tell((reporter) => reporter.onRepeat?.(environment)),
    onEnd: (run) => tellInTurn((reporter) => reporter.onEnd?.(run)),
    onRuns: (runs) =>
      tellInTurn((reporter) => {
        if (!reporter.onRuns) throw new Error('it shows one run only');
        return reporter.onRuns(runs);
      }),
  };
}
