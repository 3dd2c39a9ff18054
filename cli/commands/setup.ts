import { Command } from 'commander';
import type { Context } from '../context.js';

export function setupCommand(context: Context): Command {
  return new Command('setup')
    .description('find or get livekit-server and a browser, which the embedded environment and the media layer need')
    .action(async () => {
      const { setup } = await import('../actions/setup.js');
      context.exit(await setup(context));
    });
}
