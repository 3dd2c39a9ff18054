/**
 * A TURN client (RFC 8656) whose steps can be called, timed and sent together, and which hands back every error code
 * as it came. Nothing here throws or rejects: an outcome is data.
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
import { type LinkFailure, type LinkOptions, openLink, type TimedStep, type TurnServer } from './turn-link.js';

export type TurnFailure =
  | LinkFailure
  /** An error response. `step` is the request that it answers. */
  | { readonly kind: 'turn-error'; readonly message: string; readonly error: TurnErrorResponse };

export interface TurnErrorResponse {
  readonly step: 'allocate' | 'permission' | 'refresh';
  readonly code: number;
  readonly reason: string;
}

export type TurnResult<T = unknown> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly failure: TurnFailure };

export interface Allocation {
  /** XOR-RELAYED-ADDRESS and XOR-MAPPED-ADDRESS. */
  readonly relayed: TransportAddress;
  readonly mapped?: TransportAddress;
  readonly lifetimeS?: number;
}

export interface TurnOptions extends Omit<LinkOptions, 'timeoutMs'> {
  readonly username: string;
  readonly credential: string;
  /** When a request is sent again over UDP, and when it is given up over any transport. */
  readonly schedule: Schedule;
  /** A datagram that a peer sent to the relayed address. */
  onData(peer: TransportAddress, data: Buffer): void;
}

export interface TurnClient {
  /** `connect`, `tls`, `challenge`, `allocate`, `permission`, in the order in which they ended. */
  readonly steps: readonly TimedStep[];
  /** What the server says about itself. */
  readonly realm?: string;
  readonly software?: string;
  /** Asks without credentials, as everybody has to, for the realm and the nonce (RFC 8489 §9.2.3.1). */
  challenge(): Promise<TurnResult>;
  /** A relayed UDP address of this family. */
  allocate(family: 4 | 6): Promise<TurnResult<Allocation>>;
  /** Lets these peers through. A server refuses all of them if it refuses one. */
  createPermission(peers: readonly TransportAddress[]): Promise<TurnResult>;
  /** A Send indication: no answer, and no word if it was dropped. */
  send(peer: TransportAddress, data: Buffer): void;
  refresh(lifetimeS: number): Promise<TurnResult>;
  /** Gives the allocation back and closes. Over TCP and TLS it waits for no answer: the allocation ends with them. */
  release(): Promise<void>;
}

const protocolUdp = 17;
const mostRetries = 2;
/** RFC 8489 §14.9 and §14.10: fewer than 128 characters of up to six bytes. */
const longestRealmBytes = 763;
/** Giving back is asked for more than once, but not waited for: the answer changes nothing. */
const releaseSchedule: Schedule = { sendAtMs: [0, 50, 150], giveUpAtMs: 400 };
const stopped: TurnFailure = { kind: 'timeout', message: 'stopped before an answer came' };

type Reply = { readonly message: StunMessage } | { readonly failure: TurnFailure };

/**
 * Opens the link; the requests then share it. Requests may be called without awaiting the one before: over TCP and TLS
 * they arrive in order, and over UDP a server that does not know the allocation yet leaves them to be sent again.
 */
