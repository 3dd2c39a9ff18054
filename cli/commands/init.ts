import { Command, Option } from 'commander';
import { usualFile } from '../../environment/discover.js';
import { type Depth, depths } from '../../evidence/run.js';
import type { Context } from '../context.js';

export interface InitOptions {
  readonly output: string;
  readonly name?: string;
  readonly project?: string;
  readonly depth: Depth;
  /** A file. */
  readonly ca?: string;
  readonly add?: boolean;
  readonly force?: boolean;
}

const help = `
Looks at the deployment once, and writes what it saw as claims, with comments, to be corrected. What does not work
now is written as a comment only, and said at the end. Credentials come from LIVEKIT_API_KEY and LIVEKIT_API_SECRET,
or LIVEKIT_TOKEN; the file names these variables, never their values. Nothing is overwritten without --force.

Exit codes: 0 written, and all that the deployment offers works; 1 something is broken: what works was written, and
nothing where nobody could join; 2 usage or configuration error; 3 this machine could not decide; 130 interrupted.

Examples:
  livekit-doctor init wss://livekit.example.com
  livekit-doctor init wss://livekit.example.com --ca ca.pem --name staging
  livekit-doctor init wss://livekit.example.com --add        (beside what ./livekit-doctor.yaml has)
  livekit-doctor init --depth media --output -               (LIVEKIT_URL, to standard output)`;

export function initCommand(context: Context): Command {
  return new Command('init')
    .description('write a first livekit-doctor.yaml by asking the deployment')
    .argument('[url]', 'of the deployment; without it: LIVEKIT_URL')
    .option('--output <file>', 'where to; "-": standard output', usualFile)
    .option('--name <name>', 'of the environment; without it: out of the host name')
    .addOption(new Option('--depth <depth>', 'how deeply to prove what is claimed').choices(depths).default('wire'))
    .option('--project <name>', "instead of a URL: a project of LiveKit's own CLI (lk project list)")
    .option('--ca <file>', 'a private CA, which the environment then names; without it: LIVEKIT_DOCTOR_CA')
    .option('--add', 'as a further environment where the file is there')
    .option('--force', 'in place of a file that is there')
    .addHelpText('after', help)
    .action(async (url: string | undefined, options: InitOptions) => {
      context.progress.write(`livekit-doctor ${context.version}\n`);
      const { init } = await import('../actions/init.js');
      context.exit(await init(url, options, context));
    });
}
