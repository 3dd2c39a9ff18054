#!/usr/bin/env node
/**
 * The program. It imports nothing at once: a machine that does not let its parts be read would end it with Node's own
 * exit code, 1, which says that a deployment is broken.
 */
try {
  await import('./command-line.js');
} catch (error) {
  const { message } = error as Error;
  process.stderr.write(`livekit-doctor: it cannot be loaded on this machine: ${message}\n`);
  // `inconclusive`, in a file that can perhaps not be read.
  process.exit(3);
}
