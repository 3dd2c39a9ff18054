import type { ReporterFactory } from './reporter.js';

/** The run document, and nothing else. */
export const json: ReporterFactory = ({ out }) => ({
  onEnd: (run) => out.write(`${JSON.stringify(run, null, 2)}\n`),
});
