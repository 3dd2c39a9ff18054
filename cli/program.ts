import { Command } from 'commander';
import { checkCommand } from './commands/check.js';
import { configCommand } from './commands/config.js';
import { diagnoseCommand } from './commands/diagnose.js';
import { diffCommand } from './commands/diff.js';
import { explainCommand } from './commands/explain.js';
import { initCommand } from './commands/init.js';
import { labCommand } from './commands/lab.js';
import { mergeCommand } from './commands/merge.js';
import { reportCommand } from './commands/report.js';
import { serveCommand, watchCommand } from './commands/serve.js';
import { setupCommand } from './commands/setup.js';
import { waitCommand } from './commands/wait.js';
import type { Context } from './context.js';

const help = `
Exit codes: 0 pass, 1 fail, 2 usage or configuration error, 3 inconclusive, 130 interrupted.
Secrets come from the environment or from livekit-doctor.yaml, never from a flag.`;

const commands = [
  checkCommand,
  waitCommand,
  serveCommand,
  watchCommand,
  configCommand,
  diagnoseCommand,
  diffCommand,
  explainCommand,
  initCommand,
  labCommand,
  mergeCommand,
  reportCommand,
  setupCommand,
];

/** To add a command: one file in `commands/`, one line above. Whatever is heavy is loaded by its action. */
export function program(context: Context): Command {
  const root = new Command('livekit-doctor')
    .description('Can people really meet on this LiveKit, by every path, and if not, which line must change?')
    .version(context.version)
    .addHelpText('after', help);
  for (const command of commands) {
    root.addCommand(command(context));
  }
  for (const command of [root, ...root.commands]) {
    command
      .exitOverride()
      .showHelpAfterError('Try --help.')
      .configureOutput({
        writeOut: (text) => context.out.write(text),
        writeErr: (text) => context.progress.write(text),
        getOutHelpWidth: () => context.out.columns,
        getErrHelpWidth: () => context.progress.columns,
      });
  }
  return root;
}
