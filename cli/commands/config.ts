import { Command } from 'commander';
import type { Context } from '../context.js';
import { more } from '../options.js';

export interface ConfigOptions {
  readonly config?: string;
  readonly project?: string[];
  readonly json?: boolean;
  readonly schema?: boolean;
}

const help = `
Each value stands beside its line in the file, and the environment or variable that it comes from.
Secrets are masked.

Examples:
  livekit-doctor config
  livekit-doctor config production --json
  livekit-doctor config --schema > livekit-doctor.schema.json   # for your editor`;

export function configCommand(context: Context): Command {
  return new Command('config')
    .description('what the environments come to be made of, without their secrets')
    .argument('[environments...]', 'as for check')
    .option('--config <file>', 'instead of the livekit-doctor.yaml here or above')
    .option('--project <name>', "a project of LiveKit's own CLI (lk project list); repeatable", more)
    .option('--json', 'as JSON')
    .option('--schema', 'the JSON Schema of livekit-doctor.yaml instead')
    .addHelpText('after', help)
    .action(async (environments: string[], options: ConfigOptions) => {
      const { config } = await import('../actions/config.js');
      await config(environments, options, context);
    });
}
