/** What is tried out in a call that stands: it is cut or moved, and has to come back; or messages are exchanged. */
import type { Room } from 'livekit-client';
import type { DataFacts, Recovery } from '../../evidence/facts.js';
import type { Exercise } from '../../evidence/run.js';
import type { Reception } from './reception.js';
import { clockMs, elapsedMs } from './stamp.js';
import { median } from './viewer.js';

/** How often it is looked whether the other is there, in milliseconds. */
const pollMs = 50;
/** The other must be seen and heard for so long, in milliseconds, before the call counts as recovered. */
const steadyMs = 1000;
/** A pause of less, in milliseconds, is no outage. */
const outageMs = 1000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Interruption = Exclude<Exercise, 'data'>;

/** What livekit-client and the server do for each; `outage` is somebody else's to make. */
const scenarios: Record<Exclude<Exercise, 'outage' | 'data'>, Parameters<Room['simulateScenario']>[0]> = {
  reconnect: 'signal-reconnect',
  'fallback-tcp': 'force-tcp',
  'fallback-tls': 'force-tls',
};

/** Resolves when the other was seen and heard without a pause for a second; false at the deadline. */
async function steady(reception: Reception, deadlineMs: number): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  let aliveSince: number | undefined;
  while (performance.now() < until) {
    const now = performance.now();
    aliveSince = reception.isAlive() ? (aliveSince ?? now) : undefined;
    if (aliveSince !== undefined && now - aliveSince >= steadyMs) return true;
    await sleep(pollMs);
  }
  return false;
}

/** Does it, and waits until the call has recovered. `deadlineMs` from now. Never rejects. */
export async function exercise(
  room: Room,
  reception: Reception,
  what: Interruption,
  deadlineMs: number,
): Promise<Omit<Recovery, 'selected'>> {
  const startMs = performance.now();
  const left = (): number => deadlineMs - (performance.now() - startMs);
  let reconnectedMs: number | undefined;
  let error: string | undefined;
  const reconnected = new Promise<void>((resolve) => {
    const done = (): void => {
      reconnectedMs ??= performance.now() - startMs;
      resolve();
    };
    room.once('reconnected', done);
  });
  room.once('disconnected', (reason) => {
    error = `disconnected: ${LivekitClient.DisconnectReason[reason ?? 0]}`;
  });
  reception.mark();
  let began = true;
  if (what === 'outage') began = await interrupted(reception, left);
  else {
    // Refused where the connection that it is to cut is gone already.
    await room.simulateScenario(scenarios[what]).catch((thrown: Error) => {
      error = thrown.message;
    });
    await Promise.race([reconnected, sleep(left())]);
  }
  const recovered = began && error === undefined && (await steady(reception, left()));
  const { pictureMs, voiceMs } = reception.gaps();
  return {
    began,
    recovered,
    tookMs: performance.now() - startMs - (recovered ? steadyMs : 0),
    ...(reconnectedMs !== undefined && { reconnectedMs }),
    pictureGapMs: pictureMs,
    voiceGapMs: voiceMs,
    ...(error && { error }),
  };
}

/** What happened to the one who did nothing, since it was asked to mark. */
export async function endure(reception: Reception, deadlineMs: number): Promise<Omit<Recovery, 'selected'>> {
  const startMs = performance.now();
  const recovered = await steady(reception, deadlineMs);
  const { pictureMs, voiceMs } = reception.gaps();
  return {
    began: true,
    recovered,
    tookMs: performance.now() - startMs,
    pictureGapMs: pictureMs,
    voiceGapMs: voiceMs,
  };
}

async function interrupted(reception: Reception, left: () => number): Promise<boolean> {
  while (left() > 0) {
    const { pictureMs, voiceMs } = reception.gaps();
    if (Math.max(pictureMs, voiceMs) > outageMs) return true;
    await sleep(pollMs);
  }
  return false;
}

const topics = { reliable: 'doctor-reliable', lossy: 'doctor-lossy' } as const;
type Channel = keyof typeof topics;
const messages = 40;
const everyMs = 20;
const listenMs = 100;

/** Sends messages of both kinds, and counts those of the other; both sides do so at once. Never rejects. */
export async function exchangeData(room: Room): Promise<DataFacts> {
  const latencies: Record<Channel, Map<number, number>> = { reliable: new Map(), lossy: new Map() };
  room.on('dataReceived', (payload, _from, _kind, topic) => {
    const channel = (Object.keys(topics) as Channel[]).find((one) => topics[one] === topic);
    if (!channel || payload.byteLength !== 8) return;
    const view = new DataView(payload.buffer, payload.byteOffset, 8);
    const number = view.getUint32(0);
    if (number < messages) latencies[channel].set(number, elapsedMs(view.getUint32(4), clockMs()));
  });
  // The other side may begin to listen a little later.
  await sleep(listenMs);
  for (let number = 0; number < messages; number++) {
    for (const channel of Object.keys(topics) as Channel[]) {
      const payload = new DataView(new ArrayBuffer(8));
      payload.setUint32(0, number);
      payload.setUint32(4, Math.round(clockMs()) % 2 ** 32);
      const options = { reliable: channel === 'reliable', topic: topics[channel] };
      room.localParticipant.publishData(new Uint8Array(payload.buffer), options).catch(() => {});
    }
    await sleep(everyMs);
  }
  for (const until = performance.now() + 2000; performance.now() < until; await sleep(pollMs)) {
    if (latencies.reliable.size === messages && latencies.lossy.size === messages) break;
  }
  const of = (channel: Channel): DataFacts[Channel] => {
    const known = [...latencies[channel].values()];
    return { sent: messages, received: known.length, ...(known.length > 0 && { latencyMs: median(known) }) };
  };
  return { reliable: of('reliable'), lossy: of('lossy') };
}
