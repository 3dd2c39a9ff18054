/** The process that speaks with the cluster: one order, one answer. */
import type { ReadAnswer, ReadOrder } from './kubernetes-protocol.js';

async function answer(order: ReadOrder): Promise<ReadAnswer> {
  try {
    const { readCluster } = await import('./kubernetes-cluster.js');
    return await readCluster(order);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { kind: 'internal', message }, secrets: [] };
  }
}

process.once('message', async (order: ReadOrder) => {
  const answered = await answer(order);
  // The parent ends us once it has it.
  process.send?.(answered);
});
// The parent has what it wants, or has died. Zero is our group: a program for logging in may still be at it.
process.on('disconnect', () => process.kill(0, 'SIGKILL'));
