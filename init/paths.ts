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

/** A path that was not proven, though it should be there, with the codes of the findings that say why. */
export interface Unproven {
  readonly path: Path;
  readonly codes: readonly string[];
}

function works({ paths }: EnvironmentRun, path: Path): boolean {
  const { reach, peer, media } = paths[path] ?? {};
  return reach === 'ok' && [peer, media].every((state) => state !== 'failed' && state !== 'unreached');
}

/** What every deployment should offer, and this one does not. */
function notOffered({ findings }: EnvironmentRun): Unproven[] {
  const loud = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
  return allPaths.flatMap((path) => {
    const codes = [`${path}-not-offered`].filter((code) => loud.includes(code));
    return codes.length > 0 ? [{ path, codes }] : [];
  });
}

export function unproven(environment: EnvironmentRun): Unproven[] {
  return [...notOffered(environment), ...broken(environment)];
}

function broken(environment: EnvironmentRun): Unproven[] {
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
  const failed = broken(first);
  const when = dateOf(startedAt);
  const lines: Line[] = [];
  const absent = notOffered(first);
  if (required.length > 0 && absent.length > 0) {
    const why = absent.map(({ path, codes }) => `${path}${because(codes)}`);
    const says = `The server does not offer ${list(why)}, which \`check\` goes on to say as long as nothing is claimed here. If it is meant to be so, this is what works:`;
    lines.push({ key: 'required', value: required, says, doubted: true });
  } else if (required.length > 0) {
    const says = `Each was proven by itself on ${when}: ${proven[first.asked.depth]}. Where one of them fails, \`check\` fails.`;
    lines.push({ key: 'required', value: required, says });
  }
  if (failed.length > 0) {
    const which = list(failed.map(({ path, codes }) => `${path}${because(codes)}`));
    const says = `Offered, and not working on ${when}: ${which}. Repair it and require it; or say that it does not matter:`;
    lines.push({ key: 'optional', value: failed.map(({ path }) => path), says, doubted: true });
  }
  return lines;
}
