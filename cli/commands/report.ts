import { Command } from 'commander';
import { reporterNames } from '../../reporters/index.js';
import type { Context } from '../context.js';
import { more, quietOption, verboseOption } from '../options.js';
import { ofSaved } from '../saved.js';

export interface ReportOptions {
  readonly reporter?: string[];
  readonly history?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const help = `
Several files stand side by side: the same environment from several vantages, or several environments.

Examples:
  livekit-doctor report run.json
  livekit-doctor report run.json --reporter html=report.html
  livekit-doctor report --history runs run.json --reporter html=report.html
  livekit-doctor report office.json home.json --reporter html=report.html`;

export function reportCommand(context: Context): Command {
  return new Command('report')
    .description('show saved runs again, in any format, as they were judged then')
    .argument('<runs...>', 'what "check --save" or "check --json" wrote')
    .option('--reporter <name[=file]>', `${reporterNames}; repeatable; to standard output without a file`, more)
    .option('--history <folder>', 'where "check --history" keeps runs: their course until this one (html shows it)')
    .addOption(quietOption())
    .addOption(verboseOption())
    .addHelpText('after', help)
    .action(async (files: string[], options: ReportOptions) => {
      const { report } = await import('../actions/report.js');
      context.exit(await ofSaved(files, () => report(files, options, context)));
    });
}
