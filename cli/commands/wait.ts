import { Command, Option } from 'commander';
import { allPaths, depths } from '../../evidence/run.js';
import { reporterNames } from '../../reporters/index.js';
import type { Context } from '../context.js';
import { failOnLevels } from '../exit-code.js';
import { duration, list, more, quietOption, verboseOption } from '../options.js';
import type { ReportFlags } from '../reports.js';
import type { CheckOptions } from './check.js';

export interface WaitOptions
  extends ReportFlags,
    Pick<CheckOptions, 'depth' | 'path' | 'vantage' | 'failOn' | 'config' | 'project'> {
  /** In milliseconds. */
  readonly timeout: number;
}

const help = `
Looks every second until everything that is asked for works, and exits 0 after one whole check that
passes; when the time is over, with what the last check says: 1 fail, 3 inconclusive. What went on
is told on standard error, one line for each change of the reason; the report of the last check goes
to standard output. Several environments: until all of them pass.

Examples:
  livekit-doctor wait staging --timeout 10m
  livekit-doctor wait staging --depth peer --save run.json      # without a browser
  helm upgrade --install livekit … && livekit-doctor wait production --fail-on warning
  LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… livekit-doctor wait wss://livekit.example.com --json`;

export function waitCommand(context: Context): Command {
  return new Command('wait')
    .description('right after a deployment: check until it passes, or until the time is over')
    .argument('[environments...]', 'names from livekit-doctor.yaml, or wss:// URLs')
    .addOption(
      new Option('--timeout <duration>', 'how long at most (90s, 10m)').argParser(duration).default(300_000, '5m'),
    )
    .addOption(new Option('--depth <depth>', 'how deeply to prove each path').choices(depths).default('media'))
    .option('--path <paths>', `only these paths, with commas: ${allPaths.join(',')}`, list)
    .option('--reporter <name[=file]>', `${reporterNames}; repeatable; to standard output without a file`, more)
    .addOption(quietOption())
    .addOption(verboseOption())
    .option('--json', 'the run document on standard output, and nothing else there')
    .option('--save <file>', 'keep the run document of the last check')
    .option('--vantage <name>', 'name of this place; without it: LIVEKIT_DOCTOR_VANTAGE, the host name')
    .addOption(
      new Option('--fail-on <severity>', 'wait until nothing of this severity is left')
        .choices(failOnLevels)
        .default('error'),
    )
    .option('--config <file>', 'instead of the livekit-doctor.yaml here or above')
    .option('--project <name>', "a project of LiveKit's own CLI (lk project list); repeatable", more)
    .addHelpText('after', help)
    .action(async (environments: string[], options: WaitOptions) => {
      if (!options.quiet) context.progress.write(`livekit-doctor ${context.version}\n`);
      const { wait } = await import('../actions/wait.js');
      context.exit(await wait(environments, options, context));
    });
}
