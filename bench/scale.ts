/** How cost grows: many environments at depth wire in one process, and many paths of media at once. */
import { ownCheck, program } from './compare.js';
import type { Share } from './contestants/accounting.js';
import type { OwnCheck } from './contestants/ours.js';
import { openHealthyLab } from './healthy-lab.js';
import type { Rounds } from './rounds.js';
import { type Spread, spread } from './spread.js';

export interface Scaled {
  readonly environments: number;
  readonly paths: number;
  /** From the start of the program to its end. */
  readonly program: Spread;
  /** Of the checking process, for each environment. */
  readonly cpu: Spread;
  /** The most that it had in any round. */
  readonly maxRssMb: number;
  /** Environments of all rounds, and how many of them there were. */
  readonly passed: number;
  readonly of: number;
}

interface Step {
  readonly environments: number;
  readonly paths: number;
  readonly options: readonly string[];
}

const wire = (environments: number): Step => ({ environments, paths: 4, options: ['--depth', 'wire'] });
const media = (environments: number, paths: readonly string[]): Step => ({
  environments,
  paths: paths.length * environments,
  options: ['--depth', 'media', '--path', paths.join(',')],
});
const four = ['udp', 'tcp', 'turn-udp', 'turn-tls'];

export const wireSteps = [1, 10, 100, 1000].map(wire);
export const quickWireSteps = [1, 10, 100].map(wire);
export const mediaSteps = [media(1, ['udp']), media(1, four), media(4, four)];
export const quickMediaSteps = mediaSteps.slice(0, 2);

function scaled({ environments, paths }: Step, rounds: readonly OwnCheck[]): Scaled {
  return {
    environments,
    paths,
    program: spread(rounds.map(({ programMs }) => programMs)),
    cpu: spread(rounds.map(({ cpuMs }) => cpuMs / environments)),
    maxRssMb: Math.max(...rounds.map(({ maxRssMb }) => maxRssMb)),
    passed: rounds.reduce((sum, { verdicts }) => sum + (verdicts.pass ?? 0), 0),
    of: environments * rounds.length,
  };
}

const keyOf = ({ environments, options }: Step): string => `scale: ${environments}, ${options.join(' ')}`;

/** Each step once in each round, in the same lab. */
export async function scale(
  steps: readonly Step[],
  wanted: number,
  rounds: Rounds,
  onProgress: (line: string) => void,
): Promise<Scaled[]> {
  const sandbox = await openHealthyLab();
  try {
    for (let round = 1; round <= wanted; round++) {
      for (const step of steps.filter((one) => rounds.of(keyOf(one)).length < round)) {
        const { environments, options } = step;
        const own = await ownCheck(sandbox, options, environments);
        rounds.add(keyOf(step), own);
        onProgress(
          `round ${round} of ${wanted}: ${environments} environments, ${options.join(' ')}: ${Math.round(own.programMs)} ms, ${(own.cpuMs / environments).toFixed(1)} ms of processor each, ${Math.round(own.maxRssMb)} MB, ${own.verdicts.pass ?? 0} pass`,
        );
      }
    }
    return steps.map((step) => scaled(step, rounds.of<OwnCheck>(keyOf(step))));
  } finally {
    await sandbox.close();
  }
}

/** Of one healthy check at depth media, every process that takes part in it. */
export async function account(rounds: Rounds): Promise<readonly Share[]> {
  const [known] = rounds.of<readonly Share[]>('account');
  if (known) return known;
  const sandbox = await openHealthyLab();
  try {
    const shares = await program<readonly Share[]>(sandbox, 'accounting', JSON.stringify(['--depth', 'media']));
    rounds.add('account', shares);
    return shares;
  } finally {
    await sandbox.close();
  }
}
