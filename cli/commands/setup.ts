import { Command } from 'commander';
import type { Context } from '../context.js';

export function setupCommand(context: Context): Command {
  return new Command('setup')
    .description('find or get livekit-server and a browser, which the embedded environment and the media layer need')
    .option('--firefox', 'a Firefox too, for environments that list it among their browsers')
    .option('--webkit', 'a WebKit too, which only Playwright has')
    .action(async (options: { firefox?: boolean; webkit?: boolean }) => {
      const { setup } = await import('../actions/setup.js');
      context.exit(await setup(context, options));
    });
}
