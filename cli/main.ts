#!/usr/bin/env node
import { CommanderError } from 'commander';
import { complain, processContext } from './context.js';
import { exitCodes } from './exit-code.js';
import { program } from './program.js';

// Whoever reads us may have read enough (`| head`): that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const context = processContext();
// A mistake of ours in some event says nothing about the deployment, which Node's own exit code, 1, would.
process.on('uncaughtException', (error) => process.exit(exitCodeOfError(error)));
try {
  await program(context).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOfError(error);
}
// A library may have left something open; what was written is written out first.
await new Promise((written) => process.stdout.write('', written));
process.exit();

function exitCodeOfError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (name === 'ConfigurationError' || name === 'RunDocumentError') {
    complain(context, message);
    return exitCodes.usage;
  }
  complain(context, `something went wrong inside livekit-doctor, please report it: ${message}`);
  context.progress.write(`${context.redactor.text(stack ?? '')}\n`);
  return exitCodes.inconclusive;
}
