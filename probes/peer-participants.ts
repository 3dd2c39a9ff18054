/** Two participants of livekit-client in one process, held to one path, who exchange data. */
import { randomBytes } from 'node:crypto';
import { DisconnectReason, Room, RoomEvent } from 'livekit-client';
import { connectionsOf, forget, held } from '../browser/page/hold.js';
import { leaveRoom } from '../browser/page/leave.js';
import { selectedPairs } from '../browser/page/statistics.js';
import { watchDtls } from './peer-dtls.js';
import type { Meet, Met, Phase, Side } from './peer-protocol.js';

/** Reliable data fits into one message of 15 kB; this spans more than one packet of any MTU. */
const payloadBytes = 4096;
/** The server drops what arrives before the other's channel is open, so it is sent again until it comes back. */
const resendMs = 200;
const sides = ['caller', 'callee'] as const satisfies Side[];
const topics = { call: 'doctor-call', echo: 'doctor-echo' };

export interface Meeting {
  /** Never fails. */
  readonly met: Promise<Met>;
  /** Both have left their room, some time after the answer. */
  readonly left: Promise<void>;
  /** Ends it early: it answers with what it has. */
  stop(): void;
}

export function meet(order: Meet): Meeting {
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  const reachedMs: Partial<Record<Phase, number>> = {};
  let phase: Phase = 'join';
  let echo: Met['echo'];
  const reached = (done: Phase, next: Phase): void => {
    reachedMs[done] = since();
    phase = next;
  };
  const rooms = { caller: makeRoom(), callee: makeRoom() };
  const { caller, callee } = rooms;

  const lost = Promise.race(
    sides.map(async (side) => {
      const reason = await once(rooms[side], RoomEvent.Disconnected);
      throw new Error(`the ${side} was disconnected: ${DisconnectReason[Number(reason ?? 0)]}`);
    }),
  );

  // Leaving, in the end, is a disconnection too.
  lost.catch(() => {});

  const work = async (): Promise<void> => {
    const joined = sides.map((side) => once(rooms[side], RoomEvent.SignalConnected));
    const connected = sides.map((side) =>
      rooms[side].connect(order.url, order.tokens[side], {
        rtcConfig: configuration(order, side),
        // Longer than ours, which tells more.
        peerConnectionTimeout: 2 * order.deadlineMs,
        websocketTimeout: order.deadlineMs,
        maxRetries: 0,
      }),
    );
    // Not in the order in which it is waited for, so none may go unheard.
    const allConnected = Promise.all(connected);
    allConnected.catch(() => {});
    await Promise.race([Promise.all(joined), allConnected]);
    reached('join', 'connect');
    // What signalling took, over TCP that backs off where packets are lost, is not taken from the path.
    timer.refresh();
    await allConnected;
    reached('connect', 'echo');
    echo = await Promise.race([exchange(caller, callee), lost]);
    reached('echo', 'done');
  };

  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const timer = setTimeout(stop, order.deadlineMs);
  const dtls = watchDtls(() => sides.map((side) => connectionsOf(keyOf(order, side))));
  const finish = async (): Promise<Met> => {
    let error: string | undefined;
    try {
      await Promise.race([work(), stopped, dtls.stalled]);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    clearTimeout(timer);
    dtls.end();
    const selected: Met['selected'] = {};
    const transports: Met['transports'] = {};
    for (const side of sides) {
      const connections = connectionsOf(keyOf(order, side));
      // A connection that was closed has no statistics, and says so by throwing.
      selected[side] = await selectedPairs(connections).catch(() => []);
      transports[side] = await dtls.transports(connections);
    }
    return {
      kind: 'met',
      key: order.key,
      path: order.path,
      phase,
      ...(error && { error }),
      reachedMs,
      ...(echo && { echo }),
      selected,
      transports,
      ...(dtls.isStalled() && { stalled: true }),
    };
  };
  const met = finish();
  const leave = async (): Promise<void> => {
    await met;
    await Promise.all(sides.map((side) => leaveRoom(rooms[side])));
    for (const side of sides) forget(keyOf(order, side));
  };
  return { met, left: leave(), stop: () => stop() };
}

function makeRoom(): Room {
  // A path that fails must be seen to fail: the client would come back by another one.
  return new Room({ disconnectOnPageLeave: false, reconnectPolicy: { nextRetryDelayInMs: () => null } });
}

function configuration(order: Meet, side: Side): RTCConfiguration {
  const { path, turn, bounds } = order;
  return {
    ...held(keyOf(order, side), path, bounds),
    // Otherwise each section of the offer opens connections of its own, all but one to be closed after the answer. Over
    // TCP about 1 exchange in 20 then lost the one that stays, and each uses up an allocation of a TURN server.
    bundlePolicy: 'max-bundle',
    // Given from the start: livekit-client may come to set the server's after gathering began, which restarts ICE.
    ...(turn && { iceServers: [{ urls: turn.url, username: turn.username, credential: turn.credential }] }),
  };
}

function keyOf(order: Meet, side: Side): string {
  return `${order.key} ${side}`;
}

function once(room: Room, event: RoomEvent): Promise<unknown> {
  return new Promise((resolve) => {
    room.once(event as RoomEvent.Disconnected, resolve);
  });
}

/**
 * Sends bytes that nobody could guess, and compares what comes back. It does not wait until the two are told of each
 * other: the server announces those who publish no track only every 3 s (`subscriberUpdateInterval` in `rtc/room.go`).
 */
async function exchange(caller: Room, callee: Room): Promise<Met['echo']> {
  const payload = new Uint8Array(randomBytes(payloadBytes));
  const to = (room: Room, topic: string) => ({
    reliable: true,
    topic,
    destinationIdentities: [room.localParticipant.identity],
  });
  callee.on(RoomEvent.DataReceived, (data, _from, _kind, topic) => {
    // What cannot be sent back is missed by the caller.
    if (topic === topics.call) callee.localParticipant.publishData(data, to(caller, topics.echo)).catch(() => {});
  });
  const sentAt: number[] = [];
  const send = (): void => {
    // Which attempt it was that came back decides the round-trip time.
    const attempt = payload.with(0, sentAt.length);
    sentAt.push(performance.now());
    caller.localParticipant.publishData(attempt, to(callee, topics.call)).catch(() => {});
  };
  const echoed = new Promise<Met['echo']>((resolve) => {
    caller.on(RoomEvent.DataReceived, (data, _from, _kind, topic) => {
      if (topic !== topics.echo) return;
      const rttMs = performance.now() - (sentAt[data[0] ?? 0] ?? Number.NaN);
      const equal = Buffer.compare(data.subarray(1), payload.subarray(1)) === 0;
      resolve({ sentBytes: payload.length, receivedBytes: data.length, equal, rttMs });
    });
  });
  send();
  const resend = setInterval(send, resendMs);
  try {
    return await echoed;
  } finally {
    clearInterval(resend);
  }
}
