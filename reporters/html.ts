/** The report as one HTML file that loads nothing: for the colleague who gets a link. */
import { pageOf } from './html/page.js';
import type { ReporterFactory } from './reporter.js';

export const html: ReporterFactory = ({ out }) => ({
  onEnd: (run) => out.write(pageOf([run])),
  onRuns: (runs) => out.write(pageOf(runs)),
});