export async function openTurn(
  server: TurnServer,
  options: TurnOptions,
): Promise<{ readonly client: TurnClient } | { readonly failure: TurnFailure; readonly steps: readonly TimedStep[] }> {
  const { username, credential, schedule, signal, now } = options;
  const waiting = new Map<string, (reply: Reply) => void>();
  let failed: TurnFailure | undefined;
  let heard = false;
  let junk: Buffer | undefined;
  let key: Buffer | undefined;
  let nonce: Buffer | undefined;
  let realm: string | undefined;
  let software: string | undefined;
  let allocation: Allocation | undefined;
  let allocating: Promise<TurnResult<Allocation>> | undefined;
  /** There is an allocation, or there may be one: a request for it was sent and not refused. */
  let held = false;

  const finishAll = (failure: TurnFailure): void => {
    for (const finish of [...waiting.values()]) finish({ failure });
  };
  const onFailure = (failure: TurnFailure): void => {
    failed = failure;
    finishAll(failure);
  };

  const onMessage = (bytes: Buffer): void => {
    const message = decode(bytes);
    if (!message) {
      junk ??= Buffer.from(bytes.subarray(0, 512));
      return;
    }
    if (message.class === 'indication' && message.method === 'data') {
      const peer = first(message, 'XOR-PEER-ADDRESS');
      const data = first(message, 'DATA');
      if (peer && data) options.onData(peer, data);
      return;
    }
    const finish = waiting.get(message.transactionId.toString('hex'));
    if (!finish || message.class === 'request') return;
    // A success that is not the server's own is ignored (RFC 8489 §9.2.5); errors before authentication carry none.
    if (message.class === 'success' && key && !hasIntegrity(bytes, key)) return;
    heard = true;
    software ??= first(message, 'SOFTWARE');
    finish({ message });
  };

  const opened = await openLink(server, { onMessage, onFailure }, { signal, now, timeoutMs: schedule.giveUpAtMs });
  if ('failure' in opened) return opened;
  const { link } = opened;
  const steps = [...opened.steps];
  const onAbort = (): void => finishAll(stopped);
  signal.addEventListener('abort', onAbort, { once: true });

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
      const times = link.reliable ? { sendAtMs: [0], giveUpAtMs: patience * within.giveUpAtMs } : within;
      void pace(times, () => link.send(bytes), answered.signal).then(() =>
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

  const request = async (
    step: TurnErrorResponse['step'],
    method: Method,
    attributes: readonly Attribute[],
    within = schedule,
  ): Promise<TurnResult<{ message: StunMessage }>> => {
    for (let retries = 0; ; retries++) {
      const reply = await transact(method, attributes, within);
      if ('failure' in reply) return { ok: false, failure: reply.failure };
      if (reply.message.class === 'success') return { ok: true, message: reply.message };
      const { code, reason } = first(reply.message, 'ERROR-CODE') ?? { code: 0, reason: 'without an error code' };
      if (code === 438 && retries < mostRetries && learn(reply.message)) continue;
      const message = `${step} was answered with ${code} ${reason}`.trim();
      return { ok: false, failure: { kind: 'turn-error', message, error: { step, code, reason } } };
    }
  };

  const timed = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const startMs = now();
    const result = await work;
    steps.push({ name, startMs, endMs: now() });
    return result;
  };

  const allocated = (message: StunMessage): TurnResult<Allocation> => {
    const relayed = first(message, 'XOR-RELAYED-ADDRESS');
    if (!relayed) {
      const failure = { kind: 'not-turn', message: 'the answer has no relayed address', received: Buffer.alloc(0) };
      return { ok: false, failure: failure as TurnFailure };
    }
    const mapped = first(message, 'XOR-MAPPED-ADDRESS');
    const lifetimeS = first(message, 'LIFETIME');
    allocation = { relayed, ...(mapped && { mapped }), ...(lifetimeS !== undefined && { lifetimeS }) };
    return { ok: true, ...allocation };
  };

  const challenge = async (): Promise<TurnResult> => {
    const reply = await transact('allocate', [['REQUESTED-TRANSPORT', protocolUdp]]);
    if ('failure' in reply) return { ok: false, failure: reply.failure };
    // A server without authentication gives the allocation at once.
    if (reply.message.class === 'success') {
      held = true;
      return allocated(reply.message);
    }
    const { code, reason } = first(reply.message, 'ERROR-CODE') ?? { code: 0, reason: 'without an error code' };
    if (code === 401 && learn(reply.message)) return { ok: true };
    const message = `allocate was answered with ${code} ${reason}`.trim();
    return { ok: false, failure: { kind: 'turn-error', message, error: { step: 'allocate', code, reason } } };
  };

  const allocate = async (family: 4 | 6): Promise<TurnResult<Allocation>> => {
    if (allocation && !failed) return { ok: true, ...allocation };
    // Some servers relay to the family that they were asked over unless told otherwise (RFC 8656 §7.2 says IPv4).
    const told: Attribute[] =
      family === 6 || server.address.includes(':') ? [['REQUESTED-ADDRESS-FAMILY', family]] : [];
    held = true;
    const reply = await request('allocate', 'allocate', [['REQUESTED-TRANSPORT', protocolUdp], ...told]);
    if (reply.ok) return allocated(reply.message);
    held = reply.failure.kind !== 'turn-error';
    return reply;
  };

  const createPermission = async (peers: readonly TransportAddress[]): Promise<TurnResult> => {
    const attributes = peers.map((peer): Attribute => ['XOR-PEER-ADDRESS', peer]);
    const ask = (): Promise<TurnResult> => request('permission', 'createPermission', attributes);
    const reply = await ask();
    // Over UDP it may overtake the request for the allocation, or that one may be lost: coturn then says 437 or 400.
    const overtook = !reply.ok && reply.failure.kind === 'turn-error' && allocation === undefined;
    return overtook && (await allocating)?.ok ? ask() : reply;
  };

  const client: TurnClient = {
    steps,
    get realm() {
      return realm;
    },
    get software() {
      return software;
    },
    challenge: () => timed('challenge', challenge()),
    allocate(family) {
      const work = allocate(family);
      allocating = work;
      return timed('allocate', work);
    },
    createPermission: (peers) => timed('permission', createPermission(peers)),
    send(peer, data) {
      const attributes: Attribute[] = [
        ['XOR-PEER-ADDRESS', peer],
        ['DATA', data],
      ];
      link.send(encode({ class: 'indication', method: 'send', transactionId: newTransactionId(), attributes }));
    },
    refresh: (lifetimeS) => request('refresh', 'refresh', [['LIFETIME', lifetimeS]]),
    async release() {
      signal.removeEventListener('abort', onAbort);
      if (held && !failed) {
        const released = request('refresh', 'refresh', [['LIFETIME', 0]], releaseSchedule);
        if (!link.reliable) await released;
      }
      link.close();
      onFailure({ kind: 'closed', message: 'released' });
    },
  };
  return { client };
}
