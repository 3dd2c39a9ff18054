/** What a reporter is. To add one: one file beside this and one line in `index.ts`. */
import type { EnvironmentRun, Observation, Run } from '../evidence/run.js';

export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  /** Of a terminal, where it is known. */
  readonly rows?: number | undefined;
  /** Colours and other escape sequences are wanted. */
  readonly colour: boolean;
}

/** Every hook is optional. `progress` is standard error, `out` is standard output or the file that was named. */
export interface Reporter {
  onStart?(environments: readonly { name: string; url: string }[]): void;
  /** A probe begins to look. */
  onTarget?(environment: string, probe: string, id: string): void;
  onObservation?(environment: string, observation: Observation): void;
  onEnvironment?(environment: EnvironmentRun): void;
  /** It does not pass, and is checked again at once: what follows is of the second run. */
  onRepeat?(environment: EnvironmentRun): void;
  onEnd?(run: Run): void | Promise<void>;
  /** Of a format whose readers go by exit codes of their own. */
  exitCode?(run: Run): number;
  /** Several saved runs at once, from several vantages, in place of all other hooks. Without it one run is all it can show. */
  onRuns?(runs: readonly Run[]): void | Promise<void>;
}

/** How much the console says: `quiet` a line for each environment, `verbose` all of the evidence. */
export type Detail = 'quiet' | 'usual' | 'verbose';

export interface ReporterOptions {
  readonly out: Output;
  readonly progress: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent: `usual`. */
  readonly detail?: Detail;
}

export type ReporterFactory = (options: ReporterOptions) => Reporter;
