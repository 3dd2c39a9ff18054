/** What went wrong on a TURN URL, from the client's failures and the checks through the relay. */
import type { TurnFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { TurnFailure } from '../wire/turn.js';
import type { RelayResult } from './turn-relay.js';

export function failureOf(failure: TurnFailure, during: string): { seen: Partial<TurnFacts>; failure: Failure } {
  const seen: Partial<TurnFacts> = {};
  if (failure.kind === 'not-turn') seen.plaintext = printable(failure.received.subarray(0, 200).toString('latin1'));
  if (failure.kind === 'turn-error') {
    const { step, code, reason } = failure.error;
    seen.error = { step, code, reason: printable(reason) };
  }
  return { seen, failure: { kind: failure.kind, message: printable(`${during}: ${failure.message}`, 300) } };
}

/** Media goes through channels; that indications do, is not enough. */
function channelFailure(
  checks: RelayResult['checks'],
  denied: RelayResult['denied'],
  url: string,
): ReturnType<typeof failureOf> | undefined {
  if (checks.some(({ channelRttMs }) => channelRttMs !== undefined)) return undefined;
  if (denied?.step === 'channel') {
    const message = `channel was answered with ${denied.code} ${denied.reason}`.trim();
    return failureOf({ kind: 'turn-error', message, error: denied }, url);
  }
  const message = `${url} relays Send indications, but nothing comes back for ChannelData`;
  return { seen: {}, failure: { kind: 'no-channel-answer', message } };
}

/** What the relayed checks came to; undefined where one was answered, through a channel too. */
export function relayFailure(
  { checks, denied, allDenied, unheard, failure }: RelayResult,
  url: string,
): ReturnType<typeof failureOf> | undefined {
  if (checks.some(({ rttMs }) => rttMs !== undefined)) return channelFailure(checks, denied, url);
  if (failure) return failureOf(failure, url);
  if (checks.length === 0) {
    const message = `${url} gives relayed addresses, but the server offers no UDP candidate to relay to`;
    return { seen: {}, failure: { kind: 'no-udp-candidate', message } };
  }
  const error = denied && { ...denied, reason: printable(denied.reason) };
  if (error && allDenied) {
    const message = `${url} does not relay to the media address: ${error.code} ${error.reason}`.trim();
    return { seen: { error }, failure: { kind: 'turn-error', message } };
  }
  const tried = checks.map(({ candidate }) => candidate).join(', ');
  if (unheard !== undefined) {
    const message = `${url} gives a relayed address, and nothing comes back through it from ${tried}, but ${unheard}`;
    return { seen: { ...(error && { error }) }, failure: { kind: 'late', message } };
  }
  const message = `${url} gives a relayed address, but nothing comes back through it from ${tried}`;
  return { seen: { ...(error && { error }) }, failure: { kind: 'no-relayed-answer', message } };
}
