/**
 * What changed between two runs, in the terms of the deployment: pure. What is new in each run (rooms, identities, ports
 * that were drawn, times within their noise) is no change, so two healthy runs of one environment show none.
 */
import type { Change, EnvironmentRun, Run } from '../../evidence/run.js';
import { agent } from './agent.js';
import { certificates } from './certificates.js';
import type { Compare, Difference } from './change.js';
import { check, tool } from './check.js';
import { figures } from './figures.js';
import { findings } from './findings.js';
import { mediaAddresses } from './media-addresses.js';
import { names } from './names.js';
import { paths } from './paths.js';
import { sentence } from './prose.js';
import { node, server } from './server.js';
import { turn } from './turn.js';
import { vantage } from './vantage.js';

/** In the order in which a connection comes about. */
const ofDeployment: readonly Compare[] = [server, names, certificates, mediaAddresses, turn, agent, figures];
const worstFirst: readonly Change['effect'][] = ['worse', 'neutral', 'better'];

/** Environments are matched by their names. First what each of them is about, then the vantage and livekit-doctor itself. */
export function diffRuns(before: Run, after: Run): Change[] {
  const names = [...new Set([...before.environments, ...after.environments].map(({ name }) => name))];
  const found = names.flatMap((name) => {
    const [was, is] = [before, after].map(({ environments }) => environments.find((one) => one.name === name));
    const changes = was && is ? diffEnvironments(was, is) : [onlyInOne(name, was, is)];
    return changes.map((change) => told(change, name));
  });
  return [...found, ...[...vantage(before, after), ...tool(before, after)].map((change) => told(change))];
}

/** The deployment itself, or what was found of it, is another one: not only who looked, or how. */
export const isOfDeployment = ({ about }: Pick<Change, 'about'>): boolean =>
  about === 'finding' || about === 'deployment';

function diffEnvironments(before: EnvironmentRun, after: EnvironmentRun): Difference[] {
  const judged = [...findings(before, after), ...paths(before, after)];
  const found = [...judged, ...ofDeployment.flatMap((compare) => compared(compare, before, after))];
  // It explains a change, and of itself it is none.
  const whole = found.length > 0 ? [...found, ...compared(node, before, after)] : found;
  return [...whole, ...check(before, after)].sort((a, b) => rank(a) - rank(b));
}

function compared(compare: Compare, before: EnvironmentRun, after: EnvironmentRun): Difference[] {
  try {
    return compare(before, after);
  } catch {
    // A saved run may come from a version whose facts had another shape.
    return [];
  }
}

const rank = ({ about, effect = 'neutral' }: Difference): number =>
  about === 'check' ? worstFirst.length : worstFirst.indexOf(effect);

function onlyInOne(what: string, was?: EnvironmentRun, is?: EnvironmentRun): Difference {
  return { about: 'check', kind: 'environment', what, ...(was && { before: was.url }), ...(is && { after: is.url }) };
}

function told(change: Difference, environment?: string): Change {
  const { about, kind, what, before, after, effect = 'neutral' } = change;
  return {
    ...(environment !== undefined && { environment }),
    about,
    kind,
    what,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    effect,
    text: sentence(change),
  };
}
