/** Whether this machine can check at all, and what of a check failed for want of it. */
import { readFileSync } from 'node:fs';
import { MachineError, machineLacks, machinesWords } from '../evidence/machine.js';
import type { Failure } from '../evidence/run.js';
import type { Outcome } from '../probes/probe.js';

/** A check with a browser has some 150 open, and what has too few waits for ever instead of saying so. */
const fewestOpenFiles = 256;
/** A difference of less is how a clock is read, or set right by NTP in small steps. */
const stepMs = 1000;

/** Throws a `MachineError` where a process may open too few files to look and to judge. Only Linux says. */
export function requireOpenFiles(): void {
  let limits = '';
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return;
  }
  const most = /^Max open files +(\d+)/m.exec(limits)?.[1];
  if (most === undefined || Number(most) >= fewestOpenFiles) return;
  throw new MachineError(
    `this machine lets a process have ${most} open files, and a check needs ${fewestOpenFiles}: raise it (\`ulimit -n 1024\`)`,
  );
}

/** What a probe threw. An exception is a mistake of ours or a want of this machine, never of the deployment. */
export function outcomeOfError(error: unknown): Extract<Outcome, { state: 'failed' | 'unsupported' }> {
  const message = machinesWords(error);
  if (message !== undefined) return { state: 'unsupported', facts: {}, failure: { kind: 'machine', message } };
  const failure = { kind: 'internal', message: error instanceof Error ? error.message : String(error) };
  return { state: 'failed', facts: {}, failure };
}

/** Of these kinds the message ends with the system's code, and nothing of it comes from a server. */
const systems = new Set(['unreachable', 'no-route']);

/** A socket that this machine did not give is no silence of the deployment. */
export function blamed(outcome: Outcome): Outcome {
  if (outcome.state !== 'failed' || !systems.has(outcome.failure.kind)) return outcome;
  const message = machineLacks(codeOf(outcome.failure));
  return message === undefined ? outcome : { ...outcome, state: 'unsupported', failure: { kind: 'machine', message } };
}

const codeOf = ({ message }: Failure): string => /\bE[A-Z]+$/.exec(message)?.[0] ?? '';

/** Begins to watch the clock; the function that comes back says by how much it was set meanwhile. Milliseconds. */
export function watchClock(): () => { clockStepMs?: number } {
  const offset = (): number => Date.now() - performance.now();
  const before = offset();
  return () => {
    const clockStepMs = Math.round(offset() - before);
    return Math.abs(clockStepMs) < stepMs ? {} : { clockStepMs };
  };
}
