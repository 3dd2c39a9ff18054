/** What is wrong with how a check ended that a hostile peer was looked at with. */
import type { LoadFacts } from '../../evidence/facts.js';
import type { Observation } from '../../evidence/run.js';
import { apiSecret, type Expected, icePassword, turnCredential } from '../../fixtures/hostile/case.js';
import { probes } from '../../probes/index.js';
import { secretsIn } from '../secrets.js';
import type { Attacked } from './attack.js';
import type { Sent } from './world.js';

/** A healthy check varies by some of it; garbage is collected when it suits the machine. */
const usualGrowthMb = 80;
/** Beside the tenth that a probe may be late: how late a machine that does nothing else is. */
const lateMs = 1000;
/** A machine on which timers were that late had no time for us. */
const starvedLagMs = 250;
const starvedPressurePercent = 40;
/** Of probes whose deadline depends on what they look at: the longest here. */
const longest = { tokenMs: 5000, claim: { joinWithinMs: 5000 } };

export function observationsOf({ run, place }: Attacked): readonly Observation[] {
  return run?.environments.find(({ name }) => name === place.name)?.observations ?? [];
}

function loadOf(attacked: Attacked): LoadFacts | undefined {
  return observationsOf(attacked).find(({ id }) => id === 'load')?.facts as LoadFacts | undefined;
}

/** Whether what went wrong may be the machine's fault. */
export function wasStarved(attacked: Attacked): boolean {
  const { lagMostMs, cpuPressurePercent = 0 } = loadOf(attacked) ?? { lagMostMs: 0 };
  return lagMostMs > starvedLagMs || cpuPressurePercent > starvedPressurePercent;
}

/** What is wrong, in words; empty: nothing. `honestMb` is what an honest peer's check takes. */
export function judge(attacked: Attacked, honestMb: number, sent: readonly Sent[]): string[] {
  return [
    ...ended(attacked),
    ...inTime(attacked),
    ...attacked.one.out.flatMap((expected) => asExpected(expected, observationsOf(attacked))),
    ...bounded(attacked, honestMb),
    ...clean(attacked),
    ...lured(attacked, sent),
  ];
}

function ended(attacked: Attacked): string[] {
  const { killed, code, run, one, alone, outputs } = attacked;
  if (killed) return ['it did not end'];
  // Where nothing that was promised is missing, all may be well.
  const usual = !alone || one.out.every(({ state }) => state === 'ok') ? [0, 1, 3] : [1, 3];
  const crash = /something went wrong inside|\n +at .+:\d+:\d+/.exec(`${outputs.stderr}${outputs.stdout}`);
  const internal = observationsOf(attacked).filter(({ failure }) => failure?.kind === 'internal');
  return [
    ...(usual.includes(code ?? -1) ? [] : [`exit code ${code}`]),
    ...(run ? [] : [`it left no run document: ${outputs.stderr?.slice(-500)}`]),
    ...(crash ? [`it crashed: ${outputs.stderr?.slice(-800)}`] : []),
    ...internal.map(({ id, failure }) => `${id} ended by an exception: ${failure?.message}`),
  ];
}

function deadlineMs(name: string): number | undefined {
  const deadline = probes.find((probe) => probe.name === name)?.deadlineMs;
  return typeof deadline === 'function' ? deadline({ id: name, ...longest } as never) : deadline;
}

function inTime(attacked: Attacked): string[] {
  const allowedMs = lateMs + 2 * (loadOf(attacked)?.lagMostMs ?? 0);
  return observationsOf(attacked).flatMap(({ id, probe, startMs, endMs, failure }) => {
    const deadline = deadlineMs(probe);
    const took = Math.round(endMs - startMs);
    const late = deadline !== undefined && took > 1.1 * deadline + allowedMs;
    return [
      ...(late ? [`${id} took ${took} ms, its deadline is ${deadline} ms`] : []),
      ...(failure?.kind === 'deadline' ? [`${id} ignored its deadline`] : []),
    ];
  });
}

