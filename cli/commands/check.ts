import { Command, Option } from 'commander';
import { allPaths, type Depth, depths, exercises } from '../../evidence/run.js';
import { reporterNames } from '../../reporters/index.js';
import { type Context, insideMark } from '../context.js';
import { type FailOn, failOnLevels } from '../exit-code.js';
import { duration, keepOption, list, more, quietOption, verboseOption } from '../options.js';
import type { ReportFlags } from '../reports.js';

export interface CheckOptions extends ReportFlags {
  readonly depth: Depth;
  readonly path?: string[];
  readonly only?: string[];
  /** In milliseconds. */
  readonly idle?: number;
  /** In milliseconds. */
  readonly natLifetime?: number;
  /** In milliseconds. */
  readonly measure?: number;
  readonly exhaustive?: boolean;
  readonly try?: string[];
  readonly vantage?: string;
  readonly history?: string;
  /** In milliseconds. */
  readonly keep: number;
  readonly baseline?: string;
  readonly confirm?: boolean;
  readonly failOn: FailOn;
  readonly config?: string;
  readonly project?: string[];
}

const help = `
Without an argument: all of the livekit-doctor.yaml here or in a folder above, else LIVEKIT_URL, else
the embedded environment. A URL takes its credentials from LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or
LIVEKIT_TOKEN; several environments are checked at once.

Examples:
  livekit-doctor check
  livekit-doctor check staging production --save run.json
  LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… livekit-doctor check wss://livekit.example.com
  livekit-doctor check --depth wire --path udp,tcp --json
  livekit-doctor check --quiet                  all environments, a line for each
  livekit-doctor check staging --only idle --idle 2m
  livekit-doctor check staging --history runs   what changed since the last good run, where one fails`;

export function checkCommand(context: Context): Command {
  return new Command('check')
    .description('prove every path of a deployment, and name the cause where one is broken')
    .argument('[environments...]', 'names from livekit-doctor.yaml, wss:// URLs, or "embedded"')
    .addOption(new Option('--depth <depth>', 'how deeply to prove each path').choices(depths).default('media'))
    .option('--path <paths>', `only these paths, with commas: ${allPaths.join(',')}`, list)
    .option('--only <probes>', 'only these probes, with commas, and what they need', list)
    .option('--idle <duration>', 'hold an idle connection open as long (90s, 2m), and see whether it is cut', duration)
    .option('--nat-lifetime <duration>', 'see whether a NAT here keeps an idle UDP mapping as long (30s, 2m)', duration)
    .option('--measure <duration>', 'measure loss, round trip and jitter of each path as long (10s, 1m)', duration)
    .option('--exhaustive', 'let participants try the paths, too, that no check of ours could reach')
    .option('--try <exercises>', `in a call that stands, with commas: ${exercises.join(',')}`, list)
    .option('--reporter <name[=file]>', `${reporterNames}; repeatable; to standard output without a file`, more)
    .addOption(quietOption())
    .addOption(verboseOption())
    .option('--json', 'the run document on standard output, and nothing else there')
    .option('--save <file>', 'keep the run document, for "livekit-doctor diagnose"')
    .option('--vantage <name>', 'name of this place; without it: LIVEKIT_DOCTOR_VANTAGE, the host name')
    .option('--history <folder>', 'keep each run there, and say what changed since the last good one')
    .addOption(keepOption())
    .option('--baseline <run.json>', 'say what changed since this run, where something is wrong that was not')
    .option('--confirm', 'check what does not pass again at once: only what fails twice is a failure')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on').choices(failOnLevels).default('error'),
    )
    .option('--config <file>', 'instead of the livekit-doctor.yaml here or above')
    .option('--project <name>', "a project of LiveKit's own CLI (lk project list); repeatable", more)
    .addHelpText('after', help)
    .action(async (environments: string[], options: CheckOptions) => {
      if (context.env[insideMark] === undefined && !options.quiet)
        context.progress.write(`livekit-doctor ${context.version}\n`);
      const { check } = await import('../actions/check.js');
      context.exit(await check(environments, options, context));
    });
}
