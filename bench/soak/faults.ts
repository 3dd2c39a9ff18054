/** Every fault of the lab, made over and over: how often it is named rightly, and what is said instead. */
import { cellsOf } from '../../fixtures/lab/cells.js';
import type { Choice } from '../../fixtures/lab/compose.js';
import type { Fault } from '../../fixtures/lab/faults/fault.js';
import { faults as all } from '../../fixtures/lab/faults/index.js';
import { type Result, runChoices } from '../../fixtures/lab/result.js';
import {
  append,
  type FaultLine,
  keep,
  loudCodes,
  machine,
  type Outcome,
  readLines,
} from '../../fixtures/soak/lines.js';

export const faults: readonly Fault[] = all.filter(({ family }) => family !== 'healthy');

export interface FaultsOptions {
  readonly faults: readonly Fault[];
  /** Each of them, with those that are there already. */
  readonly times: number;
  readonly atOnce: number;
  /** Lines of JSON, which are added to. */
  readonly file: string;
  readonly livekitServer: string;
  readonly signal: AbortSignal;
  onProgress(line: string): void;
}

/** All of them once, then again: one that is cut short has seen all. Each time in the next of the fault's cells. */
export async function soakFaults({ faults, times, file, onProgress, ...options }: FaultsOptions): Promise<void> {
  const made = new Map<string, number>();
  for (const { fault } of readLines<FaultLine>(file)) made.set(fault, (made.get(fault) ?? 0) + 1);
  const choices = Array.from({ length: times }, (_, time) =>
    faults.flatMap((fault) => {
      const cells = cellsOf([fault]);
      const cell = cells[time % cells.length];
      return cell && time >= (made.get(fault.id) ?? 0) ? [cell] : [];
    }),
  ).flat();
  let count = 0;
  await runChoices(choices, {
    ...options,
    onResult: (result) => {
      const line = lineOf(result, file);
      append(file, line);
      count += 1;
      if (line.outcome !== 'named' || count % 20 === 0) {
        onProgress(
          `${count} of ${choices.length}: ${cellText(result)}: ${line.outcome} (${line.codes.join(', ') || 'nothing'})`,
        );
      }
    },
    onError: (choice, error) => onProgress(`${cellText(choice)} could not be made: ${error.message}`),
  });
}

const cellText = ({ faults, topology, vantage }: Choice): string =>
  `${faults.join('+')} on ${topology} from ${vantage}`;

function lineOf(result: Result, file: string): FaultLine {
  const { topology, vantage, run } = result;
  const [fault = ''] = result.faults;
  const outcome = outcomeOf(result);
  return {
    at: new Date().toISOString(),
    fault,
    family: faults.find(({ id }) => id === fault)?.family ?? '',
    topology,
    vantage,
    outcome,
    codes: run.environments.flatMap(loudCodes),
    ...machine(),
    ...(outcome !== 'named' && { kept: keep(file, `${fault.replaceAll('/', '.')}-${outcome}`, run) }),
  };
}

/** Of a fault that was made, what came out of the check. */
export function outcomeOf({ missing, innocent, verdict }: Pick<Result, 'missing' | 'innocent' | 'verdict'>): Outcome {
  const expected = verdict.expected.includes(verdict.found);
  if (expected && missing.length + innocent.length === 0) return 'named';
  // It says itself that it cannot tell, and what keeps it from that.
  if (verdict.found === 'inconclusive' && !expected) return 'inconclusive';
  if (innocent.length > 0) return 'wrong';
  return verdict.found === 'inconclusive' ? 'inconclusive' : 'silent';
}
