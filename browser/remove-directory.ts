import { rmSync } from 'node:fs';

/** A browser that is being killed may still write there for a moment. Never throws. */
export function removeDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    // Something else keeps it, and there is nobody to tell.
  }
}
