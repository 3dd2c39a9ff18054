/**
 * When the silence of a candidate means something. The server answers no check before it has our SDP answer, and where
 * packets are lost that may come seconds late: signalling goes over one TCP connection.
 */
import { pace, type Schedule } from '../wire/pacing.js';
import type { IceSession } from './shared.js';

/** Heard by then, the second burst of `untilCertain` is whole. */
const inTimeMs = 1000;
/** From the first check on; below the deadline of the probes with what comes after it. */
const longestMs = 4500;
const pollMs = 20;
const again: Schedule = { sendAtMs: Array.from({ length: 14 }, (_, index) => 50 * index), giveUpAtMs: 1500 };

/**
 * From when on the server can answer checks; `startMs` is that of the first. Undefined where it is not known yet, and where
 * it may have ended the session in between, which it does some 10 s after checks without a DTLS handshake.
 */
export function answerableMs({ ourAnswer, over }: IceSession, startMs: number): number | undefined {
  if (over) return undefined;
  if (!ourAnswer) return startMs;
  return ourAnswer.heardMs === undefined ? undefined : Math.max(startMs, ourAnswer.heardMs);
}

/** Waits until the server has our answer, for a limited time. */
export async function untilAnswerable(
  session: IceSession,
  startMs: number,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const isOpen = (): boolean => !session.over && answerableMs(session, startMs) === undefined;
  while (isOpen() && now() < startMs + longestMs && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/**
 * As `pace`, and another burst where the server had our answer too late for the schedule. False: it never had, so that
 * silence means nothing.
 */
export async function paceUntilCertain(
  schedule: Schedule,
  send: () => void,
  signal: AbortSignal,
  session: IceSession,
  now: () => number,
): Promise<boolean> {
  const startMs = now();
  await pace(schedule, send, signal);
  if (signal.aborted || (answerableMs(session, startMs) ?? Number.POSITIVE_INFINITY) <= startMs + inTimeMs) return true;
  await untilAnswerable(session, startMs, now, signal);
  if (answerableMs(session, startMs) === undefined) return false;
  await pace(again, send, signal);
  return true;
}

/** What the failure of such a check says. */
export const unheard = ({ over }: IceSession): string =>
  over ? 'the server has ended the session' : 'it is not known whether the server had our SDP answer by then';
