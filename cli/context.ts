/** What a command gets of the process, so that no command touches it. */
import { type Redactor, redactor } from '../evidence/redaction.js';
import { printable } from '../evidence/text.js';
import type { Output } from '../reporters/reporter.js';
import { exitCodes } from './exit-code.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import { streamOutput } from './output.js';
import { version } from './package.js';

/** Set for a process that `namespace.ts` runs inside; it leaves out what was said already. */
export const insideMark = 'LIVEKIT_DOCTOR_INSIDE';

export interface Context {
  /** Standard output, for data. */
  readonly out: Output;
  /** Standard error, for progress. */
  readonly progress: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  /** Of whatever the command comes to know as secret. */
  readonly redactor: Redactor;
  /** This process's own command line, program first. */
  readonly argv: readonly string[];
  /** Sets the code with which the process ends. */
  exit(code: number): void;
  /**
   * From here on the first Ctrl-C calls `first` and aborts, and the second ends the process at once. With
   * `onHangup` SIGHUP calls that instead.
   */
  interruptible(first: () => void, onHangup?: () => void): Interrupt;
}

export function processContext(): Context {
  const { env, stdout, stderr } = process;
  return {
    out: streamOutput(stdout, env),
    progress: streamOutput(stderr, env),
    env,
    cwd: process.cwd(),
    version: version(),
    redactor: redactor(),
    argv: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    exit: (code) => {
      process.exitCode = code;
    },
    interruptible: (first, onHangup) => onInterrupt(first, () => process.exit(exitCodes.interrupted), onHangup),
  };
}

/** On standard error, a line for each of the message: no control characters, no secrets. */
export function complain(context: Context, message: string): void {
  for (const line of message.split('\n')) {
    context.progress.write(`livekit-doctor: ${printable(context.redactor.text(line), 2000)}\n`);
  }
}

/**
 * Until it is done, or somebody interrupts it: then the code is `interrupted`, once all is closed. `stop` ends what draws
 * on the terminal, in any case.
 */
export async function untilInterrupted(
  context: Context,
  stop: () => void,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = context.interruptible(() => {
    stop();
    context.progress.write('Stopping… (once more: at once)\n');
  });
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return exitCodes.interrupted;
  } finally {
    stop();
    interrupt.dispose();
  }
}
