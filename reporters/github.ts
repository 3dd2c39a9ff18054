/**
 * GitHub Actions: an annotation for each finding (docs.github.com "Workflow commands"), and the report in the job's
 * summary where there is one (`GITHUB_STEP_SUMMARY`).
 */
import { appendFile } from 'node:fs/promises';
import type { EnvironmentRun, Finding, Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { confirmationSentence, unconfirmedOf } from './confirmation.js';
import { ranked } from './findings.js';
import { renderMarkdown } from './markdown.js';
import type { ReporterFactory } from './reporter.js';

/** Annotations go where they are read and nothing else is spoilt: the runner listens to standard error, too. */
export const github: ReporterFactory = ({ out, env }) => ({
  async onEnd(run) {
    out.write(renderAnnotations(run));
    const { GITHUB_STEP_SUMMARY: summary } = env;
    if (summary) await appendFile(summary, renderMarkdown(run));
  },
});

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const;

export function renderAnnotations({ environments }: Run): string {
  const lines = environments.flatMap((environment) => {
    const found = ranked(environment.findings).map((finding) => annotation(environment, finding));
    const repeated = confirmation(environment);
    if (found.length === 0 && repeated.length === 0 && environment.verdict !== 'pass') return [undecided(environment)];
    return [...found, ...repeated];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function annotation({ name }: EnvironmentRun, { severity, code, summary, cause, fix }: Finding): string {
  const message = [summary, ...(severity === 'info' ? [] : [`Cause: ${cause}`, `Fix: ${fix}`])];
  return command(commands[severity], `${name}: ${code}`, message);
}

/** A warning where something was not confirmed, else a note. */
function confirmation(environment: EnvironmentRun): string[] {
  const sentence = confirmationSentence(environment);
  if (sentence === undefined) return [];
  const unconfirmed = unconfirmedOf(environment).map(
    ({ finding, only }) => `${finding.code}, only ${only}: ${finding.summary}`,
  );
  const isSure = unconfirmed.length === 0 && environment.verdict !== 'inconclusive';
  const title = `${environment.name}: ${environment.confirmation?.outcome}`;
  return [command(isSure ? 'notice' : 'warning', title, [sentence, ...unconfirmed])];
}

function undecided({ name, verdict }: EnvironmentRun): string {
  return command('warning', `${name}: ${verdict}`, ['Something that is required was not proven.']);
}

function command(kind: string, title: string, lines: readonly string[]): string {
  const message = lines.map((line) => printable(line, 2000)).join('\n');
  return `::${kind} title=${escaped(printable(title)).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escaped(message)}`;
}

/** actions/toolkit, `packages/core/src/command.ts`. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
