import { Command } from 'commander';
import type { Context } from '../context.js';
import { ofSaved } from '../saved.js';

export interface DiffOptions {
  readonly history?: string;
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

const help = `
Environments are matched by their names. Rooms, drawn ports and times within their noise are no change, so
that two healthy runs of one environment show none. What changed goes to standard output: nothing, if nothing did.

Exit codes: 0; with --exit-code 1 where a deployment or what was found of it changed (not where only the
place, the claims or livekit-doctor did); 2 for a file that cannot be read.

Examples:
  livekit-doctor diff monday.json today.json
  livekit-doctor diff monday.json today.json --exit-code > /dev/null || echo "something changed"
  livekit-doctor diff --history runs              the last good run of each environment, and the newest
  livekit-doctor diff --history runs today.json   the last good run before it, and this one`;

export function diffCommand(context: Context): Command {
  return new Command('diff')
    .description('what changed between two runs, in the terms of the deployment')
    .argument('[runs...]', 'an earlier and a later run that "check --save" or "check --json" wrote')
    .option('--history <folder>', 'compare with the last good run that "check --history" kept there')
    .option('--json', 'the changes as JSON: about, kind, what, before, after, effect, text')
    .option('--exit-code', 'exit with 1 where a deployment changed')
    .addHelpText('after', help)
    .action(async (runs: string[], options: DiffOptions) => {
      const { diff } = await import('../actions/diff.js');
      context.exit(await ofSaved(runs, () => diff(runs, options, context)));
    });
}
