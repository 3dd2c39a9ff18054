/** From the process to a command, and from what became of it to the exit code. */
import { CommanderError } from 'commander';
import { machinesWords } from '../evidence/machine.js';
import { complain, processContext } from './context.js';
import { exitCodes } from './exit-code.js';
import { program } from './program.js';

const context = processContext();
/** Standard output was asked for, and does not have all of it. */
let cutOff = false;
// Whoever reads us may have read enough (`| head`): that is no error. Reports and the history are written all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || stream === process.stderr || cutOff) return;
    cutOff = true;
    complain(context, `standard output cannot be written: ${message}`);
  });
}

// A mistake of ours in some event says nothing about the deployment, which Node's own exit code, 1, would.
process.on('uncaughtException', (error) => process.exit(exitCodeOfError(error)));
try {
  await program(context).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOfError(error);
}
// A library may have left something open; what was written is written out first.
await new Promise((written) => process.stdout.write('', written));
if (cutOff && !process.exitCode) process.exitCode = exitCodes.usage;
process.exit();

function exitCodeOfError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (name === 'ConfigurationError' || name === 'RunDocumentError') {
    complain(context, message);
    return exitCodes.usage;
  }
  const words = machinesWords(error);
  if (words !== undefined) {
    complain(context, `${words}, so nothing can be said of any deployment`);
    return exitCodes.inconclusive;
  }
  complain(context, `something went wrong inside livekit-doctor, please report it: ${message}`);
  context.progress.write(`${context.redactor.text(stack ?? '')}\n`);
  return exitCodes.inconclusive;
}
