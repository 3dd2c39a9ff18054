/** One conversation of connectivity checks (RFC 8445 §7.2) with the server, over whatever carries the messages. */
import type { Schedule } from '../wire/pacing.js';
import {
  type Attribute,
  decode,
  encode,
  first,
  hasIntegrity,
  newTransactionId,
  shortTermKey,
  type TransportAddress,
} from '../wire/stun.js';
import type { IceSession } from './shared.js';

/**
 * When checks are sent until a port is called silent: 14 sends leave one false alarm in a million at 20 % loss in each
 * direction, and because loss comes in bursts the same again more than a second after the first.
 */
export const untilCertain: Schedule = {
  sendAtMs: [0, 1250].flatMap((burst) => Array.from({ length: 14 }, (_, index) => burst + 50 * index)),
  giveUpAtMs: 2750,
};

/**
 * For an address or port that is only a guess: an answer tells, silence proves nothing, so once is enough. 12 sends find
 * what is there but for five in a million at 20 % loss. `alone`: nothing else takes longer, so the run ends with this.
 */
export function once(roundTripMs: number, alone = false): Schedule {
  return {
    sendAtMs: Array.from({ length: 12 }, (_, index) => 25 * index),
    giveUpAtMs: alone ? Math.min(1500, 400 + 3 * roundTripMs) : Math.min(1500, 600 + 4 * roundTripMs),
  };
}

/** Highest of all, so that a server in the same role says so instead of changing its own (RFC 8445 §7.3.1.1). */
const tieBreaker = 0xffff_ffff_ffff_ffffn;

/** Peer-reflexive, RFC 8445 §5.1.2.1. */
const priority = 110 * 2 ** 24 + 65_535 * 2 ** 8 + 255;

export interface Answer {
  readonly rttMs: number;
  readonly mapped?: TransportAddress;
  /** The answer was an error response, which proves the path all the same. */
  readonly errorCode?: number;
  /** What was answered had been padded to this. */
  readonly paddedTo?: number;
  /** Which request of the conversation it answers, from 1. */
  readonly number: number;
}

export type Received =
  | { readonly answer: Answer }
  /** The server checked us: to be sent back. */
  | { readonly reply: Buffer }
  /** The server has our role; the next request has the other one, and should be sent at once. */
  | { readonly retry: true };

export interface BindingCheck {
  /** Requests made so far, the padded ones among them. */
  readonly sent: number;
  /** STUN messages received so far. */
  readonly received: number;
  /** A new authenticated request, which may be sent to the candidate from several ports. */
  request(): Buffer;
  /** One of that many bytes, a multiple of four from 200 to 1472. */
  padded(bytes: number): Buffer;
  /** What a message means; undefined for one that means nothing here. `from` is what the server's checks are told. */
  receive(bytes: Buffer, from: TransportAddress): Received | undefined;
}

/**
 * Comprehension-optional (RFC 8489 §14), of the range for expert review (§18.3), and not assigned: who does not know it
 * ignores it. PADDING of RFC 5780 §7.6 is comprehension-required, so a server would have to refuse it.
 */
const padding = 0xcafe;
const attributeHeaderBytes = 4;

/** `now` is in milliseconds. */
export function bindingCheck(session: IceSession, now: () => number): BindingCheck {
  const sentAt = new Map<string, { readonly ms: number; readonly number: number; readonly paddedTo?: number }>();
  const theirKey = shortTermKey(session.password);
  const ourKey = shortTermKey(session.localPassword);
  const theirUsername = session.username.split(':').reverse().join(':');
  // Who offers controls, which is the server, unless it is lite (RFC 8445 §6.1.1).
  let controlling = session.lite ?? false;
  let switched = false;
  let sent = 0;
  let received = 0;
  let plainBytes: number | undefined;

  const replyTo = (bytes: Buffer, from: TransportAddress): Buffer | undefined => {
    const check = decode(bytes);
    if (!check || first(check, 'USERNAME') !== theirUsername || !hasIntegrity(bytes, ourKey)) return undefined;
    return encode(
      {
        class: 'success',
        method: 'binding',
        transactionId: check.transactionId,
        attributes: [['XOR-MAPPED-ADDRESS', from]],
      },
      { integrityKey: ourKey, fingerprint: true },
    );
  };

  const request = (paddedTo?: number): Buffer => {
    const transactionId = newTransactionId();
    const role: Attribute = [controlling ? 'ICE-CONTROLLING' : 'ICE-CONTROLLED', tieBreaker];
    const encoded = (...more: Attribute[]): Buffer =>
      encode(
        {
          class: 'request',
          method: 'binding',
          transactionId,
          attributes: [['USERNAME', session.username], ['PRIORITY', priority], role, ...more],
        },
        { integrityKey: theirKey, fingerprint: true },
      );
    sent += 1;
    sentAt.set(transactionId.toString('hex'), { ms: now(), number: sent, ...(paddedTo && { paddedTo }) });
    if (paddedTo === undefined) return encoded();
    plainBytes ??= encoded().length;
    return encoded([padding, Buffer.alloc(Math.max(0, paddedTo - plainBytes - attributeHeaderBytes))]);
  };

  return {
    get sent() {
      return sent;
    },
    get received() {
      return received;
    },
    request: () => request(),
    padded: request,
    receive(bytes, from) {
      const message = decode(bytes);
      if (message?.method !== 'binding') return undefined;
      received += 1;
      if (message.class === 'request') {
        const reply = replyTo(bytes, from);
        return reply && { reply };
      }
      const at = sentAt.get(message.transactionId.toString('hex'));
      if (at === undefined) return undefined;
      const rttMs = now() - at.ms;
      const which = { number: at.number, ...(at.paddedTo && { paddedTo: at.paddedTo }) };
      if (message.class === 'error') {
        const errorCode = first(message, 'ERROR-CODE')?.code ?? 0;
        if (errorCode === 487 && !switched) {
          switched = true;
          controlling = !controlling;
          return { retry: true };
        }
        return { answer: { rttMs, errorCode, ...which } };
      }
      // Any STUN server says yes to anybody; only the one that knows the session's password signs it.
      if (message.class !== 'success' || !hasIntegrity(bytes, theirKey)) return undefined;
      const mapped = first(message, 'XOR-MAPPED-ADDRESS');
      return { answer: { rttMs, ...(mapped && { mapped }), ...which } };
    },
  };
}
