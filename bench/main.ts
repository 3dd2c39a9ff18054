/** `npm run bench -- NAME`: the measurements that the project's claims rest on. Needs the build. */
import { parseArgs } from 'node:util';
import { connectionCheck } from './connection-check.js';
import { kills } from './kills.js';
import { media } from './media.js';
import { performance } from './performance.js';
import { serveForLong } from './serve.js';
import { verdicts } from './verdicts.js';
import { versions } from './versions.js';
import { wire } from './wire.js';

const help = `npm run bench -- [NAME] [OPTION …]

  (none)             everything side by side: this tool, ConnectionCheck, a plain Playwright script and terminal tools,
                     by fault, round-trip time and loss; many environments; the start of the program. Writes
                     docs/performance.md. Takes more than an hour
      --quick        one round of little, in some minutes, and writes nothing
      --rounds N     (default 5)
      --json         instead of the tables
      --resume       goes on where an earlier one was ended
  wire               depth wire against the embedded environment
  media              where the time of a whole check goes, by phase: four paths, two participants each
      --rounds N     (default 5)
      --json         beside the table
  serve              the exporter for a long time: missed slots, memory, files and processes. Writes bench/serve.md
      --minutes N    (default 30; a shorter one writes nothing)
      --environments N  (default 50)
      --every TIME   each is checked on the wire so often (default 10s)
  kills              check and serve, killed at random moments: what they leave. Writes bench/kills.md
      --times N      (default 100; fewer write nothing)
      --seed N       of the random moments
      --only NAME    of wire, peer, media, embedded and serve, and writes nothing (repeatable)
  verdicts           from the start of a check to its verdict, by fault and round-trip time, against the budgets
      --rounds N     each case so often, in turns (default 5)
      --json         instead of the table
  versions           other versions of livekit-server: the whole check, and every fault of the lab. Writes
                     docs/reliability/versions.md
      --only VERSION and writes nothing (repeatable)
      --at-once N    labs at the same time (default 2)
      --resume       goes on where an earlier one was ended
  connection-check   the lab's faults, as livekit-client's ConnectionCheck sees them and as this tool does;
                     writes bench/connection-check.md
      --quick        three faults, and writes nothing
      --only ID      these faults, and writes nothing (repeatable)
      --at-once N    labs at the same time (default 2)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string', default: '30' },
    environments: { type: 'string', default: '50' },
    every: { type: 'string', default: '10s' },
    times: { type: 'string', default: '100' },
    seed: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
  },
});

async function main(): Promise<number> {
  const [name] = positionals;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  switch (name) {
    case undefined:
      return performance({
        quick: values.quick,
        rounds: Number(values.rounds),
        json: values.json,
        resume: values.resume,
      });
    case 'wire':
      return wire();
    case 'media':
      return media({ rounds: Number(values.rounds), json: values.json });
    case 'serve':
      return serveForLong({
        environments: Number(values.environments),
        every: values.every,
        minutes: Number(values.minutes),
      });
    case 'kills':
      return kills({
        times: Number(values.times),
        seed: Number(values.seed ?? Date.now() % 1_000_000),
        only: values.only,
      });
    case 'verdicts':
      return verdicts({ rounds: Number(values.rounds), json: values.json });
    case 'versions':
      return versions({ only: values.only, atOnce: Number(values['at-once']), resume: values.resume });
    case 'connection-check':
      return connectionCheck({ quick: values.quick, only: values.only, atOnce: Number(values['at-once']) });
    default:
      process.stderr.write(`there is no measurement "${name}"\n\n${help}`);
      return 2;
  }
}

process.exit(await main());