function asExpected({ at, state, kind, some }: Expected, all: readonly Observation[]): string[] {
  const found = all.filter(({ id }) => id === at || (at.endsWith(':') && id.startsWith(at)) || id.startsWith(`${at}:`));
  const fits = (one: Observation): boolean => one.state === state && (kind === undefined || one.failure?.kind === kind);
  const wanted = `${state}${kind ? ` (${kind})` : ''}`;
  if (found.length === 0) return [`there is no ${at}, which should be ${wanted}`];
  if (some && found.some(fits)) return [];
  return found
    .filter((one) => !fits(one))
    .slice(0, 3)
    .map(({ id, state: was, failure }) => `${id} is ${was} (${failure?.kind}: ${failure?.message}), not ${wanted}`);
}

export function growthMb({ rssMb = Number.NaN }: Attacked, honestMb: number): number {
  return Math.max(0, rssMb - honestMb);
}

function bounded(attacked: Attacked, honestMb: number): string[] {
  const { rssMb, inAllMb, one } = attacked;
  if (rssMb === undefined) return ['it did not live to say how much memory it took'];
  const most = one.mostGrowthMb ?? usualGrowthMb;
  const grew = growthMb(attacked, honestMb);
  const isTooMuch = inAllMb !== undefined && one.mostInAllMb !== undefined && inAllMb > one.mostInAllMb;
  const isUnseen = inAllMb !== undefined && inAllMb < honestMb / 2;
  return [
    ...(grew <= most ? [] : [`it took ${grew} MB more than an honest peer costs; ${most} MB are allowed`]),
    ...(isUnseen ? [`nobody saw what it took: ${inAllMb} MB in all`] : []),
    ...(isTooMuch ? [`all processes took ${inAllMb} MB together; ${one.mostInAllMb} MB are allowed`] : []),
  ];
}

/** Not those of a text of several lines. Those that turn its direction, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
/** What `page.ts` has its peers say, where it would be more than a text: an element, a command to GitHub's runner. */
const marks: readonly (readonly [name: RegExp, mark: RegExp])[] = [
  [/\.(html|svg)$/, /<hostile/i],
  [/^std/, /^::hostile/m],
];

function clean({ outputs, one }: Attacked): string[] {
  const secrets = [apiSecret, turnCredential, icePassword, ...(one.secrets ?? [])];
  return Object.entries(outputs).flatMap(([name, text]) => {
    const at = text.search(controls);
    const raw = marks.flatMap(([where, mark]) => (where.test(name) && mark.test(text) ? [mark] : []));
    const long = text.split('\n').some((line) => line.length > 2000) && /^std/.test(name);
    return [
      ...secretsIn(text, secrets).map((secret) => `${name} holds a secret: ${secret}`),
      ...(at < 0
        ? []
        : [`${name} holds a control character: ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))}`]),
      ...raw.map(
        (mark) =>
          `${name} holds ${mark.source} as the peer wrote it: ${JSON.stringify(text.slice(text.search(mark) - 60).slice(0, 120))}`,
      ),
      ...(long ? [`${name} has a line of more than 2000 characters`] : []),
    ];
  });
}

/** Packets that went where this case lured them to. */
function lured({ one, place }: Attacked, sent: readonly Sent[]): string[] {
  return sent
    .filter(({ address, port }) => address !== place.address && (port === place.lure || one.also?.includes(address)))
    .filter(({ address, packets }) => !one.also?.includes(address) || packets > (one.mostPackets ?? 0))
    .map(({ address, protocol, port, packets }) => `${packets} packets went to ${address} ${protocol} port ${port}`);
}

/** Packets that went where no case is, and none of them lured to. */
export function strays(all: readonly Attacked[], sent: readonly Sent[]): string[] {
  const known = new Set(all.flatMap(({ place, one }) => [place.address, ...(one.also ?? [])]));
  const lures = new Set(all.map(({ place }) => place.lure));
  return sent
    .filter(({ address, port }) => !known.has(address) && !lures.has(port))
    .map(({ address, protocol, port, packets }) => `${packets} packets went to ${address} ${protocol} port ${port}`);
}
