/** The page in which a participant lives. The driver calls what hangs on `globalThis.doctor`. */
import type * as LiveKit from 'livekit-client';
import type { DataFacts, Recovery } from '../../evidence/facts.js';
import type { Part, PartReport } from '../exchange.js';
import { endure, exchangeData, exercise, type Interruption } from './exercise.js';
import { connectionsOf, forget, held, whenMade, wrapPeerConnection } from './hold.js';
import { leaveRoom } from './leave.js';
import { type Reception, receive } from './reception.js';
import { audioContext, makeRoom, otherOf, publishStamped } from './room.js';
import { isReported, roundTrips, sent } from './sent.js';
import { frameRate } from './sources.js';
import { selectedPairs } from './statistics.js';

declare global {
  /** livekit-client's UMD build, loaded before this. */
  var LivekitClient: typeof LiveKit;
  var doctor: Doctor;
}

export interface Doctor {
  /** Joins, publishes, receives; answers by the deadline, and stays in the room until it is told to leave. */
  take(part: Part): Promise<PartReport>;
  /** Ends a part early: it answers with what it has. */
  stop(key: string): void;
  /** Interrupts the call of a part that was taken, and answers when it has recovered, or by the deadline. */
  exercise(key: string, what: Interruption, deadlineMs: number): Promise<Recovery>;
  /** For the one who only bears it: begins to measure, and answers how it went once the other is there again. */
  mark(key: string): void;
  recovery(key: string, deadlineMs: number): Promise<Recovery>;
  /** Sends messages to the other and counts the other's. Both must be asked at about the same time. */
  data(key: string): Promise<DataFacts>;
  leave(key: string): Promise<void>;
  leaveAll(): Promise<void>;
}

/** W3C webrtc-extensions §4.2, which the DOM types do not know yet; a browser without it ignores the argument. */
interface KeyFrameSender extends RTCRtpSender {
  setParameters(
    parameters: RTCRtpSendParameters,
    options?: { encodingOptions: { keyFrame: boolean }[] },
  ): Promise<void>;
}

/** Enough for what is shown, and no more than a narrow link bears. */
const encoding = { maxBitrate: 150_000, maxFramerate: frameRate };
const keyFrameDelaysMs = [0, 100, 250];

interface Call {
  readonly room: LiveKit.Room;
  readonly reception: Reception;
}
const calls = new Map<string, Call>();
const stops = new Map<string, () => void>();

// Where a websocket was refused livekit-client asks why over HTTP, and the server could send that on to anywhere.
const { fetch: anyFetch } = globalThis;
globalThis.fetch = (input, init) => anyFetch(input, { ...init, redirect: 'error' });
wrapPeerConnection();
LivekitClient.setLogLevel('silent');

/**
 * The server asks for a key frame at most every 500 ms (`rtc.pli_throttle`), and a subscriber that missed one waits for
 * the next. That is no property of the path, so it gets one as soon as the server forwards the picture, and again: the
 * server does so a little before the subscriber has learned, by signalling, what it will receive.
 */
function sendKeyFrames(room: LiveKit.Room): void {
  const send = async (sender: KeyFrameSender): Promise<void> => {
    const parameters = sender.getParameters();
    const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
    // Refused when the room was left meanwhile.
    await sender.setParameters(parameters, { encodingOptions }).catch(() => {});
  };
  room.localParticipant.on('localTrackSubscribed', ({ videoTrack }) => {
    const sender: KeyFrameSender | undefined = videoTrack?.sender;
    if (sender) for (const delayMs of keyFrameDelaysMs) setTimeout(() => void send(sender), delayMs);
  });
}

