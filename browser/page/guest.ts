/**
 * A participant who does one thing at a time, as a test says: joins, publishes, looks, leaves. What it shows and sounds
 * like is stamped as everywhere, so that whoever receives it knows whom they see and hear.
 */
import type * as LiveKit from 'livekit-client';
import type { ReceivedMedia, SelectedPair } from '../../evidence/facts.js';
import type { Side } from '../exchange.js';
import type { Bounds } from './bounds.js';
import type { Way } from './candidates.js';
import { connectionsOf, held } from './hold.js';
import { type ConnectionInternals, internals } from './internals.js';
import { leaveRoom } from './leave.js';
// This page has that one, too, and it is what holds the connections to their paths.
import './participant.js';
import { type Reception, receive } from './reception.js';
import { audioContext, makeRoom, otherOf, publishStamped } from './room.js';
import { selectedPairs } from './statistics.js';

export interface Joining {
  readonly side: Side;
  /** The only way that media may take; `any` leaves the choice to the browser and the server, as in a usual call. */
  readonly path: Way;
  readonly bounds: Bounds;
  /** Signalling URL, `ws:` or `wss:`. */
  readonly url: string;
  readonly token: string;
  /** Of the test's process, 32 bits. */
  readonly nonce: number;
  /** Until signalling answered, and again until ICE and DTLS are done. */
  readonly timeoutMs: number;
}

export interface Guest {
  /** livekit-client's; there is one after `join`. */
  readonly room: LiveKit.Room | undefined;
  /** Resolves when the client says connected. Leaves the room that it is in. */
  join(joining: Joining): Promise<void>;
  /** Picture and voice; resolves when the server has taken both. */
  publish(): Promise<void>;
  /** What has come of the other so far. */
  received(): Promise<ReceivedMedia>;
  /** The selected pair of every transport. */
  selected(): Promise<SelectedPair[]>;
  internals(): Promise<ConnectionInternals[]>;
  leave(): Promise<void>;
}

declare global {
  var guest: Guest;
}

const key = 'guest';
let joined: { readonly room: LiveKit.Room; readonly joining: Joining; readonly reception: Reception } | undefined;

function present(): NonNullable<typeof joined> {
  if (!joined) throw new Error('join first');
  return joined;
}

async function join(joining: Joining): Promise<void> {
  await leave();
  const { side, path, bounds, url, token, nonce, timeoutMs } = joining;
  const room = makeRoom(path);
  const startedAt = performance.now();
  const expectation = { nonce, whose: otherOf(side), measureMs: 0, isReported: async () => true } as const;
  const reception = receive(room, expectation, audioContext, () => performance.now() - startedAt);
  joined = { room, joining, reception };
  await room.connect(url, token, {
    rtcConfig: held(key, path, bounds),
    peerConnectionTimeout: timeoutMs,
    websocketTimeout: timeoutMs,
  });
}

async function publish(): Promise<void> {
  const { room, joining } = present();
  await publishStamped(room, joining);
}

async function leave(): Promise<void> {
  if (joined) await leaveRoom(joined.room);
  joined = undefined;
}

globalThis.guest = {
  get room() {
    return joined?.room;
  },
  join,
  publish,
  received: () => present().reception.received(),
  selected: () => selectedPairs(connectionsOf(key).filter(({ connectionState }) => connectionState !== 'closed')),
  internals,
  leave,
};
