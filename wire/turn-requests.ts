/**
 * TURN requests and their answers over one link: long-term credentials (RFC 8489 §9.2), sending again, stale nonces.
 * Nothing here throws or rejects: an outcome is data.
 */
import { pace, type Schedule } from './pacing.js';
import {
  type Attribute,
  decode,
  encode,
  first,
  hasIntegrity,
  longTermKey,
  type Method,
  newTransactionId,
  type StunMessage,
  type TransportAddress,
} from './stun.js';
import type { LinkFailure, LinkOptions, TurnLink } from './turn-link.js';

export type TurnFailure =
  | LinkFailure
  /** An error response. `step` is the request that it answers. */
  | { readonly kind: 'turn-error'; readonly message: string; readonly error: TurnErrorResponse };

export interface TurnErrorResponse {
  readonly step: 'allocate' | 'permission' | 'channel' | 'refresh';
  readonly code: number;
  readonly reason: string;
}

export type TurnResult<T = unknown> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly failure: TurnFailure };

export interface TurnOptions extends Omit<LinkOptions, 'timeoutMs'> {
  readonly username: string;
  readonly credential: string;
  /** When a request is sent again over UDP, and when it is given up over any transport. */
  readonly schedule: Schedule;
  /** What a peer sent to the relayed address, as a Data indication or as ChannelData. */
  onData(peer: TransportAddress, data: Buffer): void;
}

export interface TurnRequests {
  /** What the server says about itself. */
  readonly realm: string | undefined;
  readonly software: string | undefined;
  /** The link is of no more use. */
  readonly failed: boolean;
  /** Before the first request. */
  attach(link: TurnLink): void;
  receive(bytes: Buffer): void;
  fail(failure: TurnFailure): void;
  /** One request without credentials; `learn` takes from its error response what the others need. */
  transact(method: Method, attributes: readonly Attribute[], within?: Schedule): Promise<Reply>;
  learn(message: StunMessage): boolean;
  /** One request with them, again with a new nonce where the server says 438. */
  request(
    step: TurnErrorResponse['step'],
    method: Method,
    attributes: readonly Attribute[],
    within?: Schedule,
  ): Promise<TurnResult<{ message: StunMessage }>>;
}

export type Reply = { readonly message: StunMessage } | { readonly failure: TurnFailure };

const mostRetries = 2;
/** RFC 8489 §14.9 and §14.10: fewer than 128 characters of up to six bytes. */
const longestRealmBytes = 763;
/** Giving back is asked for more than once, but not waited for: the answer changes nothing. */
export const releaseSchedule: Schedule = { sendAtMs: [0, 50, 150], giveUpAtMs: 400 };
const stopped: TurnFailure = { kind: 'timeout', message: 'stopped before an answer came' };

export function turnRequests({ username, credential, schedule, signal, onData }: TurnOptions): TurnRequests {
  const waiting = new Map<string, (reply: Reply) => void>();
  let link: TurnLink | undefined;
  let failed: TurnFailure | undefined;
  let heard = false;
  let junk: Buffer | undefined;
  let key: Buffer | undefined;
  let nonce: Buffer | undefined;
  let realm: string | undefined;
  let software: string | undefined;

  const finishAll = (failure: TurnFailure): void => {
    for (const finish of [...waiting.values()]) finish({ failure });
  };
  signal.addEventListener('abort', () => finishAll(stopped), { once: true });

  const transact = (method: Method, attributes: readonly Attribute[], within = schedule): Promise<Reply> =>
    new Promise((resolve) => {
      if (failed) return resolve({ failure: failed });
      if (signal.aborted && within !== releaseSchedule) return resolve({ failure: stopped });
      const transactionId = newTransactionId();
      const id = transactionId.toString('hex');
      const credentials: readonly Attribute[] =
        key && nonce && realm !== undefined
          ? [
              ['USERNAME', username],
              ['REALM', realm],
              ['NONCE', nonce],
            ]
          : [];
      const bytes = encode(
        { class: 'request', method, transactionId, attributes: [...attributes, ...credentials] },
        key && { integrityKey: key },
      );
      const answered = new AbortController();
      waiting.set(id, (reply) => {
        waiting.delete(id);
        answered.abort();
        resolve(reply);
      });
      // What is lost on the way to a server that has answered before comes late over TCP, but it comes.
      const patience = heard ? 2 : 1;
      const times = link?.reliable ? { sendAtMs: [0], giveUpAtMs: patience * within.giveUpAtMs } : within;
      void pace(times, () => link?.send(bytes), answered.signal).then(() =>
        waiting.get(id)?.({
          failure: junk
            ? { kind: 'not-turn', message: 'what answers is not TURN', received: junk }
            : { kind: 'timeout', message: `no answer to ${method} in ${times.giveUpAtMs} ms` },
        }),
      );
    });

  const learn = (message: StunMessage): boolean => {
    const itsRealm = first(message, 'REALM') ?? realm;
    const itsNonce = first(message, 'NONCE');
    if (itsRealm === undefined || !itsNonce) return false;
    if (Buffer.byteLength(itsRealm) > longestRealmBytes || itsNonce.length > longestRealmBytes) return false;
    realm = itsRealm;
    nonce = itsNonce;
    key = longTermKey(username, realm, credential);
    return true;
  };

  return {
    get realm() {
      return realm;
    },
    get software() {
      return software;
    },
    get failed() {
      return failed !== undefined;
    },
    attach(opened) {
      link = opened;
    },
    receive(bytes) {
      const message = decode(bytes);
      if (!message) {
        junk ??= Buffer.from(bytes.subarray(0, 512));
        return;
      }
      if (message.class === 'indication' && message.method === 'data') {
        const peer = first(message, 'XOR-PEER-ADDRESS');
        const data = first(message, 'DATA');
        if (peer && data) onData(peer, data);
        return;
      }
      const finish = waiting.get(message.transactionId.toString('hex'));
      if (!finish || message.class === 'request') return;
      // A success that is not the server's own is ignored (RFC 8489 §9.2.5); errors before authentication carry none.
      if (message.class === 'success' && key && !hasIntegrity(bytes, key)) return;
      heard = true;
      software ??= first(message, 'SOFTWARE');
      finish({ message });
    },
    fail(failure) {
      failed ??= failure;
      finishAll(failure);
    },
    transact,
    learn,
    async request(step, method, attributes, within = schedule) {
      for (let retries = 0; ; retries++) {
        const reply = await transact(method, attributes, within);
        if ('failure' in reply) return { ok: false, failure: reply.failure };
        if (reply.message.class === 'success') return { ok: true, message: reply.message };
        const { code, reason } = errorOf(reply.message);
        if (code === 438 && retries < mostRetries && learn(reply.message)) continue;
        const message = `${step} was answered with ${code} ${reason}`.trim();
        return { ok: false, failure: { kind: 'turn-error', message, error: { step, code, reason } } };
      }
    },
  };
}

export function errorOf(message: StunMessage): { readonly code: number; readonly reason: string } {
  return first(message, 'ERROR-CODE') ?? { code: 0, reason: 'without an error code' };
}
