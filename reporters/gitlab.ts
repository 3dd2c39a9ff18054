/** GitLab's Code Quality report (docs.gitlab.com/ci/testing/code_quality), which it shows beside a merge request. */
import { createHash } from 'node:crypto';
import { aboutOf } from '../evidence/about.js';
import type { Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { unconfirmedOf } from './confirmation.js';
import { ranked } from './findings.js';
import type { ReporterFactory } from './reporter.js';

export const gitlab: ReporterFactory = ({ out }) => ({
  onEnd: (run) => out.write(`${JSON.stringify(issuesOf(run), null, 2)}\n`),
});

const severities = { error: 'critical', warning: 'minor', info: 'info' } as const;

/** GitLab wants a file: the one in which the environments are. The fingerprint is the same as long as the fault is. */
export function issuesOf({ environments }: Run) {
  return environments.flatMap((environment) => {
    const { name, findings } = environment;
    const counted = ranked(findings).map((finding) => ({ finding, severity: severities[finding.severity], when: '' }));
    const unconfirmed = unconfirmedOf(environment).map(({ finding, only }) => ({
      finding,
      severity: severities.info,
      when: `Only ${only}, not confirmed: `,
    }));
    return [...counted, ...unconfirmed].map(({ finding: { code, args, summary, fix }, severity, when }) => ({
      type: 'issue',
      check_name: printable(code),
      description: `${printable(name)}: ${when}${printable(summary, 600)} ${printable(fix, 2000)}`,
      severity,
      fingerprint: createHash('sha256')
        .update(JSON.stringify([name, code, aboutOf({ args })]))
        .digest('hex'),
      location: { path: 'livekit-doctor.yaml', lines: { begin: 1 } },
    }));
  });
}
