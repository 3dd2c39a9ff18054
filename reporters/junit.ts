/** JUnit's XML, as Jenkins, GitLab and others read it: a suite for each environment. */
import junitReportBuilder from 'junit-report-builder';
import type { Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { casesOf, detailsOf } from './cases.js';
import type { ReporterFactory } from './reporter.js';

export const junit: ReporterFactory = ({ out }) => ({ onEnd: (run) => out.write(renderJunit(run)) });

// Its types speak of a default export, which its module has not.
const builder = junitReportBuilder as unknown as typeof junitReportBuilder.default;

/** `failure`: the deployment is at fault. `error`: this vantage could not decide, which is no success either. */
export function renderJunit({ environments, startedAt, tool, vantage }: Run): string {
  const report = builder.newBuilder();
  for (const environment of environments) {
    const suite = report
      .testSuite()
      .name(plain(environment.name))
      .timestamp(startedAt.slice(0, 19))
      .time(environment.durationMs / 1000)
      .property('url', plain(environment.url))
      .property('verdict', environment.verdict)
      .property('vantage', plain(vantage.name))
      .property('livekit-doctor', plain(tool.version));
    for (const one of casesOf(environment)) {
      const { name, state, message = '', finding, durationMs } = one;
      const test = suite
        .testCase()
        .className(plain(environment.name))
        .name(plain(name))
        .time(durationMs / 1000);
      if (state === 'skipped') test.skipped().standardOutput(lines(message));
      if (state === 'failed') test.failure(plain(message), finding?.code ?? 'failed');
      if (state === 'undecided') test.error(plain(message), finding?.code ?? 'inconclusive', lines(detailsOf(one)));
      if (state === 'warned') test.standardOutput(lines(`warning: ${message}\n${detailsOf(one)}`));
      if (state === 'failed') test.standardOutput(lines(detailsOf(one)));
    }
  }
  // It counts what was skipped for all suites, too, which the schema of Jenkins does not know.
  return `${report.build().replace(/(<testsuites\b[^>]*?) skipped="\d+"/, '$1')}\n`;
}

const plain = (text: string): string => printable(text, 2000);
/** XML 1.0 §2.2 knows hardly any control characters, and the breaks of these lines are ours; §2.7: where CDATA ends. */
const lines = (text: string): string => text.split('\n').map(plain).join('\n').replaceAll(']]>', ']]]]><![CDATA[>');
