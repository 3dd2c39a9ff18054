/** For commands that read saved runs. */
import { RunDocumentError } from '../evidence/document-error.js';

/**
 * The facts of an observation are as free as its probe. What stumbles over those of a saved run is told as what is wrong
 * with the document, and is no mistake inside.
 */
export async function ofSaved<T>(files: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isStumble(error)) throw error;
    const place = /^\s+at (?:async )?(?:\S+ )?\(?.*?([\w-]+)\.[jt]s:\d+/m.exec(error.stack ?? '')?.[1] ?? 'a rule';
    throw new RunDocumentError(
      `${files.join(', ')}: an observation holds facts that this version does not understand (${place}: ${error.message}). If livekit-doctor wrote it as it is, please report it.`,
    );
  }
}

/** What using a value as something else ends in. */
export const isStumble = (error: unknown): error is Error => error instanceof TypeError || error instanceof RangeError;
