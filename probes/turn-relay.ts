/** Whether the relay reaches the SFU: checks to its UDP candidates, sent through an allocation. */
import { isIP } from 'node:net';
import type { TurnFacts } from '../evidence/facts.js';
import { pace } from '../wire/pacing.js';
import type { TransportAddress } from '../wire/stun.js';
import type { TurnClient, TurnErrorResponse, TurnFailure } from '../wire/turn.js';
import type { TimedStep } from '../wire/turn-link.js';
import { type BindingCheck, bindingCheck, untilCertain } from './binding-check.js';
import { at } from './ice-check.js';
import type { IceSession } from './shared.js';

export type RelayedCheck = TurnFacts['relayedChecks'][number];

export interface RelayResult {
  readonly step: TimedStep;
  readonly checks: readonly RelayedCheck[];
  /** The first permission that was denied, and whether they all were. */
  readonly denied?: TurnErrorResponse;
  readonly allDenied: boolean;
  /** The link broke, or permissions were not answered. */
  readonly failure?: TurnFailure;
}

export interface Relay {
  /** For `onData` of the client. */
  receive(peer: TransportAddress, data: Buffer): void;
  /**
   * Resolves when a candidate has answered (and the others had as long as that one took), when all were given up, or
   * when the signal aborts. Never rejects.
   */
  run(client: TurnClient, family: 4 | 6, signal: AbortSignal): Promise<RelayResult>;
}

interface Running {
  readonly candidate: TransportAddress;
  readonly check: BindingCheck;
  readonly over: AbortController;
  rttMs?: number;
  denied?: TurnErrorResponse;
}

const mostCandidates = 8;
/** How often to look for candidates: while they trickle, and when no more will come. */
const pollMs = { trickling: 5, complete: 100 };
/** Beside the time that the first answer took. */
const graceMs = 5;

/** The session's UDP candidates of one family, as far as they have come. */
export function relayCandidates(session: IceSession | undefined, family: 4 | 6): readonly TransportAddress[] {
  return (session?.candidates ?? [])
    .filter(({ protocol, address, port }) => protocol === 'udp' && isIP(address) === family && port > 0)
    .slice(0, mostCandidates);
}

/** `session` is asked again and again, because candidates trickle. */
export function relay(session: () => IceSession | undefined, now: () => number): Relay {
  const running = new Map<string, Running>();
  let client: TurnClient | undefined;
  let failure: TurnFailure | undefined;
  let wake = (): void => {};
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const start = async (candidate: TransportAddress, ice: IceSession, through: TurnClient): Promise<void> => {
    const one: Running = { candidate, check: bindingCheck(ice, now), over: new AbortController() };
    running.set(at(candidate), one);
    // One request per candidate: with several in one, a peer that is forbidden would take the others with it. The check
    // is sent behind it without waiting, which saves a round trip where messages arrive in order.
    void through.createPermission([candidate]).then((result) => {
      if (result.ok) return;
      if (result.failure.kind === 'turn-error') one.denied = result.failure.error;
      else failure ??= result.failure;
      one.over.abort();
    });
    await pace(untilCertain, () => through.send(candidate, one.check.request()), one.over.signal);
    one.over.abort();
    wake();
  };

  return {
    receive(peer, data) {
      for (const one of running.values()) {
        const received = one.check.receive(data, peer);
        if (!received) continue;
        if ('answer' in received) {
          one.rttMs = received.answer.rttMs;
          one.over.abort();
        } else {
          client?.send(peer, 'reply' in received ? received.reply : one.check.request());
        }
        return;
      }
    },
    async run(through, family, signal) {
      client = through;
      const onAbort = (): void => wake();
      signal.addEventListener('abort', onAbort, { once: true });
      const startMs = now();
      const giveUpMs = startMs + untilCertain.giveUpAtMs;
      let answeredMs: number | undefined;
      while (!signal.aborted) {
        const ice = session();
        for (const candidate of relayCandidates(ice, family)) {
          if (ice && !running.has(at(candidate))) void start(candidate, ice, through);
        }
        const all = [...running.values()];
        const done = all.every(({ over }) => over.signal.aborted);
        if (done && (ice?.complete || now() > giveUpMs)) break;
        const first = all.find(({ rttMs }) => rttMs !== undefined);
        if (first?.rttMs !== undefined) {
          answeredMs ??= now();
          if (done || now() > answeredMs + first.rttMs + graceMs) break;
        }
        await sleep(answeredMs === undefined && ice?.complete ? pollMs.complete : pollMs.trickling);
      }
      signal.removeEventListener('abort', onAbort);
      for (const { over } of running.values()) over.abort();
      const checks = [...running.values()].map(({ candidate, check, rttMs }) => ({
        candidate: at(candidate),
        sent: check.sent,
        ...(rttMs !== undefined && { rttMs }),
      }));
      const denied = [...running.values()].flatMap((one) => (one.denied ? [one.denied] : []));
      return {
        step: { name: 'relayed-check', startMs, endMs: now() },
        checks,
        ...(denied[0] && { denied: denied[0] }),
        allDenied: denied.length > 0 && denied.length === checks.length,
        ...(failure && { failure }),
      };
    },
  };
}
