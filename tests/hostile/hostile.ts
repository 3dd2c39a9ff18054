/** All cases, several at once; those that failed on a machine that had no time for them once more, alone. */
import { makeCertificate } from '../../fixtures/certificates.js';
import type { HostileCase } from '../../fixtures/hostile/case.js';
import { hostileCases } from '../../fixtures/hostile/index.js';
import { type Attacked, attack, type Certificates, type Numbered } from './attack.js';
import { growthMb, judge, observationsOf, strays, wasStarved } from './judge.js';
import { destinations, prepareWorld } from './world.js';

export interface Result {
  readonly name: string;
  readonly layer: string;
  readonly does: string;
  /** What came out: the first observation of each that is spoken of. */
  readonly came: string;
  readonly why?: string;
  readonly seconds: number;
  readonly growthMb: number;
  /** Of all processes together; absent: nobody looked. */
  readonly inAllMb?: number;
  /** It was tried alone, after something had gone wrong beside others or on a machine that was too busy. */
  readonly again?: true;
  readonly problems: readonly string[];
}

export interface Results {
  readonly all: readonly Result[];
  /** Packets that went where nobody sent them. */
  readonly strays: readonly string[];
  readonly honestMb: number;
  readonly seconds: number;
}

export interface Options {
  /** Absent: all. */
  readonly chosen?: (one: HostileCase) => boolean;
  /** Checks at the same time. */
  readonly atOnce: number;
  /** Cases that are environments of one check; one that goes wrong there is tried once more, alone. */
  readonly together: number;
  onResult?(result: Result): void;
}

/** What says more than one line, or takes more than the others, is looked at alone. */
const isAlone = ({ flags, everyFormat }: HostileCase): boolean => flags !== undefined || everyFormat === true;

function grouped(cases: readonly Numbered[], size: number): Numbered[][] {
  const alone = cases.filter(({ one }) => isAlone(one)).map((one) => [one]);
  const others = cases.filter(({ one }) => !isAlone(one));
  const count = Math.ceil(others.length / size);
  // One of each layer in a group, so that none holds all that stalls.
  const groups = Array.from({ length: count }, (_, at) => others.filter((_one, index) => index % count === at));
  return [...groups, ...alone];
}

/** Inside a namespace of its own. */
export async function runHostile({ chosen = () => true, atOnce, together, onResult }: Options): Promise<Results> {
  prepareWorld();
  const began = performance.now();
  const ca = await makeCertificate({ subject: 'CN=hostile', ca: true });
  const certificates: Certificates = { ca, leaf: await makeCertificate({ names: ['*.hostile.test'], issuer: ca }) };
  const [control, ...others] = hostileCases.map((one, index): Numbered => ({ one, index }));
  if (!control) throw new Error('there is no case');
  const results = new Map<Numbered['index'], Result>();
  const attacks: Attacked[] = [];
  let honestMb = Number.NaN;
  /** Those of which nothing can be said yet: what went wrong may be another's fault, or the machine's. */
  const tryAll = async (several: readonly Numbered[], isLast = false): Promise<Numbered[]> => {
    const attacked = await attack(several, certificates);
    attacks.push(...attacked);
    if (Number.isNaN(honestMb)) honestMb = attacked[0]?.rssMb ?? Number.NaN;
    return attacked.filter((one) => {
      const result = { ...resultOf(one, honestMb), ...(isLast && { again: true as const }) };
      if (result.problems.length > 0 && !isLast && (!one.alone || wasStarved(one))) return true;
      results.set(one.index, result);
      onResult?.(result);
      return false;
    });
  };
  // The honest one first, and alone: it is what the others are compared with.
  await tryAll([control], true);
  const groups = grouped(
    others.filter(({ one }) => chosen(one)),
    together,
  );
  const undecided: Numbered[] = [];
  const inTurns = async (left: Numbered[][], workers: number): Promise<void> => {
    const work = async (): Promise<void> => {
      for (let group = left.shift(); group; group = left.shift()) undecided.push(...(await tryAll(group)));
    };
    await Promise.all(Array.from({ length: workers }, work));
  };
  const hasBrowser = ([first]: Numbered[]): boolean => first?.one.mostInAllMb !== undefined;
  await inTurns(
    groups.filter((group) => !hasBrowser(group)),
    atOnce,
  );
  // A browser needs the machine for itself.
  await inTurns(groups.filter(hasBrowser), 1);
  for (const one of undecided) await tryAll([one], true);
  return {
    all: [...results].sort(([one], [other]) => one - other).map(([, result]) => result),
    strays: strays(attacks, destinations()),
    honestMb,
    seconds: (performance.now() - began) / 1000,
  };
}

function resultOf(attacked: Attacked, honestMb: number): Result {
  const { one, ms } = attacked;
  const came = one.out.map(({ at }) => {
    const found = observationsOf(attacked).find(({ id }) => id.startsWith(at));
    return `${at.replace(/:$/, '')} ${found?.state ?? 'absent'}${found?.failure ? ` (${found.failure.kind})` : ''}`;
  });
  return {
    name: one.name,
    layer: one.layer,
    does: one.does,
    came: came.join(', '),
    ...(one.why && { why: one.why }),
    seconds: Math.round(ms / 100) / 10,
    growthMb: growthMb(attacked, honestMb),
    ...(attacked.inAllMb !== undefined && { inAllMb: attacked.inAllMb }),
    problems: judge(attacked, honestMb, destinations()),
  };
}
