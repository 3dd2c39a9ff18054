/** For a ticket or a chat: GitHub's and GitLab's Markdown, troubled environments first, healthy ones in one line each. */
import { allPaths, type EnvironmentRun, type Finding, layers, type PathResult, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { confirmationSentence, unconfirmedOf } from './confirmation.js';
import { loud } from './findings.js';
import { keyFact } from './key-fact.js';
import { shownPaths } from './path-proofs.js';
import type { ReporterFactory } from './reporter.js';
import { duration } from './text.js';
import { fewEnvironments, isHealthy, troubledFirst } from './trouble.js';
import { vantageLines } from './vantages.js';

export const markdown: ReporterFactory = ({ out }) => ({ onEnd: (run) => out.write(renderMarkdown(run)) });

const marks = { pass: '✅ pass', fail: '❌ fail', inconclusive: '❔ inconclusive' } as const;
const states = { ok: '✓', failed: '✗ failed', unreached: '– unreached', unsupported: '– unsupported' } as const;
const severities = { error: '❌', warning: '⚠️', info: 'ℹ️' } as const;

export function renderMarkdown({ environments, vantage, startedAt, durationMs, tool }: Run): string {
  const folds = environments.length > fewEnvironments;
  const healthy = folds ? environments.filter(isHealthy) : [];
  const shown = troubledFirst(environments).filter((one) => !healthy.includes(one));
  const from = `${startedAt.slice(0, 16).replace('T', ' ')} UTC from ${text(vantage.name)}, ${duration(durationMs)}, livekit-doctor ${text(tool.version)}`;
  return `${[...shown.map(environmentText), ...healthyText(healthy), `*${from}*`].join('\n\n')}\n`;
}

/** All of them behind one line to fold out, a line each. */
function healthyText(healthy: readonly EnvironmentRun[]): string[] {
  if (healthy.length === 0) return [];
  const lines = healthy.map(
    (one) => `- ${marks.pass}: ${text(one.name)} (${text(one.url)}), ${duration(one.durationMs)}`,
  );
  const title = `${marks.pass}: ${healthy.length} ${healthy.length === 1 ? 'environment' : 'environments'}`;
  return [`<details><summary>${title}</summary>\n\n${lines.join('\n')}\n\n</details>`];
}

function environmentText(environment: EnvironmentRun): string {
  const { name, url, verdict, findings } = environment;
  const title = `### ${marks[verdict]}: ${text(name)} (${text(url)})`;
  const table = [pathsTable(environment), ...vantagesTable(environment)].join('\n\n');
  const asking = loud(findings);
  const notes = findings.filter(({ severity }) => severity === 'info');
  const rest = [...confirmationText(environment), ...notes.map((one) => note(one))];
  if (verdict === 'pass' && asking.length === 0) return folded(title, [table, ...rest]);
  return [title, table, ...asking.map((one) => findingText(one, environment)), ...rest].join('\n\n');
}

function folded(title: string, parts: readonly string[]): string {
  return [title, `<details><summary>paths</summary>\n\n${parts.join('\n\n')}\n\n</details>`].join('\n\n');
}

function pathsTable({ paths }: EnvironmentRun): string {
  const cell = (result: PathResult, layer: (typeof layers)[number]): string => {
    const state = result[layer];
    return state ? states[state] : '';
  };
  const rows = allPaths.flatMap((path) => {
    const result = paths[path];
    if (!result) return [];
    const claim = result.forbidden ? 'forbidden' : result.required ? 'required' : 'optional';
    return [`| ${path} | ${claim} | ${layers.map((layer) => cell(result, layer)).join(' | ')} |`];
  });
  return [`| path | | ${layers.join(' | ')} |`, `| --- | --- |${layers.map(() => ' --- |').join('')}`, ...rows].join(
    '\n',
  );
}

/** Of a merged run, a line for each vantage. */
function vantagesTable(environment: EnvironmentRun): string[] {
  const paths = shownPaths(environment);
  const lines = vantageLines(environment).map(
    ({ vantage, verdict, cells, disagrees }) =>
      `| ${text(vantage)} | ${marks[verdict]} | ${cells.map((cell) => cell.text).join(' | ')} | ${disagrees.join(', ')} |`,
  );
  if (lines.length === 0) return [];
  const head = `| vantage | alone | ${paths.join(' | ')} | disagrees on |`;
  return [[head, `| --- | --- |${paths.map(() => ' --- |').join('')} --- |`, ...lines].join('\n')];
}

function findingText(finding: Finding, { observations }: EnvironmentRun): string {
  const seen = observations
    .filter(({ id }) => finding.evidence.includes(id))
    .map((one) => `  - \`${code(one.id)}\` ${one.state}: ${text(keyFact(one))}`);
  const others = (finding.alternatives ?? []).map(
    (one) => `- **Or** \`${code(one.code)}\`, which looks the same from here. ${prose(one.separateBy)}`,
  );
  return [
    `${severities[finding.severity]} **\`${code(finding.code)}\`**: ${prose(finding.summary)}`,
    '',
    `- **Cause**: ${prose(finding.cause)}`,
    `- **Fix**: ${prose(finding.fix)}`,
    ...(seen.length > 0 ? ['- **Seen**:', ...seen] : []),
    ...others,
  ].join('\n');
}

/** What came of checking again, and what does not count for it. */
function confirmationText(environment: EnvironmentRun): string[] {
  const sentence = confirmationSentence(environment);
  if (sentence === undefined) return [];
  const unconfirmed = unconfirmedOf(environment).map(
    ({ finding, only }) => `- \`${code(finding.code)}\`, only ${only}: ${prose(finding.summary)}`,
  );
  return [[`🔁 ${prose(sentence)}`, ...(unconfirmed.length > 0 ? ['', ...unconfirmed] : [])].join('\n')];
}

const note = (finding: Finding): string =>
  `${severities[finding.severity]} \`${code(finding.code)}\`: ${prose(finding.summary)}`;

/** Nothing in it is taken for Markdown or HTML, as it may be a server's. */
const text = (value: string): string => plain(printable(value, 2000));

const plain = (value: string): string => value.replace(/[\\`*_{}[\]<>()#+!|~&@$^-]/g, (mark) => `\\${mark}`);

/** Inside of backticks. */
const code = (value: string): string => printable(value, 600).replaceAll('`', "'").replaceAll('|', '/');

/** Our own prose marks code by backticks, which stay; all between them is plain. */
function prose(value: string): string {
  return printable(value, 4000)
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') && part.endsWith('`') && part.length > 2 ? part : plain(part)))
    .join('');
}
