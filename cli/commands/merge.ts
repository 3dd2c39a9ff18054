import { Command, InvalidArgumentError, Option } from 'commander';
import type { Quorum } from '../../evidence/run.js';
import { reporterNames } from '../../reporters/index.js';
import type { Context } from '../context.js';
import { type FailOn, failOnLevels } from '../exit-code.js';
import { duration, more, quietOption, verboseOption } from '../options.js';
import type { ReportFlags } from '../reports.js';
import { ofSaved } from '../saved.js';

export interface MergeOptions extends ReportFlags {
  readonly quorum: Quorum;
  /** In milliseconds. */
  readonly within: number;
  readonly failOn: FailOn;
}

const help = `
Each run is judged anew, and counts for the vantage that it names ("check --vantage NAME"); of several runs of one
vantage the newest counts. What at least a quorum of those sees who can judge it, or what nobody denies, is the
deployment's fault; what fewer see, while the same works from more others, is theirs, and fails nothing. What is as
much denied as seen is undecided. A merged run can be merged again.

Exit codes: 0 pass, 1 fail, 2 a file that cannot be read, 3 inconclusive: too few could judge, or they contradict.

Examples:
  livekit-doctor merge office.json home.json cloud.json
  livekit-doctor merge runs/ --reporter html=report.html
  livekit-doctor merge runs/*.json --quorum 2 --save merged.json
  livekit-doctor merge runs/ --json | jq '.environments[].findings[] | [.code, .seenFrom.blames]'`;

export function mergeCommand(context: Context): Command {
  return new Command('merge')
    .description("one verdict from many vantages: what is the deployment's fault, and what is theirs")
    .argument('<runs...>', 'what "check --save" or "check --json" wrote, or folders with such files')
    .option('--quorum <number>', 'how many must see a fault: a number, "majority", or "any"', quorum, 'majority')
    .addOption(
      new Option('--within <duration>', 'warn where the runs are further apart')
        .argParser(duration)
        .default(900_000, '15m'),
    )
    .option('--reporter <name[=file]>', `${reporterNames}; repeatable`, more)
    .addOption(quietOption())
    .addOption(verboseOption())
    .option('--json', 'the merged run document on standard output, and nothing else there')
    .option('--save <file>', 'keep the merged run document')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on').choices(failOnLevels).default('error'),
    )
    .addHelpText('after', help)
    .action(async (places: string[], options: MergeOptions) => {
      const { merge } = await import('../actions/merge.js');
      context.exit(await ofSaved(places, () => merge(places, options, context)));
    });
}

function quorum(text: string): Quorum {
  if (text === 'majority' || text === 'any') return text;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number of vantages from 1 on, "majority" or "any".');
}
