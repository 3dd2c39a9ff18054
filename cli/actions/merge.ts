import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { mergeRuns, newestOf } from '../../diagnosis/vantages/index.js';
import { span } from '../../diagnosis/words.js';
import { ConfigurationError } from '../../environment/environment.js';
import { loadRun } from '../../evidence/load.js';
import type { Run } from '../../evidence/run.js';
import { printable } from '../../evidence/text.js';
import { runsOf } from '../../evidence/vantages.js';
import type { MergeOptions } from '../commands/merge.js';
import { type Context, complain } from '../context.js';
import { openReports } from '../reports.js';

/** Returns the exit code. Throws `RunDocumentError`, `ConfigurationError`. */
export async function merge(places: readonly string[], options: MergeOptions, context: Context): Promise<number> {
  const { reporter, exitCode } = await openReports(options, [], context);
  const runs = (await Promise.all(places.map((place) => readPlace(place, context)))).flat();
  if (runs.length === 0) throw new ConfigurationError(`there is no run document in ${places.join(', ')}`);
  for (const warning of warningsOf(runs.flatMap(runsOf), options.within)) complain(context, warning);
  const merged = mergeRuns(runs, options.quorum, context.version);
  await reporter.onEnd(merged);
  return exitCode(merged, options.failOn);
}

/** Of a file that is named everything must be right; what else lies in a folder is passed over, and said. */
async function readPlace(place: string, context: Context): Promise<Run[]> {
  const path = resolve(context.cwd, place);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return [await loadRun(path, place)];
  const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.json')).sort();
  const runs: Run[] = [];
  for (const name of names) {
    try {
      runs.push(await loadRun(join(path, name), join(place, name)));
    } catch (error) {
      complain(context, `passed over: ${(error as Error).message}`);
    }
  }
  return runs;
}

/** What makes one verdict of them less than it seems. Vantages and environments by their names. */
function warningsOf(all: readonly Run[], withinMs: number): string[] {
  const { runs, superseded } = newestOf(all);
  const times = runs.map(({ startedAt }) => Date.parse(startedAt));
  const apartMs = Math.max(...times) - Math.min(...times);
  const names = [...new Set(runs.flatMap(({ environments }) => environments.map(({ name }) => name)))];
  const twice = new Map<string, number>();
  for (const { vantage, environment } of superseded) {
    const what = `${printable(environment)} from ${printable(vantage)}`;
    twice.set(what, (twice.get(what) ?? 0) + 1);
  }
  return [
    ...(apartMs > withinMs
      ? [
          `the runs are ${span(apartMs)} apart (more than ${span(withinMs)}, --within): the deployment may have changed between them`,
        ]
      : []),
    ...[...twice].map(
      ([what, older]) =>
        `${older + 1} runs of ${what}: the newest counts. If they are of several places, give each a name: check --vantage NAME, or LIVEKIT_DOCTOR_VANTAGE`,
    ),
    ...names.flatMap((name) => otherUrls(name, runs)),
  ];
}

function otherUrls(name: string, runs: readonly Run[]): string[] {
  const urls = new Map<string, string>();
  for (const { vantage, environments } of runs) {
    for (const one of environments) if (one.name === name && !urls.has(one.url)) urls.set(one.url, vantage.name);
  }
  if (urls.size < 2) return [];
  const told = [...urls].map(([url, vantage]) => `${printable(url)} from ${printable(vantage)}`).join(', ');
  return [`${printable(name)} is not the same everywhere (${told}): environments are matched by their names`];
}
