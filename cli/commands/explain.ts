import { Command } from 'commander';
import type { Context } from '../context.js';

export function explainCommand(context: Context): Command {
  return new Command('explain')
    .description('what a finding means, how to confirm it by hand, how to fix it')
    .argument('[code]', 'a code from a report; without it: all of them, one line each')
    .action(async (code: string | undefined) => {
      const { explain } = await import('../actions/explain.js');
      await explain(code, context);
    });
}
