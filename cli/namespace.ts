/** Runs this command again inside a network namespace of its own. */
import { spawn } from 'node:child_process';
import { enterNamespace } from '../fixtures/embedded/namespace.js';
import { type Context, insideMark } from './context.js';
import { exitCodes } from './exit-code.js';

/**
 * The exit code of the command, if it had to be run in a namespace because the host's ports cannot be had; undefined:
 * go on here.
 */
export async function runInNamespace(context: Context): Promise<number | undefined> {
  const inside = await enterNamespace(context.argv);
  if (!inside) return undefined;
  const child = spawn(inside.command, inside.args, {
    env: { ...inside.env, [insideMark]: '1' },
    // A session of its own: a terminal's Ctrl-C reaches only us, and we pass it on once. The channel tells it if we die.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // The second Ctrl-C ends us at once, and the closed channel then ends what is inside.
  const interrupt = context.interruptible(() => child.kill('SIGINT'));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? exitCodes.interrupted));
    });
  } finally {
    interrupt.dispose();
  }
}
