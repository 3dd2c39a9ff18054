import { Command, Option } from 'commander';
import { reporterNames } from '../../reporters/index.js';
import type { Context } from '../context.js';
import { type FailOn, failOnLevels } from '../exit-code.js';
import { more, quietOption, verboseOption } from '../options.js';
import type { ReportFlags } from '../reports.js';
import { ofSaved } from '../saved.js';

export interface DiagnoseOptions extends ReportFlags {
  readonly failOn: FailOn;
}

export function diagnoseCommand(context: Context): Command {
  return new Command('diagnose')
    .description('judge a saved run again, with the rules of this version and without a network')
    .argument('<run.json>', 'what "check --save" or "check --json" wrote')
    .option('--reporter <name[=file]>', `${reporterNames}; repeatable`, more)
    .addOption(quietOption())
    .addOption(verboseOption())
    .option('--json', 'the run document on standard output, and nothing else there')
    .option('--save <file>', 'keep the run document with the new findings')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on').choices(failOnLevels).default('error'),
    )
    .action(async (file: string, options: DiagnoseOptions) => {
      const { diagnoseSaved } = await import('../actions/diagnose.js');
      context.exit(await ofSaved([file], () => diagnoseSaved(file, options, context)));
    });
}
