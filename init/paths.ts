/** Which paths are promised: those that work. */
import { offeredPaths } from '../diagnosis/offered.js';
import { proofs } from '../diagnosis/paths.js';
import { list } from '../diagnosis/words.js';
import { allPaths, type EnvironmentRun, layers, type Path } from '../evidence/run.js';
import { because, dateOf, type Line, type Looks, reasons } from './section.js';

const proven = {
  wire: 'an authenticated check came back',
  peer: 'two participants in Node reached each other',
  media: 'two browsers saw and heard each other',
};

/** A path that the deployment offers and that was not proven, with the codes of the findings that say why. */
export interface Unproven {
  readonly path: Path;
  readonly codes: readonly string[];
}

function works({ paths }: EnvironmentRun, path: Path): boolean {
  const { reach, peer, media } = paths[path] ?? {};
  return reach === 'ok' && [peer, media].every((state) => state !== 'failed' && state !== 'unreached');
}

export function unproven(environment: EnvironmentRun): Unproven[] {
  const offered = offeredPaths(environment);
  return allPaths
    .filter((path) => offered.has(path) && !works(environment, path))
    .map((path) => {
      const observations = layers.flatMap((layer) => proofs(environment.observations, path, layer));
      return { path, codes: reasons(environment, observations) };
    });
}

export function pathLines({ first, startedAt }: Looks): Line[] {
  const offered = offeredPaths(first);
  const required = allPaths.filter((path) => offered.has(path) && works(first, path));
  const broken = unproven(first);
  const when = dateOf(startedAt);
  const lines: Line[] = [];
  if (required.length > 0) {
    const says = `Each was proven by itself on ${when}: ${proven[first.asked.depth]}. Where one of them fails, \`check\` fails.`;
    lines.push({ key: 'required', value: required, says });
  }
  if (broken.length > 0) {
    const which = list(broken.map(({ path, codes }) => `${path}${because(codes)}`));
    const says = `Offered, and not working on ${when}: ${which}. Repair it and require it; or say that it does not matter:`;
    lines.push({ key: 'optional', value: broken.map(({ path }) => path), says, doubted: true });
  }
  return lines;
}
