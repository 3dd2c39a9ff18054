/** How cost grows: many environments at depth wire in one process, and many paths of media at once. */
import { ownCheck, program } from './compare.js';
import type { Share } from './contestants/accounting.js';
import type { OwnCheck } from './contestants/ours.js';
import { openHealthyLab } from './healthy-lab.js';

export interface Scaled {
  readonly environments: number;
  readonly paths: number;
  readonly programMs: number;
  readonly runMs: number;
  /** Of the checking process. */
  readonly cpuMsPerEnvironment: number;
  readonly maxRssMb: number;
  readonly passed: number;
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

function scaled({ environments, paths }: Step, { programMs, runMs, cpuMs, maxRssMb, verdicts }: OwnCheck): Scaled {
  const cpuMsPerEnvironment = cpuMs / environments;
  return { environments, paths, programMs, runMs, cpuMsPerEnvironment, maxRssMb, passed: verdicts.pass ?? 0 };
}

export async function scale(steps: readonly Step[], onProgress: (line: string) => void): Promise<Scaled[]> {
  const sandbox = await openHealthyLab();
  try {
    const made: Scaled[] = [];
    for (const step of steps) {
      const one = scaled(step, await ownCheck(sandbox, step.options, step.environments));
      onProgress(
        `${one.environments} environments, ${step.options.join(' ')}: ${Math.round(one.programMs)} ms, ${one.cpuMsPerEnvironment.toFixed(1)} ms of processor each, ${Math.round(one.maxRssMb)} MB, ${one.passed} pass`,
      );
      made.push(one);
    }
    return made;
  } finally {
    await sandbox.close();
  }
}

/** Of one healthy check at depth media, every process that takes part in it. */
export async function account(): Promise<Share[]> {
  const sandbox = await openHealthyLab();
  try {
    return await program<Share[]>(sandbox, 'accounting', JSON.stringify(['--depth', 'media']));
  } finally {
    await sandbox.close();
  }
}
