/** An event per line as it happens (ndjson.org), for programs that follow a run. */
import type { ReporterFactory } from './reporter.js';

export const ndjson: ReporterFactory = ({ out }) => {
  const say = (event: string, content: object): void => out.write(`${JSON.stringify({ event, ...content })}\n`);
  return {
    onStart: (environments) => say('start', { environments }),
    onTarget: (environment, probe, id) => say('target', { environment, probe, id }),
    onObservation: (environment, observation) => say('observation', { environment, observation }),
    onEnvironment: (environment) => say('environment', { environment }),
    onRepeat: (environment) => say('repeat', { environment }),
    // The environments have been said, each when it was done.
    onEnd: ({ environments, ...run }) =>
      say('end', {
        run: { ...run, verdicts: Object.fromEntries(environments.map(({ name, verdict }) => [name, verdict])) },
      }),
  };
};
