/** What a page shows: every environment of every run, the troubled ones first. */
import type { EnvironmentRun, Run, Verdict } from '../../evidence/run.js';
import { confirmationSentence } from '../confirmation.js';
import { loud } from '../findings.js';
import { type Content, html, type Markup } from '../markup.js';
import { unproven } from '../path-proofs.js';
import { troubleRank } from '../trouble.js';

export { moment } from '../../diagnosis/words.js';
export { verdictMarks } from '../trouble.js';

export interface Entry {
  readonly run: Run;
  readonly environment: EnvironmentRun;
  /** Of its section; those of its observations begin with it. */
  readonly id: string;
  /** Its name, and from where it was looked at where a page holds several runs. */
  readonly called: string;
}

export const verdictTones = { pass: 'good', fail: 'bad', inconclusive: 'unsure' } as const;
export const verdictWords: Record<Verdict, string> = { pass: 'passes', fail: 'fails', inconclusive: 'is inconclusive' };
export const stateTones = { ok: 'good', failed: 'bad', unreached: 'unsure', unsupported: 'unsure' } as const;

/** An environment that several runs have stands together, as its worst verdict says. */
export function entriesOf(runs: readonly Run[]): Entry[] {
  const all = runs.flatMap((run) => run.environments.map((environment) => ({ run, environment })));
  const rank = ({ environment }: { environment: EnvironmentRun }): number => troubleRank(environment);
  const names = [...new Set(all.map(({ environment }) => environment.name))];
  const groups = names.map((name) => {
    const ours = all.filter(({ environment }) => environment.name === name).sort((a, b) => rank(a) - rank(b));
    return { ours, worst: Math.min(...ours.map(rank)) };
  });
  const sorted = groups.sort((a, b) => a.worst - b.worst).flatMap(({ ours }) => ours);
  return sorted.map((one, i) => ({
    ...one,
    id: `e${i}`,
    called: runs.length > 1 ? `${one.environment.name} from ${one.run.vantage.name}` : one.environment.name,
  }));
}

/** The cause of the verdict in a sentence; what else was found where it passes. */
export function sentenceOf(environment: EnvironmentRun): string {
  const { verdict, findings, paths, confirmation } = environment;
  if (confirmation?.outcome === 'flapping') return confirmationSentence(environment) ?? '';
  const [first] = loud(findings);
  if (first) return first.summary;
  if (verdict === 'inconclusive') {
    const open = unproven(paths);
    return open.length > 0
      ? `Required, and neither proven nor found at fault: ${open.join(', ')}.`
      : 'Nothing was asked that could be decided.';
  }
  if (verdict === 'fail') return 'A required path does not work, and no cause was found.';
  const required = Object.entries(paths).filter(([, path]) => path.required);
  return required.length > 0
    ? `Every required path is proven: ${required.map(([path]) => path).join(', ')}.`
    : 'Nothing is wrong with what was looked at.';
}

/** `columns` are cells, `rows` are rows. What may be wider than a telephone can be reached by the keyboard, too. */
export function tableOf(label: string, columns: Content, rows: Content): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table><thead><tr>${columns}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

export const column = (name: string): Markup => html`<th scope="col">${name}</th>`;