async function take(part: Part): Promise<PartReport> {
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  const reached: { -readonly [K in keyof PartReport]?: PartReport[K] } = { phase: 'join' };
  const room = makeRoom(part.path);
  sendKeyFrames(room);
  const { nonce, side, measureMs } = part;
  const isReportedOn = async (): Promise<boolean> => !part.publish || isReported(await sent(connectionsOf(part.key)));
  const expectation = {
    nonce,
    whose: otherOf(side),
    measureMs,
    isReported: isReportedOn,
    roundTrips: () => roundTrips(connectionsOf(part.key)),
  } as const;
  const reception: Reception = receive(room, expectation, audioContext, since);
  whenMade(part.key, (connection) => {
    connection.addEventListener('iceconnectionstatechange', () => {
      if (['connected', 'completed'].includes(connection.iceConnectionState)) reached.iceMs ??= since();
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') reached.dtlsMs ??= since();
    });
  });
  room.once(LivekitClient.RoomEvent.SignalConnected, () => {
    reached.phase = 'connect';
    reached.joinMs = since();
  });

  calls.set(part.key, { room, reception });

  const work = async (): Promise<void> => {
    const connecting = room.connect(part.url, part.token, {
      rtcConfig: held(part.key, part.path, part.bounds),
      // Longer than ours, which tells more: and a Firefox says nothing of connections that are closed meanwhile.
      peerConnectionTimeout: 2 * part.deadlineMs,
      websocketTimeout: 2 * part.deadlineMs,
    });
    // Not after it: a track that waits for signalling rides in the first negotiation.
    const publishing = part.publish ? publishStamped(room, part, encoding) : Promise.resolve();
    publishing.catch(() => {});
    await connecting;
    if (room.remoteParticipants.size > 0) meet();
    else room.on(LivekitClient.RoomEvent.ParticipantConnected, meet);
    reached.connectMs = since();
    reached.phase = 'publish';
    await publishing;
    reached.publishMs = since();
    reached.phase = 'receive';
    await reception.complete;
    reached.phase = 'done';
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  stops.set(part.key, stop);
  const startClock = (): void => {
    clearTimeout(timer);
    timer = setTimeout(stop, part.deadlineMs);
  };
  startClock();
  // Signalling goes over TCP, which backs off where packets are lost: what it took is not taken from the path.
  room.once(LivekitClient.RoomEvent.SignalConnected, startClock);
  /** The other may come much later. */
  const meet = (): void => {
    room.off(LivekitClient.RoomEvent.ParticipantConnected, meet);
    startClock();
  };
  const failed = new Promise<void>((_, reject) => {
    room.once(LivekitClient.RoomEvent.Disconnected, (reason) => {
      reject(new Error(`disconnected: ${LivekitClient.DisconnectReason[reason ?? 0]}`));
    });
  });
  try {
    await Promise.race([work(), failed, stopped]);
  } catch (error) {
    reached.error = error instanceof Error ? error.message : String(error);
  }
  clearTimeout(timer);
  const connections = connectionsOf(part.key);
  const [selected, received, outbound] = await Promise.all([
    selectedPairs(connections),
    reception.received(),
    sent(connections),
  ]);
  const { firstPacketMs, rtt } = reception;
  return {
    phase: 'join',
    ...reached,
    ...(firstPacketMs !== undefined && { firstPacketMs }),
    selected,
    ...(rtt && { rtt }),
    received,
    sent: outbound,
  };
}

/** Of every room that is being left. */
const leaving = new Set<Promise<void>>();

async function leave(key: string): Promise<void> {
  const call = calls.get(key);
  calls.delete(key);
  stops.delete(key);
  if (!call) return;
  const left = leaveRoom(call.room);
  leaving.add(left);
  await left.finally(() => leaving.delete(left));
  forget(key);
}

async function leaveAll(): Promise<void> {
  await Promise.allSettled([...calls.keys()].map(leave));
  await Promise.allSettled(leaving);
}

function callOf(key: string): Call {
  const call = calls.get(key);
  if (!call) throw new Error('there is no such call');
  return call;
}

async function recoveryOf(key: string, work: (call: Call) => Promise<Omit<Recovery, 'selected'>>): Promise<Recovery> {
  const recovery = await work(callOf(key));
  // Of the connections that were replaced meanwhile none has statistics.
  const open = connectionsOf(key).filter(({ connectionState }) => connectionState !== 'closed');
  return { ...recovery, selected: await selectedPairs(open) };
}

globalThis.doctor = {
  take,
  stop: (key) => stops.get(key)?.(),
  exercise: (key, what, deadlineMs) =>
    recoveryOf(key, ({ room, reception }) => exercise(room, reception, what, deadlineMs)),
  mark: (key) => callOf(key).reception.mark(),
  recovery: (key, deadlineMs) => recoveryOf(key, ({ reception }) => endure(reception, deadlineMs)),
  data: (key) => exchangeData(callOf(key).room),
  leave,
  leaveAll,
};
