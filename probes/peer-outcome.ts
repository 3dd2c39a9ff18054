/** What the meeting of two participants says of the path that they were held to. */
import { pathOfPair } from '../browser/page/candidates.js';
import type { PeerFacts } from '../evidence/facts.js';
import type { Failure, Step } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { Met, Phase } from './peer-protocol.js';
import type { Outcome } from './probe.js';

/** `startMs` and `endMs`: when the order was given and answered, in milliseconds since the start of the run. */
export function outcomeOf(met: Met, startMs: number, endMs: number): Outcome & { readonly steps: readonly Step[] } {
  const facts = { ...factsOf(met) };
  const steps = stepsOf(met, startMs, endMs);
  const failure = failureOf(met);
  return failure ? { state: 'failed', facts, steps, failure } : { state: 'ok', facts, steps };
}

function factsOf({ path, reachedMs, echo, selected, transports }: Met): PeerFacts {
  return {
    path,
    ...(reachedMs.echo !== undefined && { totalMs: reachedMs.echo }),
    ...(reachedMs.join !== undefined && { joinMs: reachedMs.join }),
    ...(echo && { echo: { sentBytes: echo.sentBytes, receivedBytes: echo.receivedBytes, rttMs: echo.rttMs } }),
    selected,
    transports,
  };
}

function stepsOf({ reachedMs, phase }: Met, startMs: number, endMs: number): Step[] {
  const { join, connect, echo } = reachedMs;
  const reached = { join, connect, echo };
  const steps: Step[] = [];
  let fromMs = startMs;
  for (const [name, atMs] of Object.entries(reached)) {
    if (atMs === undefined && name !== phase) break;
    const toMs = atMs === undefined ? endMs : startMs + atMs;
    steps.push({ name, startMs: fromMs, endMs: toMs });
    fromMs = toMs;
  }
  return steps;
}

const doing: Record<Phase, string> = {
  join: 'joining',
  connect: 'connecting (ICE and DTLS)',
  echo: 'waiting for data to come back',
  done: 'done',
};

function failureOf({ path, phase, error, echo, selected, stalled }: Met): Failure | undefined {
  if (phase === 'connect' && stalled) {
    return { kind: 'dtls-timeout', message: 'ICE connected, and the DTLS handshake did not come about in time' };
  }
  if (phase !== 'done') {
    if (error === undefined) return { kind: 'timeout', message: `${doing[phase]} did not end in time` };
    return { kind: phase, message: `${doing[phase]}: ${printable(error)}` };
  }
  for (const side of ['caller', 'callee'] as const) {
    const taken = new Set((selected[side] ?? []).map(({ local }) => pathOfPair(local) ?? 'an unknown path'));
    if (taken.size !== 1 || !taken.has(path)) {
      const ways = taken.size === 0 ? 'nothing that the statistics know' : [...taken].join(' and ');
      return { kind: 'wrong-path', message: `the ${side} was held to ${path}, but took ${ways}` };
    }
  }
  if (!echo?.equal) {
    const message = `${echo?.sentBytes} bytes were sent, and ${echo?.receivedBytes} others came back`;
    return { kind: 'echo', message };
  }
  return undefined;
}
