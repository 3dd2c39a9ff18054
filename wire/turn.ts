/**
 * A TURN client (RFC 8656) whose steps can be called, timed and sent together, and which hands back every error code
 * as it came. Nothing here throws or rejects: an outcome is data.
 */
import { channelData, readChannelData } from './framing.js';
import { type Attribute, encode, first, newTransactionId, type StunMessage, type TransportAddress } from './stun.js';
import { openLink, type TimedStep, type TurnServer } from './turn-link.js';
import {
  errorOf,
  releaseSchedule,
  type TurnErrorResponse,
  type TurnFailure,
  type TurnOptions,
  type TurnResult,
  turnRequests,
} from './turn-requests.js';

export type { TurnErrorResponse, TurnFailure, TurnOptions, TurnResult } from './turn-requests.js';

export interface Allocation {
  /** XOR-RELAYED-ADDRESS and XOR-MAPPED-ADDRESS. */
  readonly relayed: TransportAddress;
  readonly mapped?: TransportAddress;
  readonly lifetimeS?: number;
}

export interface TurnClient {
  /** `connect`, `tls`, `challenge`, `allocate`, `permission`, `channel`, `refresh`, in the order in which they ended. */
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
  /** Binds a channel to a peer (RFC 8656 §12). Asking again for the same peer is asking for the same channel. */
  bindChannel(peer: TransportAddress): Promise<TurnResult>;
  /** A Send indication: no answer, and no word if it was dropped. */
  send(peer: TransportAddress, data: Buffer): void;
  /** ChannelData for a peer whose channel was asked for, whether or not it is bound yet. */
  sendOnChannel(peer: TransportAddress, data: Buffer): void;
  refresh(lifetimeS: number): Promise<TurnResult>;
  /** Gives the allocation back and closes. Over TCP and TLS it waits for no answer: the allocation ends with them. */
  release(): Promise<void>;
}

const protocolUdp = 17;
/** RFC 8656 §12: 0x4000 to 0x4FFF. */
const firstChannel = 0x4000;

/**
 * Opens the link; the requests then share it. Requests may be called without awaiting the one before: over TCP and TLS
 * they arrive in order, and over UDP a server that does not know the allocation yet leaves them to be sent again.
 */
export async function openTurn(
  server: TurnServer,
  options: TurnOptions,
): Promise<{ readonly client: TurnClient } | { readonly failure: TurnFailure; readonly steps: readonly TimedStep[] }> {
  const { schedule, signal, now } = options;
  const requests = turnRequests(options);
  const peers: TransportAddress[] = [];
  let allocation: Allocation | undefined;
  let allocating: Promise<TurnResult<Allocation>> | undefined;
  /** There is an allocation, or there may be one: a request for it was sent and not refused. */
  let held = false;

  const isChannel = (channel: number): boolean => peers[channel - firstChannel] !== undefined;
  const onMessage = (bytes: Buffer): void => {
    const relayed = readChannelData(bytes, isChannel);
    if (relayed) options.onData(peers[relayed.channel - firstChannel] as TransportAddress, relayed.data);
    else requests.receive(bytes);
  };
  const opened = await openLink(
    server,
    { onMessage, isChannel, onFailure: requests.fail },
    { signal, now, timeoutMs: schedule.giveUpAtMs },
  );
  if ('failure' in opened) return opened;
  const { link } = opened;
  requests.attach(link);
  const steps = [...opened.steps];

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
    const reply = await requests.transact('allocate', [['REQUESTED-TRANSPORT', protocolUdp]]);
    if ('failure' in reply) return { ok: false, failure: reply.failure };
    // A server without authentication gives the allocation at once.
    if (reply.message.class === 'success') {
      held = true;
      return allocated(reply.message);
    }
    const { code, reason } = errorOf(reply.message);
    if (code === 401 && requests.learn(reply.message)) return { ok: true };
    const message = `allocate was answered with ${code} ${reason}`.trim();
    return { ok: false, failure: { kind: 'turn-error', message, error: { step: 'allocate', code, reason } } };
  };

  const allocate = async (family: 4 | 6): Promise<TurnResult<Allocation>> => {
    if (allocation && !requests.failed) return { ok: true, ...allocation };
    // Some servers relay to the family that they were asked over unless told otherwise (RFC 8656 §7.2 says IPv4).
    const told: Attribute[] =
      family === 6 || server.address.includes(':') ? [['REQUESTED-ADDRESS-FAMILY', family]] : [];
    held = true;
    const reply = await requests.request('allocate', 'allocate', [['REQUESTED-TRANSPORT', protocolUdp], ...told]);
    if (reply.ok) return allocated(reply.message);
    held = reply.failure.kind !== 'turn-error';
    return reply;
  };

  /** Over UDP it may overtake the request for the allocation, or that one may be lost: coturn then says 437 or 400. */
  const behindAllocation = async (ask: () => Promise<TurnResult>): Promise<TurnResult> => {
    const asEarly = allocation === undefined;
    const reply = await ask();
    // The refusal itself may be overtaken by the allocation, so what counts is when it was asked.
    const overtook = !reply.ok && reply.failure.kind === 'turn-error' && asEarly;
    return overtook && (await allocating)?.ok ? ask() : reply;
  };
  const about = (step: TurnErrorResponse['step'], method: 'createPermission' | 'channelBind', to: Attribute[]) =>
    timed(
      step,
      behindAllocation(() => requests.request(step, method, to)),
    );

  const channelOf = (peer: TransportAddress): number => {
    const known = peers.findIndex(({ address, port }) => address === peer.address && port === peer.port);
    return firstChannel + (known < 0 ? peers.push(peer) - 1 : known);
  };

  const client: TurnClient = {
    steps,
    get realm() {
      return requests.realm;
    },
    get software() {
      return requests.software;
    },
    challenge: () => timed('challenge', challenge()),
    allocate(family) {
      const work = allocate(family);
      allocating = work;
      return timed('allocate', work);
    },
    createPermission: (to) =>
      about(
        'permission',
        'createPermission',
        to.map((peer): Attribute => ['XOR-PEER-ADDRESS', peer]),
      ),
    bindChannel: (peer) =>
      about('channel', 'channelBind', [
        ['CHANNEL-NUMBER', channelOf(peer)],
        ['XOR-PEER-ADDRESS', peer],
      ]),
    send(peer, data) {
      const attributes: Attribute[] = [
        ['XOR-PEER-ADDRESS', peer],
        ['DATA', data],
      ];
      link.send(encode({ class: 'indication', method: 'send', transactionId: newTransactionId(), attributes }));
    },
    sendOnChannel: (peer, data) => link.send(channelData(channelOf(peer), data, link.reliable)),
    refresh: (lifetimeS) =>
      timed(
        'refresh',
        behindAllocation(() => requests.request('refresh', 'refresh', [['LIFETIME', lifetimeS]])),
      ),
    async release() {
      if (held && !requests.failed) {
        const released = requests.request('refresh', 'refresh', [['LIFETIME', 0]], releaseSchedule);
        if (!link.reliable) await released;
      }
      link.close();
      requests.fail({ kind: 'closed', message: 'released' });
    },
  };
  return { client };
}
