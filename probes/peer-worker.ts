/**
 * The process in which the participants of the probe `peer` live: livekit-client needs globals that nobody else should
 * see, and libwebrtc is native code whose crash must be an observation. Orders come over IPC.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { installGlobals, installWebSocket } from './peer-globals.js';
import type { Meeting } from './peer-participants.js';
import type { Meet, Ready, Stop } from './peer-protocol.js';

/** How long leaving the rooms may take. */
const leaveMs = 1000;
const meetings = new Map<string, Meeting>();

/** Only loaded when the globals are there. */
let participants: typeof import('./peer-participants.js') | undefined;

function send(message: unknown): void {
  // Nobody listens any more when the parent has died, and then `disconnect` follows.
  if (process.connected) process.send?.(message);
}

async function start(): Promise<Ready> {
  try {
    await installGlobals();
    const { setLogLevel } = await import('livekit-client');
    setLogLevel('silent');
    const { wrapPeerConnection } = await import('../browser/page/hold.js');
    wrapPeerConnection();
    participants = await import('./peer-participants.js');
    return { kind: 'ready' };
  } catch (error) {
    return { kind: 'ready', error: error instanceof Error ? error.message : String(error) };
  }
}

async function take(order: Meet): Promise<void> {
  installWebSocket(order);
  const meeting = participants?.meet(order);
  if (!meeting) return;
  meetings.set(order.key, meeting);
  send(await meeting.met);
  await meeting.left;
  meetings.delete(order.key);
}

/**
 * Everybody leaves their room first. Killed rather than exited: what the native library would tidy up on the way out
 * goes with the process, and its threads cannot keep it alive.
 */
async function end(): Promise<void> {
  for (const meeting of meetings.values()) meeting.stop();
  await Promise.race([Promise.all([...meetings.values()].map(({ left }) => left)), sleep(leaveMs)]);
  process.kill(process.pid, 'SIGKILL');
}

// A terminal sends it to us too, but rooms are left when the parent says so.
process.on('SIGINT', () => {});
process.on('disconnect', () => void end());
process.on('message', (message: Meet | Stop) => {
  if (message.kind === 'meet') void take(message);
  else meetings.get(message.key)?.stop();
});
send(await start());
// The parent may have died before we listened.
if (!process.connected) await end();
