/**
 * Idle mappings, tested by what still comes in: each socket makes a mapping towards a TURN relay, stays idle, and then the
 * relay sends to the address that it saw (RFC 5780 §4.6 does the same from a second STUN address).
 */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdleTrial } from '../evidence/facts.js';
import { pace, type Schedule } from '../wire/pacing.js';
import type { TransportAddress } from '../wire/stun.js';
import { trusting } from '../wire/tcp.js';
import { openTurn, type TurnClient } from '../wire/turn.js';
import { turnUri } from '../wire/turn-uri.js';
import { openUnconnected, type UnconnectedSocket } from '../wire/udp-unconnected.js';
import { addressesOf, refusal } from './allowed-address.js';
import { untilCertain } from './binding-check.js';
import { at } from './ice-check.js';
import type { Tools } from './probe.js';
import type { IceServer } from './shared.js';

/** Enough for one of them to arrive at 20 % loss; over quickly, since there are several sockets to tell by. */
const fewTimes: Schedule = { sendAtMs: [0, 30, 90, 200, 400, 600], giveUpAtMs: 1200 };
/** The TURN client's own mapping must not be what dies: asked for again, a permission keeps both. */
const keepAliveMs = 2000;

interface Tested {
  readonly socket: UnconnectedSocket;
  /** What this socket and the relay send each other, so that each knows whose it is. */
  readonly token: Buffer;
  /** Where the relay last saw it. */
  seen?: TransportAddress;
  /** How often something for it came in. */
  cameIn: number;
  wake(): void;
}

/** Random bytes that are neither STUN nor DTLS nor RTP (RFC 7983 §7). */
function newToken(): Buffer {
  return Buffer.concat([Buffer.from([0xff]), randomBytes(19)]);
}

async function openTested(count: number): Promise<Tested[]> {
  const opened = await Promise.all(
    Array.from({ length: count }, async (): Promise<Tested | undefined> => {
      const token = newToken();
      const socket = await openUnconnected(4, (bytes) => {
        if (!bytes.equals(token)) return;
        tested.cameIn += 1;
        tested.wake();
      });
      if ('code' in socket) return undefined;
      const tested: Tested = { socket, token, cameIn: 0, wake() {} };
      return tested;
    }),
  );
  return opened.filter((one) => one !== undefined);
}

/** Sends a few times, until `done` says so. */
async function repeat(tested: Tested, send: () => void, done: () => boolean, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  signal.addEventListener('abort', stop, { once: true });
  tested.wake = () => {
    if (done()) stop();
  };
  await pace(fewTimes, send, over.signal);
  tested.wake = () => {};
  signal.removeEventListener('abort', stop);
  return done();
}

/** The relay sees this socket, at an address of its own. */
function makeMapping(tested: Tested, relayed: TransportAddress, signal: AbortSignal): Promise<boolean> {
  tested.seen = undefined;
  return repeat(
    tested,
    () => tested.socket.send(tested.token, relayed),
    () => tested.seen !== undefined,
    signal,
  );
}

/** What the relay sends to where it saw this socket comes in. */
function comesIn(tested: Tested, client: TurnClient, signal: AbortSignal): Promise<boolean> {
  const before = tested.cameIn;
  const { seen } = tested;
  if (!seen) return Promise.resolve(false);
  return repeat(
    tested,
    () => client.send(seen, tested.token),
    () => tested.cameIn > before,
    signal,
  );
}

/**
 * One trial per idle time, all at once, through one TURN server. Undefined where the server does not let this be tested:
 * it gives no relay, refuses the permission, or nothing came in even before the sockets were idle. Never rejects.
 */
export async function testInbound(
  server: IceServer,
  outside: readonly string[],
  idleTimesMs: readonly number[],
  { known, redactor, signal, now }: Tools,
): Promise<IdleTrial[] | undefined> {
  const uri = turnUri(server.url);
  const address = uri && addressesOf(known, uri.host).find((one) => isIP(one) === 4);
  if (!uri || !address || refusal(known, address)) return undefined;
  redactor.add(server.credential);
  const tested: Tested[] = [];
  const opened = await openTurn(
    {
      transport: uri.transport,
      address,
      port: uri.port,
      host: uri.host,
      ...(uri.transport === 'tls' && { secureContext: trusting(known.environment.ca) }),
    },
    {
      username: server.username,
      credential: server.credential,
      schedule: untilCertain,
      signal,
      now,
      onData(peer, data) {
        const one = tested.find(({ token }) => token.equals(data));
        if (!one) return;
        one.seen = peer;
        one.wake();
      },
    },
  );
  if ('failure' in opened) return undefined;
  const { client } = opened;
  let keepAlive: NodeJS.Timeout | undefined;
  try {
    if (!(await client.challenge()).ok) return undefined;
    const allocated = await client.allocate(4);
    if (!allocated.ok || refusal(known, allocated.relayed.address)) return undefined;
    const { relayed, mapped } = allocated;
    const peers = [...new Set([...outside, ...(mapped && isIP(mapped.address) === 4 ? [mapped.address] : [])])];
    // One by one: a server that refuses one of several refuses all.
    const permit = () => Promise.all(peers.map((peer) => client.createPermission([{ address: peer, port: 9 }])));
    if (!(await permit()).some(({ ok }) => ok)) return undefined;
    keepAlive = setInterval(() => void permit(), keepAliveMs);

    // One more than idle times: the last one proves at the end that the relay still works.
    tested.push(...(await openTested(idleTimesMs.length + 1)));
    if (tested.length <= idleTimesMs.length) return undefined;
    const works = async (one: Tested): Promise<boolean> =>
      (await makeMapping(one, relayed, signal)) && (await comesIn(one, client, signal));
    const [control, ...others] = tested as [Tested, ...Tested[]];
    const before = await Promise.all(tested.map(works));
    if (!before.every(Boolean) || signal.aborted) return undefined;
    const trials = await Promise.all(
      others.map(async (one, index): Promise<IdleTrial> => {
        const idleMs = idleTimesMs[index] ?? 0;
        const mapped = at(one.seen as TransportAddress);
        await sleep(idleMs, undefined, { signal }).catch(() => {});
        const cameIn = await comesIn(one, client, signal);
        const again = await makeMapping(one, relayed, signal);
        return { idleMs, mapped, cameIn, ...(again && one.seen && { mappedAfter: at(one.seen) }) };
      }),
    );
    return (await works(control)) && !signal.aborted ? trials : undefined;
  } finally {
    clearInterval(keepAlive);
    for (const { socket } of tested) socket.close();
    await client.release();
  }
}
