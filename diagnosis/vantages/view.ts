/** What one vantage saw of an environment, and what that proves. */
import { seen } from '../../evidence/facts.js';
import type {
  EnvironmentRun,
  Evidence,
  Finding,
  Layer,
  Observation,
  Path,
  State,
  Vantage,
} from '../../evidence/run.js';
import { allPaths, layers } from '../../evidence/run.js';
import { isIpv6, isPrivate, splitAddress } from '../address.js';
import { advertised, advertisedAddresses, worked } from '../checks.js';
import { type Doubt, diagnoseWithDoubts } from '../diagnose.js';
import { signalAddresses } from '../look.js';
import { natDestinations } from '../nat.js';
import { proofs } from '../paths.js';

export interface Suspect {
  readonly finding: Finding;
  /** Why it alone cannot blame the deployment. */
  readonly doubt: Doubt | undefined;
}

export interface View {
  readonly vantage: Vantage;
  /** Judged by the rules of this version. */
  readonly environment: EnvironmentRun;
  readonly suspects: readonly Suspect[];
  /** It is inside of the deployment's own network: what works from there proves nothing about the way from outside. */
  readonly inside: boolean;
}

/** `ruledOut`: codes that the other vantages exclude. */
export function viewOf(vantage: Vantage, saved: EnvironmentRun, ruledOut?: ReadonlySet<string>): View {
  const { diagnosis, doubts } = diagnoseWithDoubts(saved, ruledOut);
  const suspects = diagnosis.findings.map((finding, i) => ({ finding, doubt: doubts[i] }));
  // It failed a moment before.
  const flapped = saved.confirmation?.outcome === 'flapping' && diagnosis.verdict === 'pass';
  const verdict = flapped ? 'inconclusive' : diagnosis.verdict;
  return { vantage, environment: { ...saved, ...diagnosis, verdict }, suspects, inside: isInside(saved) };
}

/** With what only others can tell: the deployment sees one at a private address, and another at a public one. */
export function withSides(views: readonly View[]): View[] {
  const seenAt = views.map(({ environment: { observations } }) =>
    (['ice-udp', 'ice-tcp'] as const).map((probe) =>
      seen(observations, probe).flatMap(({ facts: { mapped } }) =>
        mapped === undefined ? [] : [isPrivate(splitAddress(mapped).address)],
      ),
    ),
  );
  return views.map((view, i) => {
    const own = seenAt[i] ?? [];
    if (own.flat().includes(false)) return view;
    // By the same protocol: a proxy in front of one of them gives everybody an address of its own.
    const inside = own.some((one, p) => one.length > 0 && seenAt.some((other) => other[p]?.includes(false)));
    return inside ? { ...view, inside } : view;
  });
}

/** Others see it at the deployment's own address, or it reaches the deployment at private ones. */
function isInside(evidence: Evidence): boolean {
  const signal = signalAddresses(evidence);
  const own = [...signal, ...advertisedAddresses(evidence)].filter((address) => !isPrivate(address));
  const throughItsNat = natDestinations(evidence.observations).some(
    ({ mapped }) => mapped !== undefined && own.includes(splitAddress(mapped).address),
  );
  const privately = advertised(evidence).some((check) => worked(check) && isPrivate(check.facts.address));
  return throughItsNat || privately || (signal.length > 0 && signal.every(isPrivate));
}

/** What tells networks apart: the address that others see. Absent: not known, as each machine of a network has its own. */
export function networkOf({ vantage: { mapped, addresses } }: View): string | undefined {
  const outer = mapped.udp ?? mapped.tcp;
  if (outer !== undefined) return splitAddress(outer).address;
  return addresses.find((one) => !isIpv6(one) && !isPrivate(one));
}

export interface Proof {
  readonly path: Path;
  readonly layer: Layer;
}

/** What a finding rests on that did not work, by what it is a proof of; and what else did not. */
export function subjectOf(
  { environment: { observations } }: View,
  { evidence }: Finding,
): {
  readonly proofs: readonly Proof[];
  readonly others: readonly Observation[];
} {
  const named = observations.filter(({ id }) => evidence.includes(id));
  const failed = named.filter(({ state }) => state === 'failed');
  // A warning may rest on what works.
  const looked = failed.length > 0 ? failed : named;
  const found = allPaths.flatMap((path) =>
    layers.filter((layer) => proofs(looked, path, layer).length > 0).map((layer) => ({ path, layer })),
  );
  const media = /^(ice-|turn-|peer$|media$)/;
  return { proofs: found, others: looked.filter(({ probe }) => !media.test(probe)) };
}

export const stateOf = ({ environment: { paths } }: View, { path, layer }: Proof): State | undefined =>
  paths[path]?.forbidden ? undefined : paths[path]?.[layer];

export const nameOf = ({ vantage }: View): string => vantage.name;

export const findingOf = ({ suspects }: View, code: string): Suspect | undefined =>
  suspects.find(({ finding }) => finding.code === code);
