/** A run as test results, for the formats of test runners. What was not decided never counts as passed. */
import { proofs } from '../diagnosis/paths.js';
import {
  allPaths,
  type EnvironmentRun,
  type Finding,
  type Layer,
  layers,
  type Observation,
  type Path,
  type State,
} from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { confirmationSentence, unconfirmedOf } from './confirmation.js';
import { loud, ranked } from './findings.js';
import { keyFact } from './key-fact.js';

/**
 * `warned`: a weakness that fails nothing. `undecided`: this vantage could not tell. `skipped`: not asked of this
 * deployment, or not possible here.
 */
export type CaseState = 'passed' | 'warned' | 'failed' | 'undecided' | 'skipped';

export interface Case {
  /** `path udp: reach`, `finding media-address-wrong`, `verdict`. */
  readonly name: string;
  /** What it is a proof of; absent where it is no path's. */
  readonly proof?: { readonly path: Path; readonly layer: Layer };
  readonly state: CaseState;
  /** From the first to the last that was observed for it. */
  readonly durationMs: number;
  /** Why it did not pass, in a line. */
  readonly message?: string;
  readonly finding?: Finding;
  readonly observations: readonly Observation[];
}

/** Layers of paths, then findings but for notes, then what a second run did not confirm, then the verdict. */
export function casesOf(environment: EnvironmentRun): Case[] {
  return [
    ...pathCases(environment),
    ...findingCases(environment),
    ...unconfirmedCases(environment),
    verdictCase(environment),
  ];
}

function pathCases({ paths, observations }: EnvironmentRun): Case[] {
  return allPaths.flatMap((path) => {
    const result = paths[path];
    if (!result) return [];
    return layers.flatMap((layer): Case[] => {
      const state = result[layer];
      if (state === undefined) return [];
      const found = proofs(observations, path, layer);
      const failing = found.find((one) => one.state === state && state !== 'ok') ?? found[0];
      const says = failing ? keyFact(failing) : state;
      const seen = stateOfLayer(state, result);
      const message = seen === 'passed' ? {} : { message: result.forbidden ? `it works, and must not: ${says}` : says };
      return [
        {
          name: `path ${path}: ${layer}`,
          proof: { path, layer },
          state: seen,
          durationMs: spanOf(found),
          observations: found,
          ...message,
        },
      ];
    });
  });
}

function stateOfLayer(state: State, { required, forbidden }: { required: boolean; forbidden?: true }): CaseState {
  if (state === 'unreached' || state === 'unsupported') return required ? 'undecided' : 'skipped';
  if (forbidden) return state === 'ok' ? 'failed' : 'passed';
  if (state === 'ok') return 'passed';
  return required ? 'failed' : 'warned';
}

function findingCases({ findings, observations, verdict }: EnvironmentRun): Case[] {
  return loud(findings).map((finding) => {
    const found = observations.filter(({ id }) => finding.evidence.includes(id));
    const failed = verdict === 'inconclusive' ? 'undecided' : 'failed';
    return {
      name: `finding ${printable(finding.code)}`,
      state: finding.severity === 'error' ? failed : 'warned',
      durationMs: spanOf(found),
      message: printable(finding.summary, 600),
      finding,
      observations: found,
    };
  });
}

function unconfirmedCases(environment: EnvironmentRun): Case[] {
  return unconfirmedOf(environment).map(({ finding, only, observations }) => {
    const found = observations.filter(({ id }) => finding.evidence.includes(id));
    return {
      name: `unconfirmed ${printable(finding.code)}`,
      state: 'warned',
      durationMs: spanOf(found),
      message: `only ${only}: ${printable(finding.summary, 600)}`,
      finding,
      observations: found,
    };
  });
}

function verdictCase(environment: EnvironmentRun): Case {
  const { verdict, durationMs, findings } = environment;
  const state = ({ pass: 'passed', fail: 'failed', inconclusive: 'undecided' } as const)[verdict];
  const [first] = ranked(findings).filter(({ severity }) => severity === 'error');
  const said = first?.summary ?? confirmationSentence(environment) ?? 'something that is required was not proven';
  const why = printable(said, 600);
  return { name: 'verdict', state, durationMs, observations: [], ...(verdict !== 'pass' && { message: why }) };
}

function spanOf(observations: readonly Observation[]): number {
  if (observations.length === 0) return 0;
  const [from, until] = [
    Math.min(...observations.map(({ startMs }) => startMs)),
    Math.max(...observations.map(({ endMs }) => endMs)),
  ];
  return Math.max(0, until - from);
}

/** What a finding says, for a block of plain text. */
export function detailsOf({ finding, observations }: Case): string {
  const seen = observations.map((one) => `seen: ${printable(one.id)} ${one.state}: ${keyFact(one)}`);
  if (!finding) return seen.join('\n');
  const others = (finding.alternatives ?? []).map(
    ({ code, separateBy }) => `or: ${printable(code)}, which looks the same from here. ${printable(separateBy, 600)}`,
  );
  return [`cause: ${printable(finding.cause, 2000)}`, `fix: ${printable(finding.fix, 2000)}`, ...seen, ...others].join(
    '\n',
  );
}
