import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.js';
import { keepOption, more } from '../options.js';

export interface ServeOptions {
  readonly listen?: Listen[];
  readonly browsers: number;
  readonly atOnce: number;
  readonly history?: string;
  /** In milliseconds. */
  readonly keep: number;
  readonly vantage?: string;
  readonly verbose?: boolean;
  readonly config?: string;
  readonly project?: string[];
}

export interface Listen {
  /** Empty: every address of this machine. */
  readonly host: string;
  readonly port: number;
}

/** Beside the ports of Prometheus' own exporters (9100 to 9799 are given away, one by one). */
const usualPlace: Listen = { host: '127.0.0.1', port: 9799 };

const how = `
Each environment is checked on the wire every 30 s and with a call every 15 min, unless its "schedule" in
livekit-doctor.yaml says otherwise. What fails is repeated at once: only what a second run confirms counts.
SIGHUP reads the configuration again; one that is wrong changes nothing. SIGTERM and Ctrl-C end it in order.
`;

const serveHelp = `${how}
  /metrics                                  the last result of each check, and how the exporter is
  /probe?environment=staging&depth=wire     a check now, as Prometheus' blackbox exporter does it
  /report?environment=staging&depth=media   its last report; with &format=json its run document
  /                                         all of them, on a page; /healthz and /readyz for Kubernetes

Examples:
  livekit-doctor serve
  livekit-doctor serve staging production --listen 0.0.0.0:9799 --history /var/lib/livekit-doctor`;

const watchHelp = `${how}
A line for each change goes to standard output; --verbose: one for each run, too.

Examples:
  livekit-doctor watch staging
  livekit-doctor watch --history runs --verbose`;

export function serveCommand(context: Context): Command {
  const command = new Command('serve')
    .description('keep checking, and tell Prometheus: /metrics, /probe, a status page')
    .option('--listen <address:port>', 'where to listen (127.0.0.1:9799); repeatable', place);
  return common(command, context, (options) => options.listen ?? [usualPlace]).addHelpText('after', serveHelp);
}

export function watchCommand(context: Context): Command {
  const command = new Command('watch').description('keep checking, and say on the terminal what changes');
  return common(command, context, () => []).addHelpText('after', watchHelp);
}

function common(command: Command, context: Context, places: (options: ServeOptions) => readonly Listen[]): Command {
  return command
    .argument('[environments...]', 'names from livekit-doctor.yaml, or wss:// URLs')
    .option('--browsers <number>', 'calls at a time, each with a browser of its own', count, 1)
    .option('--at-once <number>', 'checks on the wire at a time', count, 8)
    .option('--history <folder>', 'keep the runs there; those that pass are thinned out later')
    .addOption(keepOption())
    .option('--vantage <name>', 'name of this place; without it: LIVEKIT_DOCTOR_VANTAGE, the host name')
    .option('--verbose', 'a line for each run, and not only for what changed')
    .option('--config <file>', 'instead of the livekit-doctor.yaml here or above')
    .option('--project <name>', "a project of LiveKit's own CLI (lk project list); repeatable", more)
    .action(async (environments: string[], options: ServeOptions) => {
      const { keepServing } = await import('../actions/serve.js');
      context.exit(await keepServing(environments, options, places(options), context));
    });
}

const mostAtOnce = 64;

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > mostAtOnce) {
    throw new InvalidArgumentError(`Expected a number from 1 to ${mostAtOnce}.`);
  }
  return number;
}

/** `127.0.0.1:9799`, `[::1]:9799`, `:9799` for every address of this machine. */
function place(text: string, before: Listen[] = []): Listen[] {
  const [, v6, other, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535) {
    throw new InvalidArgumentError('Expected an address and a port, as 127.0.0.1:9799, [::1]:9799 or :9799.');
  }
  return [...before, { host: v6 ?? other ?? '', port: Number(port) }];
}
