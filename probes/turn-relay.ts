/** Whether the relay reaches the SFU: checks to its UDP candidates, sent through an allocation. */
import { isIP } from 'node:net';
import type { RelayedCheck } from '../evidence/facts.js';
import type { TransportAddress } from '../wire/stun.js';
import type { TurnClient, TurnErrorResponse, TurnFailure, TurnResult } from '../wire/turn.js';
import type { TimedStep } from '../wire/turn-link.js';
import { type BindingCheck, bindingCheck, untilCertain } from './binding-check.js';
import { at } from './ice-check.js';
import { answerableMs, paceUntilCertain, unheard } from './ice-patience.js';
import type { IceSession } from './shared.js';

export interface RelayResult {
  readonly step: TimedStep;
  readonly checks: readonly RelayedCheck[];
  /** The first permission or channel that was denied, and whether every permission was. */
  readonly denied?: TurnErrorResponse;
  readonly allDenied: boolean;
  /** Nothing was answered, and this is why that may mean nothing. */
  readonly unheard?: string;
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

/** One way to a candidate through the relay: by Send indications or by ChannelData. */
interface Way {
  readonly check: BindingCheck;
  readonly over: AbortController;
  send(data: Buffer): void;
  rttMs?: number;
  denied?: TurnErrorResponse;
}

interface Running {
  readonly candidate: TransportAddress;
  readonly startMs: number;
  readonly indications: Way;
  readonly channel: Way;
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

/**
 * `session` is asked again and again, because candidates trickle. `hopelessAfterMs`: how long to wait for a candidate that
 * something else has made out to be dead; undefined as long as nothing has.
 */
export function relay(
  session: () => IceSession | undefined,
  now: () => number,
  hopelessAfterMs: (candidate: TransportAddress) => number | undefined = () => undefined,
): Relay {
  const running = new Map<string, Running>();
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

  /** The check is sent behind the request without waiting, which saves a round trip where messages arrive in order. */
  const pursue = async (way: Way, ice: IceSession, asked: Promise<TurnResult>): Promise<void> => {
    void asked.then((result) => {
      if (result.ok) return;
      if (result.failure.kind === 'turn-error') way.denied = result.failure.error;
      else failure ??= result.failure;
      way.over.abort();
    });
    await paceUntilCertain(untilCertain, () => way.send(way.check.request()), way.over.signal, ice, now);
    way.over.abort();
    wake();
  };

  const start = (candidate: TransportAddress, ice: IceSession, client: TurnClient): void => {
    const way = (send: (data: Buffer) => void): Way => ({
      check: bindingCheck(ice, now),
      over: new AbortController(),
      send,
    });
    const one: Running = {
      candidate,
      startMs: now(),
      indications: way((data) => client.send(candidate, data)),
      channel: way((data) => client.sendOnChannel(candidate, data)),
    };
    running.set(at(candidate), one);
    // One request per candidate: with several in one, a peer that is forbidden would take the others with it.
    void pursue(one.indications, ice, client.createPermission([candidate]));
    void pursue(one.channel, ice, client.bindChannel(candidate));
  };

  return {
    receive(peer, data) {
      for (const { indications, channel } of running.values()) {
        for (const way of [indications, channel]) {
          const received = way.check.receive(data, peer);
          if (!received) continue;
          if ('answer' in received) {
            way.rttMs = received.answer.rttMs;
            way.over.abort();
          } else {
            way.send('reply' in received ? received.reply : way.check.request());
          }
          return;
        }
      }
    },
    async run(client, family, signal) {
      const onAbort = (): void => wake();
      signal.addEventListener('abort', onAbort, { once: true });
      const startMs = now();
      const giveUpMs = startMs + untilCertain.giveUpAtMs;
      let answeredMs: number | undefined;
      while (!signal.aborted) {
        const ice = session();
        for (const candidate of relayCandidates(ice, family)) {
          if (ice && !running.has(at(candidate))) start(candidate, ice, client);
        }
        const all = [...running.values()];
        for (const one of all) {
          if (now() < one.startMs + (hopelessAfterMs(one.candidate) ?? Number.POSITIVE_INFINITY)) continue;
          for (const way of [one.indications, one.channel]) way.over.abort();
        }
        const isOver = ({ indications, channel }: Running): boolean =>
          indications.over.signal.aborted && channel.over.signal.aborted;
        const done = all.every(isOver);
        if (done && (ice?.complete || now() > giveUpMs)) break;
        const first = all.find((one) => one.indications.rttMs !== undefined && isOver(one));
        if (first?.indications.rttMs !== undefined) {
          answeredMs ??= now();
          if (done || now() > answeredMs + first.indications.rttMs + graceMs) break;
        }
        await sleep(answeredMs === undefined && ice?.complete ? pollMs.complete : pollMs.trickling);
      }
      signal.removeEventListener('abort', onAbort);
      const ice = session();
      const all = [...running.values()];
      for (const { indications, channel } of all) {
        indications.over.abort();
        channel.over.abort();
      }
      const checks = all.map(({ candidate, indications, channel }) => ({
        candidate: at(candidate),
        sent: indications.check.sent,
        ...(indications.rttMs !== undefined && { rttMs: indications.rttMs }),
        ...(channel.rttMs !== undefined && { channelRttMs: channel.rttMs }),
      }));
      const refused = all.flatMap(({ indications }) => (indications.denied ? [indications.denied] : []));
      // Where the permission was granted, a channel that was refused is news.
      const unbound = all.flatMap(({ indications, channel }) =>
        channel.denied && indications.rttMs !== undefined ? [channel.denied] : [],
      );
      const denied = refused[0] ?? unbound[0];
      const mayMeanNothing = answeredMs === undefined && ice && answerableMs(ice, startMs) === undefined;
      return {
        step: { name: 'relayed-check', startMs, endMs: now() },
        checks,
        ...(denied && { denied }),
        ...(mayMeanNothing && { unheard: unheard(ice) }),
        allDenied: refused.length > 0 && refused.length === checks.length,
        ...(failure && { failure }),
      };
    },
  };
}
