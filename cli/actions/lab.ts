import { resolve } from 'node:path';
import { ConfigurationError } from '../../environment/environment.js';
import { didYouMean } from '../../environment/nearest.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { choose } from '../../fixtures/lab/choose.js';
import type { Choice } from '../../fixtures/lab/compose.js';
import { codeOf } from '../../fixtures/lab/faults/fault.js';
import { faults } from '../../fixtures/lab/faults/index.js';
import { matrix, nameOf } from '../../fixtures/lab/matrix.js';
import { labLacks } from '../../fixtures/lab/ready.js';
import { recordRuns } from '../../fixtures/lab/record.js';
import { type Result, runChoices } from '../../fixtures/lab/result.js';
import { type TopologyName, topologyNames } from '../../fixtures/lab/topologies/index.js';
import { type VantageName, vantageNames, vantages } from '../../fixtures/lab/vantages.js';
import { padTo } from '../../reporters/text.js';
import type { LabOptions } from '../commands/lab.js';
import type { Context } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { openReports } from '../reports.js';
import { readWords } from '../words.js';

/** Returns the exit code: 0 when everything came out as it should. Throws a `ConfigurationError`. */
export async function lab(wanted: readonly string[], options: LabOptions, context: Context): Promise<number> {
  const { out, progress, cwd } = context;
  if (wanted.includes('list')) {
    out.write(options.json ? `${JSON.stringify(catalogue(), null, 2)}\n` : listed());
    return exitCodes.pass;
  }
  const topologies = options.topology && readWords('topology', options.topology, topologyNames);
  const from = options.vantage && readWords('vantage', options.vantage, vantageNames);
  const atOnce = Number(options.atOnce);
  if (!Number.isInteger(atOnce) || atOnce < 1) throw new ConfigurationError('--at-once wants a number from 1 on');
  const choices = wanted.flatMap((words) => chosen(words, topologies, from));
  if (choices.length === 0) throw new ConfigurationError('no topology and vantage is left for what was asked');

  const lacks = await labLacks();
  if (lacks.length > 0) throw new ConfigurationError(`a lab cannot be made here; missing: ${lacks.join('; ')}`);
  const livekitServer = await requireLivekitServer();
  const results: Result[] = [];
  let broken = 0;
  const interrupt = context.interruptible(() => progress.write('Stopping…\n'));
  await runChoices(choices, {
    livekitServer,
    atOnce,
    signal: interrupt.signal,
    onResult: (result) => {
      results.push(result);
      progress.write(`${outcome(result)}\n`);
    },
    onError: (choice, error) => {
      broken += 1;
      progress.write(`✗ ${cell(choice)}: ${error.message}\n`);
    },
  });
  if (interrupt.signal.aborted) return exitCodes.interrupted;
  interrupt.dispose();

  results.sort((a, b) => choices.findIndex(isCellOf(a)) - choices.findIndex(isCellOf(b)));
  if (options.record !== undefined) await recordRuns(results, resolve(cwd, options.record));
  const [only] = results;
  if (options.json) out.write(`${JSON.stringify({ results }, null, 2)}\n`);
  else if (only && choices.length === 1) {
    const { reporter } = await openReports({}, [], context);
    await reporter.onEnd(only.run);
    out.write(`\n${outcome(only)}\n`);
  } else out.write(matrix(results));
  return broken === 0 && results.every(({ ok }) => ok) ? exitCodes.pass : exitCodes.fail;
}

function isCellOf(result: Result): (choice: Choice) => boolean {
  return (choice) => cell(choice) === cell(result);
}

function cell({ faults, topology, vantage }: Choice): string {
  return `${nameOf({ faults })} on ${topology} from ${vantage}`;
}

/** `as expected`, or what was missing, what was wrongly accused, and which verdict it should have been. */
function outcome(result: Result): string {
  const { ok, missing, innocent, verdict, seconds } = result;
  const wrong = [
    ...(missing.length > 0 ? [`not found: ${missing.join(', ')}`] : []),
    ...(innocent.length > 0 ? [`wrongly found: ${innocent.join(', ')}`] : []),
    ...(verdict.expected.includes(verdict.found)
      ? []
      : [`verdict ${verdict.found} instead of ${verdict.expected.join(' or ')}`]),
  ];
  return `${ok ? '✓' : '✗'} ${cell(result)}: ${ok ? 'as expected' : wrong.join('; ')} (${seconds.toFixed(1)} s)`;
}

function chosen(words: string, topologies?: TopologyName[], from?: VantageName[]): Choice[] {
  const found = choose(words, { topologies, vantages: from });
  if (found) return found;
  const names = ['all', 'healthy', ...faults.flatMap((fault) => [fault.id, codeOf(fault), fault.family])];
  throw new ConfigurationError(
    `there is no fault "${words}"${didYouMean(words, new Set(names)) || ': see "lab list"'}`,
  );
}

function catalogue(): object {
  return {
    faults: faults.map(({ id, family, summary, topologies, vantages: from = ['open'] }) => ({
      id,
      family,
      summary,
      topologies,
      vantages: from,
    })),
    topologies: topologyNames,
    vantages: vantageNames.map((name) => ({ name, summary: vantages[name].summary })),
  };
}

function listed(): string {
  const families = [...new Set(faults.map(({ family }) => family))];
  const line = (name: string, text: string): string => `  ${padTo(name, 38)}${text}\n`;
  const parts = families.map((family) => {
    const lines = faults.filter((fault) => fault.family === family).map(({ id, summary }) => line(id, summary));
    return `${family}\n${lines.join('')}`;
  });
  const lines = vantageNames.map((name) => line(name, vantages[name].summary));
  return [...parts, `topologies\n  ${topologyNames.join(', ')}\n`, `vantages\n${lines.join('')}`].join('\n');
}
