/** `npm run fuzz -- [TARGET …]`: damaged messages for everything that takes bytes from strangers. */
import { parseArgs } from 'node:util';
import { type Fuzzed, fuzz } from './fuzz.js';
import { targets } from './targets.js';

const names = Object.keys(targets);
const help = `npm run fuzz -- [TARGET …]

  ${names.join(', ')} (default: all)
      --inputs N   for each of them (default 1000000; what takes milliseconds for one gets a twentieth)
      --seed N     which inputs (default: of the time); what goes wrong with one goes wrong again with it
      --json       instead of the table
`;

/** A connection, a file or a whole report for each input. */
const slow = new Set(['signalling', 'run', 'configuration']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    json: { type: 'boolean', default: false },
  },
});

function row({ target, inputs, accepted, seconds, slowestMs, crash }: Fuzzed): string {
  const share = `${((100 * accepted) / Math.max(1, inputs)).toFixed(1)} % taken`;
  const end = crash ? `✗ input ${crash.input}: ${crash.error.split('\n')[0]} (kept as ${crash.file})` : '✓';
  return `${target.padEnd(14)} ${String(inputs).padStart(8)} inputs  ${share.padEnd(14)} ${seconds.toFixed(0).padStart(5)} s  slowest ${slowestMs.toFixed(1)} ms  ${end}`;
}

async function main(): Promise<number> {
  const strange = positionals.find((name) => !names.includes(name));
  const inputs = Number(values.inputs);
  const seed = Number(values.seed);
  if (values.help || strange !== undefined || !Number.isInteger(inputs) || inputs < 1 || !Number.isInteger(seed)) {
    process[values.help ? 'stdout' : 'stderr'].write(strange ? `there is no target "${strange}"\n\n${help}` : help);
    return values.help ? 0 : 2;
  }
  const all: Fuzzed[] = [];
  process.stderr.write(`seed ${seed}\n`);
  for (const target of positionals.length > 0 ? positionals : names) {
    const fuzzed = await fuzz({ target, seed, inputs: slow.has(target) ? Math.ceil(inputs / 20) : inputs });
    all.push(fuzzed);
    if (!values.json) process.stdout.write(`${row(fuzzed)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, all }, null, 2)}\n`);
  return all.some(({ crash }) => crash) ? 1 : 0;
}

process.exit(await main());
