import { Command } from 'commander';
import type { Context } from '../context.js';
import { list } from '../options.js';

export interface LabOptions {
  readonly topology?: string[];
  readonly vantage?: string[];
  readonly json?: boolean;
  readonly record?: string;
  readonly atOnce: string;
}

const help = `
A fault is a code ("tls-certificate-expired"), a code and a way to make it ("tls-certificate-expired/turn"), a
family ("dns"), several at once joined by "+", or "healthy". "list" shows them, "all" makes every one of them on
every topology and prints what came out of each.

Examples:
  livekit-doctor lab list
  livekit-doctor lab tls-certificate-expired
  livekit-doctor lab udp-filtered --topology helm-port-range --vantage symmetric
  livekit-doctor lab dns-wrong-address+turn-credentials-rejected --topology external-turn
  livekit-doctor lab all`;

export function labCommand(context: Context): Command {
  return new Command('lab')
    .description('make a fault for real, in a network of its own on this machine, and check it')
    .argument('<faults...>', '"list", "all", "healthy", or what shall be broken')
    .option('--topology <names>', 'only on these topologies, with commas', list)
    .option('--vantage <names>', 'only from these vantages, with commas', list)
    .option('--json', 'what came out as JSON on standard output, and nothing else there')
    .option('--record <directory>', 'keep the run document of each fault there')
    .option('--at-once <number>', 'labs at the same time', '3')
    .addHelpText('after', help)
    .action(async (faults: string[], options: LabOptions) => {
      const { lab } = await import('../actions/lab.js');
      context.exit(await lab(faults, options, context));
    });
}
