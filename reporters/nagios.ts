/**
 * A line for Nagios, Icinga, Naemon and Checkmk, and the exit code that they go by: 0 OK, 1 WARNING, 2 CRITICAL,
 * 3 UNKNOWN (nagios-plugins.org/doc/guidelines.html: "Plugin Output", "Plugin Return Codes", "Performance data").
 */
import { type EnvironmentRun, layers, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { casesOf } from './cases.js';
import { confirmationSentence } from './confirmation.js';
import { loud, ranked } from './findings.js';
import type { ReporterFactory } from './reporter.js';

const words = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

export const nagios: ReporterFactory = ({ out }) => ({
  onEnd: (run) => out.write(renderNagios(run)),
  exitCode: nagiosCode,
});

export function renderNagios(run: Run): string {
  const { environments } = run;
  const first = [...environments].sort((a, b) => badness(b) - badness(a))[0];
  const others = environments.length > 1 ? ` (${environments.length} environments)` : '';
  const status = words[nagiosCode(run)];
  const more = environments.flatMap((one) => [`${plain(one.name)}: ${one.verdict}, ${says(one)}`, ...fixes(one)]);
  const data = environments.flatMap(performance).join(' ');
  const line = `LIVEKIT ${status} - ${first ? `${plain(first.name)}: ${says(first)}` : 'nothing was checked'}${others}`;
  return `${line}${data && ` | ${data}`}\n${more.map((text) => `${text}\n`).join('')}`;
}

export function nagiosCode({ environments }: Pick<Run, 'environments'>): number {
  const codes = environments.map(codeOf);
  // Critical beats unknown beats warning.
  return [2, 3, 1].find((code) => codes.includes(code)) ?? (codes.length > 0 ? 0 : 3);
}

function codeOf({ verdict, findings }: EnvironmentRun): number {
  if (verdict === 'fail') return 2;
  if (verdict === 'inconclusive') return 3;
  return findings.some(({ severity }) => severity === 'warning') ? 1 : 0;
}

const badness = (environment: EnvironmentRun): number => [0, 1, 3, 2][codeOf(environment)] ?? 0;

function says(environment: EnvironmentRun): string {
  const flapping = environment.confirmation?.outcome === 'flapping' && confirmationSentence(environment);
  if (flapping) return plain(flapping);
  const [worst] = loud(environment.findings);
  if (worst) return `${plain(worst.code)}: ${plain(worst.summary)}`;
  if (environment.verdict !== 'pass') return 'something that is required was not proven';
  const proven = Object.entries(environment.paths).flatMap(([path, result]) => {
    const deepest = layers.findLast((layer) => result[layer] === 'ok');
    return deepest ? [`${path} ${deepest}`] : [];
  });
  return `proven: ${proven.join(', ')}`;
}

function fixes({ findings }: EnvironmentRun): string[] {
  return ranked(findings).flatMap(({ severity, fix }) => (severity === 'error' ? [`  fix: ${plain(fix)}`] : []));
}

/** `'label'=value[UOM]`; a label holds neither `=` nor a quote. */
function performance(environment: EnvironmentRun): string[] {
  const data = (label: string, ms: number): string =>
    `'${plain(`${environment.name} ${label}`).replace(/[='|]/g, '_')}'=${Math.round(ms * 10) / 10}ms`;
  const paths = casesOf(environment).flatMap(({ proof, state, durationMs }) =>
    proof && state === 'passed' ? [data(`${proof.path} ${proof.layer}`, durationMs)] : [],
  );
  return [data('total', environment.durationMs), ...paths];
}

/** The bar divides text from data. */
const plain = (text: string): string => printable(text, 600).replaceAll('|', '/');
