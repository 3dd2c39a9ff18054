import type { Context } from '../context.js';
import { exitCodes } from '../exit-code.js';

/** Finds or gets what the embedded environment and the media layer need. Returns the exit code. */
export async function setup(_context: Context): Promise<number> {
  return exitCodes.pass;
}
