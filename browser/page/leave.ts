/** Leaves a room so that the server knows. */
import type { Room } from 'livekit-client';

/** For the answer to somebody's joining who is to leave again. */
const patienceMs = 700;
const pollMs = 10;
/** `SignalConnectionState.CONNECTING`, which livekit-client does not export. */
const connecting = 0;

/**
 * Whoever leaves before media connects would otherwise be kept by the server for half a minute: livekit-client then may close
 * the connection for signalling before, or instead of, saying that it leaves.
 */
export async function leaveRoom(room: Room): Promise<void> {
  // Who was not answered yet may be let in all the same.
  for (let waitedMs = 0; room.engine?.client.currentState === connecting && waitedMs < patienceMs; waitedMs += pollMs) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const { client } = room.engine ?? {};
  if (client && !client.isDisconnected) await client.sendLeave().catch(() => {});
  await room.disconnect();
}
